// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// EAL: starts and ends DPDK's environment, once in a process.
///
/// DPDK binds the calling thread to one core and starts a thread for every other one; both are
/// undone here, because workers are threads of our own and the caller serves the control plane.
///
/// Threads: boot only, the main thread.
/// Memory:  DPDK's own; the arguments are kept for as long as the process lives.
/// Cost:    about 0.15 s.

#include "dataplane/base/result.hpp"

#include <span>
#include <string>

namespace tierwall::io {

/// Starts DPDK with these arguments (without a program name). Unless they choose cores, one core
/// is named so that no idle threads are started. The caller's CPU affinity is left as it was.
/// Fails: Invalid for an argument that is refused, Limit without memory, Io otherwise. Only a
/// failure that happens before memory is touched allows a second try.
base::Status start_eal(std::span<const std::string> arguments);

/// Ends DPDK. Requires: no worker runs and every object that uses DPDK's memory is gone.
void stop_eal() noexcept;

/// Are free hugepages reserved on this host? Without them --no-huge is the way.
bool hugepages_free();

}  // namespace tierwall::io
