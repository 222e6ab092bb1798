// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// judge(): what the API's text says about the first packet of a connection, and docs/AUDIT.md
/// about policies that are audited.
///
/// It asks every policy, rule and peer anew for each question and keeps nothing. It shares no code
/// with the compiler or the tables that it is compared with.
///
/// Threads: any; reads only its arguments.
/// Memory:  none kept.
/// Cost:    O(policies x rules x peers) a question.

#include "test/oracle/world.hpp"

#include <compare>
#include <optional>
#include <set>
#include <string>

namespace tierwall::oracle {

struct Probe {
    Ip source;
    Ip destination;
    int protocol = 6;
    int port = 0;
    int source_port = 40000;  ///< decides nothing
};

bool has_ports(int protocol);

/// A policy's path, and its rule; -1 is isolation.
struct RulePlace {
    std::string policy;
    int index = -1;
    std::string name;  ///< the rule's own
    friend auto operator<=>(const RulePlace&, const RulePlace&) = default;
};

struct Side {
    bool allow = true;
    std::string tier = "Default";
    /// Any of these may be named as what decided; empty: no rule did.
    std::set<RulePlace> places;
    friend bool operator==(const Side&, const Side&) = default;
};

/// What a direction would say if audited policies were enforced.
struct Denial {
    bool egress = false;
    Side side;
};

struct Judgement {
    bool allow = true;
    Side egress;
    Side ingress;
    /// Only of what is allowed; the egress side's, if both would deny it.
    std::optional<Denial> audit;
};

Judgement judge(const World& world, const Probe& probe);

/// Who has the address: the newest live pod.
const Pod* pod_at(const World& world, const Ip& ip);

/// The address that stands for "namespace/pod" or an address text; hostNetwork pods are their
/// node's address. Nothing when it has none of the family.
std::optional<Ip> address_of(const World& world, const std::string& end, bool v6);

/// "TCP", "ICMPv6", "47", ...
int protocol_number(const std::string& word);

}  // namespace tierwall::oracle
