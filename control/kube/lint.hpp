// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// lint: what an API server of one channel would say about these objects.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/store.hpp"
#include "control/kube/validate_cluster_policy_peer.hpp"

#include <vector>

namespace tierwall::kube {

/// In the order of the objects. A second object of one name is a Duplicate; both versions of the
/// cluster-scoped policies at once are a warning.
std::vector<Problem> lint(const Contents& objects, Channel channel);

}  // namespace tierwall::kube
