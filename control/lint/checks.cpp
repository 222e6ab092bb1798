// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

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

void give_up(const Work& work, const std::string& object) {
    add(work.findings, "not-fully-checked", {object, "<root>"},
        std::string(work.kind) +
            " has not been looked for in full from this object on, in the order in which policies "
            "are asked: there is more to compare than lint has steps for; look at fewer objects "
            "at once");
}

void each_policy(const Work& work, const std::function<void(std::uint32_t)>& look) {
    const std::vector<policy::Policy>& policies = work.scene.policies();
    for (std::uint32_t i = 0; i < policies.size(); ++i) {
        const std::size_t before = work.findings.size();
        work.budget.spend();
        look(i);
        if (!work.budget.is_spent()) continue;
        work.findings.erase(work.findings.begin() + static_cast<std::ptrdiff_t>(before),
                            work.findings.end());
        give_up(work, policies[i].path());
        return;
    }
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
    const std::vector<policy::Rule>& rules = rules_of(policy, direction);
    const bool has_one_before = &rule != &rules.front() && (&rule)[-1].index == rule.index;
    const bool has_one_after = &rule != &rules.back() && (&rule)[1].index == rule.index;
    return has_one_before || has_one_after ? list : list + "[" + std::to_string(peer) + "]";
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
