// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// cluster_network_policy: ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2) -> the one
/// model.
///
/// A rule that is not understood in full fails closed as a whole: Accept matches nothing, Deny and
/// Pass deny everything at their place in the order.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/kube/cluster_network_policy.hpp"
#include "control/policy/policy.hpp"

#include <vector>

namespace tierwall::dialect {

/// Adds a problem for each rule that fails closed for a reason that validation lets pass.
policy::Policy translate(const kube::ClusterNetworkPolicy& written,
                         std::vector<kube::Problem>& problems);

}  // namespace tierwall::dialect
