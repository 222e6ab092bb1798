// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// FragmentTable: the verdicts of first fragments, which later fragments follow.
///
/// A later fragment carries no ports. Matching it on addresses alone could allow what a port rule
/// denies, so it takes the verdict remembered for its first fragment, and is dropped when there is
/// none. The table has a fixed size. When a bucket is full, a denied one's verdict makes room
/// first, then one from the place that has most of the bucket, of the source that has most, the
/// oldest: so nobody pushes out another's with many of his own. A denied one pushes out only
/// denied ones.
///
/// Threads: one worker.
/// Memory:  about 72 KiB, allocated by the constructor.
/// Cost:    one bucket (eight entries) a fragment; nothing for other packets.

#include "dataplane/base/address.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/parse/headers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tierwall::worker {

inline constexpr std::uint32_t kFragmentTimeoutS = 30;
inline constexpr std::size_t kFragmentsMax = 1024;
inline constexpr std::size_t kFragmentWays = 8;

/// What the pieces of one packet have in common. For IPv6 the protocol is left out (0): a first
/// fragment may name an extension header where a later one names the transport.
struct FragmentKey {
    base::Address source;
    base::Address destination;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;
    friend bool operator==(const FragmentKey&, const FragmentKey&) noexcept = default;
};

FragmentKey fragment_key(const parse::Headers& headers) noexcept;

/// A verdict and what it rested on: it holds while neither end has changed since `judged`.
struct FragmentVerdict {
    base::Verdict verdict;
    std::uint32_t source_slot = 0;
    std::uint32_t destination_slot = 0;
    std::uint32_t judged = 0;
    std::uint16_t origin = 0;  ///< later fragments must come in where the first one did
};

class FragmentTable {
public:
    FragmentTable();

    void remember(const FragmentKey& key, const FragmentVerdict& verdict,
                  std::uint32_t now_s) noexcept;
    /// Null when no first fragment was seen within kFragmentTimeoutS.
    const FragmentVerdict* find(const FragmentKey& key, std::uint32_t now_s) const noexcept;
    void clear() noexcept;

    /// Verdicts that were still good when they had to make room, and those that found none.
    const base::Counter& replaced() const noexcept { return replaced_; }

private:
    struct Entry {
        FragmentKey key;
        FragmentVerdict verdict;
        std::uint32_t seen_s = 0;
        bool used = false;
    };
    using Bucket = std::array<Entry, kFragmentWays>;
    static constexpr std::size_t kBuckets = kFragmentsMax / kFragmentWays;
    static std::size_t bucket_of(const FragmentKey& key) noexcept;
    static bool live(const Entry& entry, std::uint32_t now_s) noexcept;
    static Entry* to_replace(Bucket& bucket, const FragmentKey& key, const FragmentVerdict& verdict,
                             std::uint32_t now_s) noexcept;

    std::unique_ptr<std::array<Bucket, kBuckets>> buckets_;
    base::Counter replaced_;
};

}  // namespace tierwall::worker
