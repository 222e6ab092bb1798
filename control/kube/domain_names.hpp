// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// domain_names: where policies speak of domain names, which have no addresses of their own.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(peers).

#include "control/kube/object.hpp"
#include "control/kube/objects.hpp"

#include <vector>

namespace tierwall::kube {

/// A warning for each peer of domain names that is sound: it matches nothing as long as nobody
/// learns names from DNS answers. For everyone who has no such names.
std::vector<Problem> unlearned_names(const ClusterNetworkPolicy& policy);
std::vector<Problem> unlearned_names(const AdminNetworkPolicy& policy);
/// In all policies.
std::vector<Problem> unlearned_names(const Objects& objects);

}  // namespace tierwall::kube
