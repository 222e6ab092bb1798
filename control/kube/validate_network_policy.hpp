// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// validate_network_policy: what the API server checks before it stores a NetworkPolicy.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/network_policy.hpp"

#include <vector>

namespace tierwall::kube {

/// Path and object of the problems are left empty. Warnings: CIDRs with host bits or leading
/// zeros, which old objects may keep, and rules that policyTypes leaves without effect.
std::vector<Problem> validate(const NetworkPolicy& policy);

}  // namespace tierwall::kube
