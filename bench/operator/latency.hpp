// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Latency: how long packets took, as a histogram whose steps are 1/64 of the value.
///
/// Threads: one.
/// Memory:  24 KB, whatever is recorded.
/// Cost:    about 2 ns a value.

#include <array>
#include <cstddef>
#include <cstdint>

namespace tierwall::tester {

class Latency {
public:
    void record(std::uint64_t ns) noexcept;
    void clear() noexcept { *this = Latency(); }

    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t max() const noexcept { return max_; }
    /// The value that a share of all does not exceed, at most 1.6 % too high; 0 of nothing.
    /// Requires: share 0 to 1.
    std::uint64_t at_share(double share) const noexcept;

private:
    static constexpr unsigned kStepBits = 6;
    static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
    /// Up to 2^48 ns, three days.
    static constexpr std::size_t kBuckets = (48 - kStepBits + 1) * kSteps;
    static std::size_t bucket_of(std::uint64_t ns) noexcept;
    static std::uint64_t last_of(std::size_t bucket) noexcept;

    std::array<std::uint64_t, kBuckets> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace tierwall::tester
