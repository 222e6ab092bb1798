// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// file_time: a file's time as one number.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    O(1).

#include <cstdint>
#include <ctime>

namespace tierwall::kube {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// Since the epoch of the time given.
inline std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

}  // namespace tierwall::kube
