// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/latency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tierwall::tester {

// Below 64 each value has its bucket; above, each power of two has 64.
std::size_t Latency::bucket_of(std::uint64_t ns) noexcept {
    if (ns < kSteps) return static_cast<std::size_t>(ns);
    const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1;
    const unsigned shift = power - kStepBits;
    const std::size_t bucket = (shift + 1) * kSteps + (ns >> shift) - kSteps;
    return std::min(bucket, kBuckets - 1);
}

std::uint64_t Latency::last_of(std::size_t bucket) noexcept {
    if (bucket < kSteps) return bucket;
    const std::size_t shift = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << shift) - 1;
}

void Latency::record(std::uint64_t ns) noexcept {
    ++buckets_[bucket_of(ns)];
    ++count_;
    max_ = std::max(max_, ns);
}

std::uint64_t Latency::at_share(double share) const noexcept {
    const double wanted = std::ceil(share * static_cast<double>(count_));
    const std::uint64_t needed = std::max<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        seen += buckets_[bucket];
        if (seen >= needed) return std::min(last_of(bucket), max_);
    }
    return max_;
}

}  // namespace tierwall::tester
