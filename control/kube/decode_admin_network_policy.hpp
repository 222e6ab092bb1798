// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_admin_network_policy: a document -> AdminNetworkPolicy or BaselineAdminNetworkPolicy.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/document/reader.hpp"
#include "control/kube/admin_network_policy.hpp"

namespace tierwall::kube {

/// Reads `spec`; the name is the caller's. Unknown fields are faults: those of a rule, peer or
/// port at that element itself, since it is the element that cannot be understood.
AdminNetworkPolicy decode_admin_network_policy(const document::Reader& root, bool baseline);

}  // namespace tierwall::kube
