// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Objects: everything that is in force, as the cluster's objects say it.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/cluster.hpp"
#include "control/kube/cluster_network_policy.hpp"
#include "control/kube/network_policy.hpp"

#include <map>
#include <string>

namespace tierwall::kube {

struct Objects {
    Cluster cluster;
    std::map<std::string, NetworkPolicy> network_policies;                 ///< by "namespace/name"
    std::map<std::string, ClusterNetworkPolicy> cluster_network_policies;  ///< by name
};

}  // namespace tierwall::kube
