// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The measures of updates. Each measures its keys, if any of them is wanted.
///
/// Threads: one.
/// Memory:  a Rig's, gone when it returns.
/// Cost:    seconds to minutes each.

#include "bench/cluster/cluster.hpp"
#include "bench/update/figures.hpp"
#include "bench/update/rig.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::bench {

struct Setting {
    Shape shape;
    bool verbose = false;
};

/// A Rig that enforces the whole cluster.
struct Loaded {
    std::unique_ptr<Rig> rig;
    Population population;
    double seconds = 0;  ///< parsed objects -> enforced
    Figures::Json figures;
    double peak_mb = 0;  ///< both processes
};
base::Result<Loaded> load_cluster(const Setting& setting, std::uint32_t flows);

/// full_compile_s, full_compile_mb.
base::Status measure_full_compile(const Setting& setting, Figures& figures);
/// pod_add_p99_ms, policy_change_p50_ms, policy_change_p99_ms, namespace_relabel_p99_ms.
base::Status measure_changes(const Setting& setting, Figures& figures);
/// swap_lost, churn_ratio.
base::Status measure_load(const Setting& setting, Figures& figures);

}  // namespace tierwall::bench
