// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// peak_mb(): the most memory that this process ever had.
///
/// Threads: any.
/// Memory:  none.
/// Cost:    one system call.

#include <sys/resource.h>

namespace tierwall::fuzz {

inline long peak_mb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

}  // namespace tierwall::fuzz
