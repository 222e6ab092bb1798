// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Objects: everything that is in force, as the cluster's objects say it.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/admin_network_policy.hpp"
#include "control/kube/cluster.hpp"
#include "control/kube/cluster_network_policy.hpp"
#include "control/kube/mode.hpp"
#include "control/kube/network_policy.hpp"

#include <map>
#include <string>

namespace tierwall::kube {

struct Objects {
    Cluster cluster;
    std::map<std::string, NetworkPolicy> network_policies;                 ///< by "namespace/name"
    std::map<std::string, ClusterNetworkPolicy> cluster_network_policies;  ///< by name
    std::map<std::string, AdminNetworkPolicy> admin_network_policies;      ///< by name
    std::map<std::string, AdminNetworkPolicy> baseline_policies;           ///< by name: "default"
    /// By "Kind/namespace/name": the policies and Namespaces that say one.
    std::map<std::string, Mode> modes;

    /// What the policy denies is let through and counted. Of a NetworkPolicy that does not say, its
    /// Namespace decides.
    bool is_audited(const std::string& path, const std::string& namespace_name) const;
};

}  // namespace tierwall::kube
