// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// validate_cluster_network_policy: what the schema of ClusterNetworkPolicy demands.
///
/// The API comes in two channels: the experimental one has more kinds of peers, and one rule more.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/cluster_network_policy.hpp"

#include <vector>

namespace tierwall::kube {

enum class Channel {
    Standard,
    Experimental,
    Any,  ///< whatever one of them accepts: what can be met in a cluster, hence what is enforced
};

/// Path and object of the problems are left empty. Warnings: what the schema lets pass but cannot
/// be enforced as written (bad selectors, domainNames in the wrong place).
std::vector<Problem> validate(const ClusterNetworkPolicy& policy, Channel channel);

}  // namespace tierwall::kube
