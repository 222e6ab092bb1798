// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// network_policy: NetworkPolicy (networking.k8s.io/v1) -> the one model.
///
/// Fills in what the API leaves out: policyTypes, the protocol, the policy's own namespace. An
/// empty list of peers or ports stands for any, as a missing one does. What cannot be understood
/// matches nothing: all rules of this dialect allow.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/kube/network_policy.hpp"
#include "control/policy/policy.hpp"

namespace tierwall::dialect {

policy::Policy translate(const kube::NetworkPolicy& written);

}  // namespace tierwall::dialect
