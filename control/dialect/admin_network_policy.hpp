// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// admin_network_policy: AdminNetworkPolicy and BaselineAdminNetworkPolicy
/// (policy.networking.k8s.io/v1alpha1) -> the one model.
///
/// The first stands in the Admin tier; the second in the Baseline tier, before all others there,
/// since it has no priority. A rule that is not understood in full fails closed as a whole: Allow
/// matches nothing, Deny and Pass deny everything at their place in the order.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/kube/admin_network_policy.hpp"
#include "control/policy/policy.hpp"

#include <vector>

namespace tierwall::dialect {

/// Adds a problem for each rule that fails closed for a reason that validation lets pass, and a
/// warning for each range that matches nothing.
policy::Policy translate(const kube::AdminNetworkPolicy& written,
                         std::vector<kube::Problem>& problems);

}  // namespace tierwall::dialect
