// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Question, and whether a policy selects its subject and a rule matches it.
///
/// Threads: any; pure.
/// Memory:  none kept.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/judge.hpp"

namespace tierwall::oracle {

struct Question {
    const World& world;
    bool egress;
    const Probe& probe;
    const Pod* source;          ///< null: not a pod
    const Pod* destination;     ///< whose port names count
    bool all_enforced = false;  ///< as if no policy were audited

    const Pod& subject() const { return egress ? *source : *destination; }
    const Pod* peer() const { return egress ? destination : source; }
    const Ip& peer_ip() const { return egress ? probe.destination : probe.source; }
    bool errs(Fault fault) const { return world.fault == fault; }
};

bool has(const std::vector<Ip>& ips, const Ip& ip);
/// One that the node lists, or of a host-networked pod there.
bool is_address_of(const World& world, const Node& node, const Ip& ip);
bool selects(const Question& q, const Policy& policy);
bool peer_matches(const Question& q, const Policy& policy, const Peer& peer);
bool rule_matches(const Question& q, const Policy& policy, const Rule& rule);

}  // namespace tierwall::oracle
