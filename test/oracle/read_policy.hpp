// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the readers of the policy kinds have in common.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/world.hpp"

namespace tierwall::oracle {

Selector read_selector(const Json& object);
/// The API server of the namespaced kind would refuse it; of the cluster-scoped kinds it does not.
bool is_bad(const Selector& selector);

/// ClusterNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy; policy.kind is set.
void read_cluster_policy(const Json& spec, Policy& policy);

}  // namespace tierwall::oracle
