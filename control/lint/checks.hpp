// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// checks: one function per kind of finding; each in a file of its own.
///
/// Whatever a check compares, it pays for with steps of its budget. One that has spent it says so.
///
/// Threads: any; pure.
/// Memory:  the findings'.
/// Cost:    see each; none goes through pods times policies, nor beyond its budget.

#include "control/lint/budget.hpp"
#include "control/lint/finding.hpp"
#include "control/lint/scene.hpp"
#include "control/policy/policy.hpp"

#include <cstddef>
#include <functional>
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
/// Requires: a rule of the policy's own list.
std::string peer_field(const policy::Policy& policy, base::Direction direction,
                       const policy::Rule& rule, std::size_t peer);
/// The field that chooses a policy's subject.
std::string subject_field(const policy::Policy& policy);
/// "spec.ingress[2] (Deny)", with the rule's name where it has one.
std::string words_for(base::Direction direction, const policy::Rule& rule,
                      const policy::Policy& policy);

/// What a check works with.
struct Work {
    const Scene& scene;
    const char* kind;  ///< of its findings
    Budget& budget;
    Findings& findings;
};
/// Says that from this object on the check has not been done in full.
void give_up(const Work& work, const std::string& object);
/// Looks at each policy, in the order in which they are asked, until the budget is spent. What the
/// last one brought may be wrong then, and is dropped.
void each_policy(const Work& work, const std::function<void(std::uint32_t)>& look);

void check_priority_ties(const Work& work);
void check_shadowed_rules(const Work& work);
void check_address_families(const Work& work);
void check_dns(const Work& work);
void check_selectors(const Work& work);
void check_baseline(const Work& work);
void check_named_ports(const Work& work);
void check_split_peers(const Work& work);

}  // namespace tierwall::lint
