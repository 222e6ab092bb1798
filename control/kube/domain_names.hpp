// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// domain_names: where policies speak of domain names, which have no addresses of their own.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(peers).

#include "control/kube/cluster_network_policy.hpp"
#include "control/kube/object.hpp"

#include <vector>

namespace tierwall::kube {

/// A warning for each peer of domain names that is sound: it matches nothing as long as nobody
/// learns names from DNS answers. For everyone who has no such names.
std::vector<Problem> unlearned_names(const ClusterNetworkPolicy& policy);

}  // namespace tierwall::kube
