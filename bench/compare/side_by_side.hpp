// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Side by side: base, Tierwall and raw rte_acl on the same packets, under rules of one shape and
/// of many.
///
/// Threads: the main thread, which is bound to a core by then.
/// Memory:  two clusters with their tables and rte_acl contexts.
/// Cost:    a minute.

#include "bench/path/results.hpp"
#include "dataplane/base/result.hpp"

namespace tierwall::bench {

/// Notes "side_by_side". Fails: Io when raw rte_acl and Tierwall's pipeline disagree on a packet,
/// or when a packet of the comparison was not sent on.
base::Status measure_side_by_side(Results& results);

}  // namespace tierwall::bench
