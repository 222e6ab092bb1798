// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Clock: the time that workers share, from the CPU's time stamp counter; it never goes back.
///
/// Threads: any.
/// Memory:  two words.
/// Cost:    about 20 ns, hence read once a loop.

#include <rte_cycles.h>

#include <cstdint>

namespace tierwall::worker {

class Clock {
public:
    /// Starts at 0 now. Requires: EAL started, which measures the counter.
    Clock() : start_(rte_rdtsc()), per_us_(rte_get_tsc_hz() / 1'000'000) {
        if (per_us_ == 0) per_us_ = 1;
    }
    std::uint64_t now_us() const noexcept { return (rte_rdtsc() - start_) / per_us_; }

private:
    std::uint64_t start_;
    std::uint64_t per_us_;
};

}  // namespace tierwall::worker
