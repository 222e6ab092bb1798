// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::lint {

void add(Findings& findings, const char* kind_id, Place place, std::string message) {
    Finding finding;
    finding.rule = kind_id;
    finding.problem.object = std::move(place.object);
    finding.problem.field = std::move(place.field);
    finding.problem.error = kind(kind_id).error;
    finding.problem.message = std::move(message);
    finding.problem.severity = kube::Severity::Warning;
    findings.push_back(std::move(finding));
}

std::string rule_field(base::Direction direction, const policy::Rule& rule) {
    const char* list = direction == base::Direction::Egress ? "spec.egress[" : "spec.ingress[";
    return list + std::to_string(rule.index) + "]";
}

std::string peer_field(const policy::Policy& policy, base::Direction direction,
                       const policy::Rule& rule, std::size_t peer) {
    const bool egress = direction == base::Direction::Egress;
    const std::string list = rule_field(direction, rule) + (egress ? ".to" : ".from");
    // A rule that was written as one and is two in the model has its peers spread over both.
    const auto& rules = rules_of(policy, direction);
    const auto parts = std::count_if(
        rules.begin(), rules.end(), [&rule](const auto& each) { return each.index == rule.index; });
    return parts > 1 ? list : list + "[" + std::to_string(peer) + "]";
}

std::string subject_field(const policy::Policy& policy) {
    return policy.tier == base::kTierNetworkPolicy ? "spec.podSelector" : "spec.subject";
}

std::string words_for(base::Direction direction, const policy::Rule& rule,
                      const policy::Policy& policy) {
    std::string action = base::name(rule.action);
    action.front() = static_cast<char>(action.front() - 'a' + 'A');
    if (action == "Allow" && policy.kind == "ClusterNetworkPolicy") action = "Accept";
    std::string words = rule_field(direction, rule) + " (" + action;
    if (!rule.name.empty()) words += ", \"" + rule.name + "\"";
    return words + ")";
}

}  // namespace tierwall::lint
