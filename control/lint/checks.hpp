// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// checks: one function per kind of finding; each in a file of its own.
///
/// Threads: any; pure.
/// Memory:  the findings'.
/// Cost:    see each; none goes through pods times policies.

#include "control/lint/finding.hpp"
#include "control/lint/scene.hpp"
#include "control/policy/policy.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tierwall::lint {

using Findings = std::vector<Finding>;

/// Adds a finding about an object's field.
struct Place {
    std::string object;
    std::string field;
};
void add(Findings& findings, const char* kind, Place place, std::string message);

/// "spec.ingress[2]".
std::string rule_field(base::Direction direction, const policy::Rule& rule);
/// "spec.ingress[2].from[0]", or the list where the model does not say which element it was.
std::string peer_field(const policy::Policy& policy, base::Direction direction,
                       const policy::Rule& rule, std::size_t peer);
/// The field that chooses a policy's subject.
std::string subject_field(const policy::Policy& policy);
/// "spec.ingress[2] (Deny)", with the rule's name where it has one.
std::string words_for(base::Direction direction, const policy::Rule& rule,
                      const policy::Policy& policy);

void check_priority_ties(const Scene& scene, Findings& findings);
void check_shadowed_rules(const Scene& scene, Findings& findings);
void check_address_families(const Scene& scene, Findings& findings);
void check_dns(const Scene& scene, Findings& findings);
void check_selectors(const Scene& scene, Findings& findings);
void check_baseline(const Scene& scene, Findings& findings);
void check_named_ports(const Scene& scene, Findings& findings);
void check_split_peers(const Scene& scene, Findings& findings);

}  // namespace tierwall::lint
