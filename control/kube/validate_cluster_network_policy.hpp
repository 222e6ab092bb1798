// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// validate_cluster_network_policy: what the schema of ClusterNetworkPolicy demands.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/cluster_network_policy.hpp"
#include "control/kube/validate_cluster_policy_peer.hpp"

#include <vector>

namespace tierwall::kube {

/// Path and object of the problems are left empty. Warnings: what the schema lets pass but cannot
/// be enforced as written (bad selectors, domainNames in the wrong place).
std::vector<Problem> validate(const ClusterNetworkPolicy& policy, Channel channel);

}  // namespace tierwall::kube
