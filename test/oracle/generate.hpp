// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Random clusters with policies, made to hurt: few labels with empty values and missing keys,
/// overlapping blocks with holes, shared addresses, dead pods, every feature of every kind.
///
/// A Scenario has the form of a case file (`cluster`, `policies`), so a printed one can be kept
/// as a case.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/judge.hpp"
#include "test/oracle/random.hpp"

#include <string>
#include <vector>

namespace tierwall::oracle {

struct Scenario {
    Json cluster;
    Json policies = Json::array();
};

/// A scenario and what became of it, step by step.
using Story = std::vector<Scenario>;

Scenario generate(Random& random);

/// One change such as a cluster sees: a pod, a label, a policy, a node, a name. Says what it did.
std::string mutate(Scenario& scenario, Random& random);

/// Questions near the edges of what the scenario mentions.
std::vector<Probe> probes(const Scenario& scenario, Random& random, std::size_t count);

/// The objects as `kubectl get -o json` would list them.
Json manifests(const Scenario& scenario);

// Texts that `tierwallctl eval` takes.
std::string manifests_text(const Scenario& scenario);  ///< a document an object
std::string names_text(const Scenario& scenario);      ///< for --dns
std::string probe_text(const Probe& probe);            ///< one line for --probes

}  // namespace tierwall::oracle
