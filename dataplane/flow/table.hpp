// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Table: one worker's connections, both directions of each found by one lookup.
///
/// The key is the unordered pair of endpoints and the protocol, hashed with random seeds, so that
/// nobody outside can aim at one bucket. In a full table a new flow takes the place of one nearby
/// that has outlived its timeout, else of one that is closed or was never answered, else of one
/// that is closing. Answered flows keep their places; where there is nobody else, the new flow is
/// refused. So whoever fills the table without being answered only displaces his own kind.
///
/// Marks (Flow::is_mark()) never give way early: they stand for a conversation whose other end may
/// go on by itself, and its next packet would open the flow again for both.
///
/// Lookups of a burst name flows by index. An index stays right until a flow is erased, so after
/// insert() or erase() the rest of the burst must ask again where version() has changed.
///
/// Threads: one owner (the worker); view(), size(), bound() and capacity() from anywhere.
/// Memory:  64 bytes a flow and at most 19 bytes of index, all from create().
/// Cost:    find() touches two cache lines a packet, prefetched over the burst; expire() one a
///          flow looked at. Nothing is allocated after create().

#include "dataplane/base/result.hpp"
#include "dataplane/flow/flow.hpp"
#include "dataplane/flow/index.hpp"
#include "dataplane/flow/pages.hpp"
#include "dataplane/flow/timeouts.hpp"
#include "dataplane/parse/headers.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace tierwall::flow {

inline constexpr std::uint32_t kNoFlow = 0xffffffff;
inline constexpr std::uint32_t kFlowsMax = 1u << 28;
/// Packets of a burst that find() works on at a time.
inline constexpr std::size_t kFindMax = 64;
/// A flow judged this many generations ago is marked stale before the numbers can wrap.
inline constexpr std::int32_t kGenerationsMax = 1 << 30;

struct Lookup {
    std::uint64_t hash = 0;  ///< for insert()
    std::uint32_t index = kNoFlow;
    bool reply = false;  ///< the packet runs against the originator's direction
};

/// A copy of a flow for display.
using FlowView = Flow;

class Table {
public:
    /// Fails: Invalid for a timeout or size out of range; Limit when the memory cannot be had.
    static base::Result<std::unique_ptr<Table>> create(std::uint32_t flows_max,
                                                       const Timeouts& timeouts,
                                                       int numa_socket = -1);
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    // The owner.

    /// Says that a tuple will be looked for soon: notes its hash and asks for the line to be read.
    void expect(const parse::Tuple& tuple, Lookup& lookup) const noexcept {
        lookup.hash = hash(tuple);
        __builtin_prefetch(&index_.home(lookup.hash));
    }
    /// What comes next, some time later: notes the flow that has the hash's mark, and asks for its
    /// line.
    void approach(Lookup& lookup) const noexcept {
        const Index::Bucket& bucket = index_.home(lookup.hash);
        const unsigned matches = bucket.match(Index::tag(lookup.hash));
        lookup.index = kNoFlow;
        if (matches == 0) [[unlikely]]
            return;
        lookup.index = bucket.flows[static_cast<unsigned>(std::countr_zero(matches))];
        __builtin_prefetch(&at(lookup.index));
    }
    /// Answers for a burst of tuples that are approached. Requires: equal sizes.
    void find_approached(std::span<const parse::Tuple* const> tuples,
                         std::span<Lookup> lookups) const noexcept;
    /// Answers for a burst. Requires: equal sizes.
    void find(std::span<const parse::Tuple> tuples, std::span<Lookup> lookups) const noexcept;
    Lookup find(const parse::Tuple& tuple) const noexcept;
    /// Asks again for a tuple whose hash is known.
    Lookup find(const parse::Tuple& tuple, std::uint64_t hash) const noexcept;

    /// A new flow in state Single, or kNoFlow when the table is full. May end another flow, see
    /// above: whoever holds its index must ask again. Requires: the tuple is not in the table;
    /// `hash` is its own.
    std::uint32_t insert(const parse::Tuple& originator, std::uint64_t hash,
                         std::uint32_t now_s) noexcept;
    /// Requires: an index that find() or insert() answered.
    Flow& at(std::uint32_t index) noexcept { return flows()[index]; }
    const Flow& at(std::uint32_t index) const noexcept { return flows()[index]; }
    /// Does nothing when there is no such flow.
    void erase(std::uint32_t index) noexcept;
    /// Changes with each insert() and erase().
    std::uint32_t version() const noexcept { return version_; }

