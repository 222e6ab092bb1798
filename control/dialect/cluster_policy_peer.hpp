// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// cluster_policy_peer: what the dialects of cluster-scoped policies share: subjects, peers, named
/// ports, and how a rule fails closed.
///
/// A rule that is not understood in full fails closed as a whole: one that allows matches nothing,
/// Deny and Pass deny everything at their place in the order.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/kube/cluster_policy_peer.hpp"
#include "control/policy/policy.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tierwall::dialect {

/// A rule, and where its problems go.
struct RulePlace {
    std::string object;  ///< "ClusterNetworkPolicy/guard"
    std::string field;   ///< "spec.ingress[0]"
    const char* peers = "from";
    const char* ports = "protocols";
    bool names_allowed = false;  ///< incomplete knowledge of names errs on the safe side here
    std::vector<kube::Problem>* problems = nullptr;

    /// An error, below the rule.
    void report(const std::string& below, std::string message) const;
    void warn(const std::string& below, std::string message) const;
};

/// "to[3]".
std::string element(const char* list, std::size_t index);

/// Nothing when it cannot be understood.
std::optional<policy::PodSet> subject(const std::optional<kube::ClusterPolicySubject>& written);

/// False when the rule must fail closed.
bool fill_peers(const std::optional<std::vector<kube::ClusterPolicyPeer>>& written,
                const RulePlace& place, policy::Rule& rule);

/// A name goes with any protocol: each destination pod says which of them it means. False for no
/// name.
bool add_named_port(const std::string& name, std::vector<policy::Port>& ports);

/// What allows then matches nothing, all else denies everything.
void close(policy::Rule& rule);
void close_all(policy::Policy& policy);

/// Networks, nodes and domain names have no port names: a named port never matches them, even where
/// a pod is behind the address. A rule with both is two in one place.
void add_by_ports(policy::Rule rule, std::vector<policy::Rule>& rules);

}  // namespace tierwall::dialect
