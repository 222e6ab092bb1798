// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// network_policies(): NetworkPolicies as teams write them, of mixed kinds and shapes.
///
/// A namespace's first ones isolate it, allow DNS and its own pods; the others open single
/// applications to neighbours, the ingress, monitoring and blocks outside: named ports, numbers and
/// ranges, selectors of every operator, blocks of all lengths with and without exceptions.
///
/// Threads: values.
/// Memory:  the result's, about a kilobyte a policy.
/// Cost:    O(rules).

#include "bench/cluster/population.hpp"
#include "control/kube/network_policy.hpp"

#include <vector>

namespace tierwall::bench {

std::vector<kube::NetworkPolicy> network_policies(const Population& population);

/// Ports of a NetworkPolicy's rules; a rule without ports counts as one.
std::size_t rules(const kube::NetworkPolicy& policy);

/// The policy with another rule more, or without the one that this added: a change that rebuilds
/// what it concerns, and can be taken back. `number` chooses block and port.
kube::NetworkPolicy with_extra_block(const kube::NetworkPolicy& policy, std::uint32_t number);

}  // namespace tierwall::bench
