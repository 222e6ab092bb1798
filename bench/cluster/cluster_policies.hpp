// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// cluster_policies(): ClusterNetworkPolicies of the Admin and Baseline tiers, as platform teams
/// write them.
///
/// Most are about one team, a few about all namespaces of an environment; rules name namespaces,
/// pods, blocks and nodes, with ports or without. None matches everything at high priority: such a
/// rule would spare a classifier the work that real policies make.
///
/// Threads: values.
/// Memory:  the result's.
/// Cost:    O(rules).

#include "bench/cluster/population.hpp"
#include "control/kube/cluster_network_policy.hpp"

#include <vector>

namespace tierwall::bench {

/// `tier`: "Admin" or "Baseline".
std::vector<kube::ClusterNetworkPolicy> cluster_policies(const Population& population,
                                                         const char* tier, const TierShape& shape);

}  // namespace tierwall::bench
