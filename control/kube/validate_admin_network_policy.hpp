// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// validate_admin_network_policy: what the schemas of AdminNetworkPolicy and
/// BaselineAdminNetworkPolicy demand.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/admin_network_policy.hpp"
#include "control/kube/validate_cluster_policy_peer.hpp"

#include <vector>

namespace tierwall::kube {

/// The field of a problem that is about no field: only one name is allowed for the baseline.
inline constexpr const char* kWholeObject = "<root>";

/// Path and object of the problems are left empty. Warnings: what the schema lets pass but cannot
/// be enforced as written (bad selectors, unknown protocols, domainNames where nothing is allowed)
/// or has no effect (ranges that end before they start).
std::vector<Problem> validate(const AdminNetworkPolicy& policy, Channel channel);

}  // namespace tierwall::kube
