// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_cluster_network_policy: a document -> ClusterNetworkPolicy.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/document/reader.hpp"
#include "control/kube/cluster_network_policy.hpp"

namespace tierwall::kube {

/// Reads `spec`; the name is the caller's. Unknown fields are faults: those of a rule, peer or
/// protocol at that element itself, since it is the element that cannot be understood.
ClusterNetworkPolicy decode_cluster_network_policy(const document::Reader& root);

}  // namespace tierwall::kube
