// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// api_versions: both versions of the cluster-scoped policy API in use at once.
///
/// AdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2) are the same thing under two
/// names, and no text says how they go together. They are enforced together, in the order of
/// priority, kind and name, which deserves a warning.
///
/// Threads: any; pure.
/// Memory:  the problem's.
/// Cost:    O(objects) for a list of them, else O(1).

#include "control/kube/objects.hpp"
#include "control/kube/store.hpp"

#include <vector>

namespace tierwall::kube {

/// A warning at the first object of the older version, when both are there.
std::vector<Problem> mixed_versions(const Objects& objects);
std::vector<Problem> mixed_versions(const Contents& objects);

}  // namespace tierwall::kube
