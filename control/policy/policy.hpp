// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Policy: the one model that every dialect is turned into.
///
/// A Policy stands in one tier, selects subjects, and has rules for each direction in written
/// order. Words are the API's own. What a dialect's object leaves out has been filled in by the
/// dialect (defaults), what it gets wrong has been made to fail closed, so that the compiler needs
/// no knowledge of any dialect.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "dataplane/base/address.hpp"
#include "dataplane/base/verdict.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tierwall::policy {

enum class Operator : std::uint8_t { In, NotIn, Exists, DoesNotExist };

/// One requirement on a label. Source of the rules: LabelSelector of the Kubernetes API.
struct Requirement {
    std::string key;
    Operator op = Operator::Exists;
    std::vector<std::string> values;  ///< sorted, without duplicates; empty for (DoesNot)Exist(s)
    friend auto operator<=>(const Requirement&, const Requirement&) = default;
    friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// All requirements must hold; none at all selects everything. matchLabels become In with one
/// value. Requirements are kept sorted so that equal selectors compare equal.
struct Selector {
    std::vector<Requirement> requirements;
    friend auto operator<=>(const Selector&, const Selector&) = default;
    friend bool operator==(const Selector&, const Selector&) = default;
};

/// Pods in namespaces that match, with labels that match. Only live pods with a pod-network
/// address are ever in a PodSet.
struct PodSet {
    std::string namespace_name;  ///< not empty: just this namespace; `namespaces` is ignored
    Selector namespaces;
    Selector pods;
    friend auto operator<=>(const PodSet&, const PodSet&) = default;
    friend bool operator==(const PodSet&, const PodSet&) = default;
};

/// Addresses of nodes (Node.status.addresses) whose labels match.
struct NodeSet {
    Selector nodes;
    friend auto operator<=>(const NodeSet&, const NodeSet&) = default;
    friend bool operator==(const NodeSet&, const NodeSet&) = default;
};

/// Addresses in any of `cidrs` and in none of `except`, whoever has them.
struct NetworkSet {
    std::vector<base::Prefix> cidrs;   ///< sorted, masked
    std::vector<base::Prefix> except;  ///< sorted, masked
    friend auto operator<=>(const NetworkSet&, const NetworkSet&) = default;
    friend bool operator==(const NetworkSet&, const NetworkSet&) = default;
};

/// Addresses that one of these domain names was seen to resolve to. "*.x.org" stands for one or
/// more whole labels before x.org. Lower case, no trailing dot.
struct NameSet {
    std::vector<std::string> names;
    friend auto operator<=>(const NameSet&, const NameSet&) = default;
    friend bool operator==(const NameSet&, const NameSet&) = default;
};

using Peer = std::variant<PodSet, NodeSet, NetworkSet, NameSet>;

/// A destination port condition: a protocol with an inclusive range of numbers, or with a name that
/// each destination pod resolves for itself.
struct Port {
    std::uint8_t protocol = 0;  ///< IANA number: TCP, UDP or SCTP
    std::uint16_t first = 0;
    std::uint16_t last = 65535;
    std::string name;  ///< not empty: a named port, first and last are ignored
    friend auto operator<=>(const Port&, const Port&) = default;
    friend bool operator==(const Port&, const Port&) = default;
};

struct Rule {
    base::Action action = base::Action::Allow;  ///< Allow (Accept), Deny or Pass
    bool any_peer = false;                      ///< every source or destination; `peers` is ignored
    std::vector<Peer> peers;     ///< any of them; empty without any_peer: matches nothing
    std::vector<Port> ports;     ///< any of them; empty: every protocol, with or without ports
    std::uint32_t index = 0;     ///< place in the object's list, 0-based
    std::string name;            ///< the rule's own name, where it has one
    bool failed_closed = false;  ///< stands for a rule that could not be understood
    friend bool operator==(const Rule&, const Rule&) = default;
};

struct Policy {
    std::uint16_t tier = base::kTierNetworkPolicy;  ///< base::TierNumber
    std::int32_t priority = 0;   ///< lower first, within the tier; 0 for NetworkPolicy
    std::string kind;            ///< "NetworkPolicy", "AdminNetworkPolicy" and so on
    std::string namespace_name;  ///< empty for cluster-scoped kinds
    std::string name;
    PodSet subject;
    bool isolates_ingress = false;  ///< NetworkPolicy: policyTypes
    bool isolates_egress = false;
    bool audit = false;         ///< what it denies is let through and counted
    std::vector<Rule> ingress;  ///< peers are sources, ports are the subject's
    std::vector<Rule> egress;   ///< peers are destinations
    friend bool operator==(const Policy&, const Policy&) = default;

    /// "NetworkPolicy/shop/allow-web", "ClusterNetworkPolicy/guard".
    std::string path() const;
};

/// The order in which policies of one tier are asked: priority, kind, namespace, name.
bool asked_before(const Policy& a, const Policy& b);

}  // namespace tierwall::policy
