// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Measures of the packet path: each function measures some keys, if any of them is wanted.
///
/// Threads: the main thread, which is bound to a core by then.
/// Memory:  what it measures with, gone when it returns.
/// Cost:    seconds to minutes each.

#include "bench/path/results.hpp"
#include "dataplane/base/result.hpp"

namespace tierwall::bench {

/// established_64k_ratio, established_1m_ratio, established_10m_over_64k, bytes_per_flow,
/// allocations_per_packet; curves by flows and by packet size.
base::Status measure_established(Results& results);
/// rules_100k_over_100, new_flows_100k_over_100; a curve by rules.
base::Status measure_rules(Results& results);
/// new_flows_ratio.
base::Status measure_new_flows(Results& results);
/// second_worker_ratio; a curve by workers.
base::Status measure_second_worker(Results& results);

}  // namespace tierwall::bench