    std::uint16_t timeout_s(const Flow& flow) const noexcept {
        return timeouts_[timeout_class(flow.protocol())][static_cast<std::size_t>(flow.state())];
    }
    /// Silent for longer than its timeout: to be treated as if it were not there.
    bool expired(const Flow& flow, std::uint32_t now_s) const noexcept {
        return flow.idle_s(now_s) > timeout_s(flow);
    }
    /// A calm flow that was silent for no longer has not expired, whatever its protocol.
    std::uint16_t calm_idle_max_s() const noexcept { return calm_idle_max_s_; }
    /// Looks at the next `budget` flows and ends those that expired; marks flows stale that were
    /// judged kGenerationsMax or more before `generation`. Answers how many flows ended since the
    /// last call, those that made room for others included. Requires: called at least now and then
    /// with a clock that never goes back; after a gap of kTimeoutMax_s everything ends.
    std::uint32_t expire(std::uint32_t now_s, std::uint32_t budget,
                         std::uint32_t generation) noexcept;
    /// How many flows gave way to others before their time since the last call.
    std::uint32_t take_yielded() noexcept { return std::exchange(yielded_, 0); }
    void clear() noexcept;

    // Anybody.

    std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
    std::uint32_t capacity() const noexcept { return flows_max_; }
    /// No flow has this index or a higher one.
    std::uint32_t bound() const noexcept { return bound_.load(std::memory_order_relaxed); }
    std::size_t bytes_per_flow() const noexcept;
    /// A copy of a flow; nothing when there is none, or when it changes too fast to be read.
    std::optional<FlowView> view(std::uint32_t index) const noexcept;

private:
    static constexpr std::size_t kTimeoutClasses = 5;

    Table(Pages flows, Index index, std::uint32_t flows_max);
    static std::size_t timeout_class(std::uint8_t protocol) noexcept;
    void set_timeouts(const Timeouts& timeouts) noexcept;
    Flow* flows() const noexcept { return static_cast<Flow*>(flow_pages_.data()); }
    std::uint64_t hash(const parse::Tuple& tuple) const noexcept;
    void search(const parse::Tuple& tuple, Lookup& lookup) const noexcept;
    std::uint32_t take_line() noexcept;
    std::uint32_t readiness(const Flow& flow, std::uint32_t now_s) const noexcept;
    bool make_room(std::uint64_t hash, std::uint32_t now_s) noexcept;

    Pages flow_pages_;
    Index index_;
    std::array<std::uint64_t, 6> seeds_{};
    std::array<std::array<std::uint16_t, kStateCount>, kTimeoutClasses> timeouts_{};
    std::uint16_t calm_idle_max_s_ = 0;
    std::uint32_t flows_max_;
    std::uint32_t free_ = kNoFlow;  ///< first of the chain of erased lines
    std::uint32_t cursor_ = 0;      ///< where expire() goes on
    std::uint32_t swept_s_ = 0;     ///< time of the last expire()
    std::uint32_t displaced_ = 0;   ///< expired flows ended by insert() since the last expire()
    std::uint32_t yielded_ = 0;     ///< others ended by insert() since the last take_yielded()
    std::uint32_t version_ = 0;
    std::atomic<std::uint32_t> size_{0};
    std::atomic<std::uint32_t> bound_{0};
};

namespace detail {

/// Both halves of a product: every bit of it depends on every bit of both factors.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace detail

/// The same for both directions: each end is mixed for itself, and the sum and the difference bits
/// of the two do not know their order. Ports go in by a secret product; beside the address bits, a
/// sender with many addresses could make them cancel out.
inline std::uint64_t Table::hash(const parse::Tuple& tuple) const noexcept {
    using detail::mix;
    std::uint64_t source = tuple.source.low();
    std::uint64_t destination = tuple.destination.low();
    // Of an IPv4 address the upper half says nothing.
    if ((tuple.source.high() | tuple.destination.high()) != 0) {
        source = mix(tuple.source.high() ^ seeds_[0], source ^ seeds_[1]);
        destination = mix(tuple.destination.high() ^ seeds_[0], destination ^ seeds_[1]);
    }
    const std::uint64_t a = mix(source ^ seeds_[2], tuple.source_port ^ seeds_[3]);
    const std::uint64_t b = mix(destination ^ seeds_[2], tuple.destination_port ^ seeds_[3]);
    return mix((a + b) ^ seeds_[4], (a ^ b) ^ tuple.protocol ^ seeds_[5]);
}

inline std::size_t Table::timeout_class(std::uint8_t protocol) noexcept {
    switch (protocol) {
        case base::kIpTcp: return 0;
        case base::kIpUdp: return 1;
        case base::kIpIcmp:
        case base::kIpIcmpv6: return 2;
        case base::kIpSctp: return 3;
        default: return 4;
    }
}

}  // namespace tierwall::flow
