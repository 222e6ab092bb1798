// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Core: puts a measuring thread on a core of its own.
///
/// Threads: each for itself.
/// Memory:  none.
/// Cost:    a system call.

#include <cstdint>

namespace tierwall::bench {

/// Cores that this process may use.
std::uint32_t cores();
/// Binds the calling thread to the core that worker `number` measures on: the last one for worker
/// 0, then downwards.
void sit_on_core(std::uint32_t number);

}  // namespace tierwall::bench
