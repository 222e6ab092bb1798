// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// judge(): what the API's text says about the first packet of a connection.
///
/// It asks every policy, rule and peer anew for each question and keeps nothing. It shares no code
/// with the compiler or the tables that it is compared with.
///
/// Threads: any; reads only its arguments.
/// Memory:  none kept.
/// Cost:    O(policies x rules x peers) a question.

#include "test/oracle/world.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tierwall::oracle {

struct Probe {
    Ip source;
    Ip destination;
    int protocol = 6;
    int port = 0;
};

/// A policy's path and the index of its rule; -1 is isolation.
using RulePlace = std::pair<std::string, int>;

struct Side {
    bool allow = true;
    std::string tier = "Default";
    /// Any of these may be named as what decided; empty: no rule did.
    std::set<RulePlace> places;
};

struct Judgement {
    bool allow = true;
    Side egress;
    Side ingress;
};

Judgement judge(const World& world, const Probe& probe);

/// The address that stands for "namespace/pod" or an address text; hostNetwork pods are their
/// node's address. Nothing when it has none of the family.
std::optional<Ip> address_of(const World& world, const std::string& end, bool v6);

/// "TCP", "ICMPv6", "47", ...
int protocol_number(const std::string& word);

}  // namespace tierwall::oracle
