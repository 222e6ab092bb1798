// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/coverage.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace tierwall::lint {
namespace {

/// Rules asked before one rule that are compared with it; of a rule behind more nothing is said.
constexpr std::size_t kEarlierRulesMax = 4096;
/// Names in one message.
constexpr std::size_t kNamedMax = 3;

using Rules = std::vector<policy::Rule>;

/// One after the other, each rule as the author wrote it: one or more rules of the model.
std::vector<RulePlace> parts_at(const policy::Policy& policy, const Rules& rules,
                                std::uint32_t index) {
    std::vector<RulePlace> parts;
    for (const policy::Rule& rule : rules) {
        if (rule.index == index) parts.push_back({&policy, &rule});
    }
    return parts;
}

std::string names_of(const std::vector<RulePlace>& by, const policy::Policy& own,
                     base::Direction direction) {
    std::set<std::string> seen;
    std::string text;
    for (const RulePlace& each : by) {
        std::string name = words_for(direction, *each.rule, *each.policy);
        if (each.policy != &own) name = each.policy->path() + " " + name;
        if (!seen.insert(name).second || seen.size() > kNamedMax) continue;
        text += (text.empty() ? "" : ", ") + name;
    }
    if (seen.size() > kNamedMax) {
        text += " and " + std::to_string(seen.size() - kNamedMax) + " more";
    }
    return text;
}

class Shadows {
public:
    Shadows(const Scene& scene, Findings& findings)
        : scene_(scene), coverage_(scene), findings_(findings) {}

    void check(std::uint32_t number);

private:
    PolicyNumbers asked_before(std::uint32_t number) const;
    std::vector<RulePlace> covered(const std::vector<RulePlace>& parts,
                                   const std::vector<RulePlace>& by) const;
    void check_in_order(const policy::Policy& policy, base::Direction direction,
                        const PolicyNumbers& before);
    void check_unordered(const policy::Policy& policy, base::Direction direction);

    const Scene& scene_;
    Coverage coverage_;
    Findings& findings_;
};

/// Policies of the tier that every implementation asks first, for all pods of this subject.
PolicyNumbers Shadows::asked_before(std::uint32_t number) const {
    const policy::Policy& own = scene_.policies()[number];
    const Area& area = scene_.subject_area(number);
    if (area.empty()) return {};
    // Whoever holds the whole subject holds one pod of it: those few are found by the index.
    const Area::Example example = area.example(area);
    const auto name = example.namespace_labels.find(kNameLabel);
    const std::string space = name == example.namespace_labels.end() ? "" : name->second;
    PolicyNumbers numbers = scene_.selecting({space, example.namespace_labels, example.labels});
    std::erase_if(numbers, [&](std::uint32_t each) {
        const policy::Policy& other = scene_.policies()[each];
        return other.tier != own.tier || other.priority >= own.priority || other.audit ||
               !area.inside(scene_.subject_area(each));
    });
    return numbers;
}

std::vector<RulePlace> Shadows::covered(const std::vector<RulePlace>& parts,
                                        const std::vector<RulePlace>& by) const {
    std::vector<RulePlace> all;
    for (const RulePlace& part : parts) {
        if (part.rule->failed_closed) return {};
        const std::vector<RulePlace> found = coverage_.of(*part.rule, by);
        if (found.empty()) return {};
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

void Shadows::check_in_order(const policy::Policy& policy, base::Direction direction,
                             const PolicyNumbers& before) {
    std::vector<RulePlace> earlier;
    const auto take = [&earlier](const std::vector<RulePlace>& rules) {
        std::copy_if(rules.begin(), rules.end(), std::back_inserter(earlier),
                     [](const RulePlace& each) { return !each.rule->failed_closed; });
    };
    for (const std::uint32_t number : before) {
        const policy::Policy& other = scene_.policies()[number];
        for (const policy::Rule& rule : rules_of(other, direction)) take({{&other, &rule}});
    }
    const Rules& rules = rules_of(policy, direction);
    const std::uint32_t count = rules.empty() ? 0 : rules.back().index + 1;
    for (std::uint32_t index = 0; index < count; ++index) {
        if (earlier.size() > kEarlierRulesMax) return;
        const std::vector<RulePlace> parts = parts_at(policy, rules, index);
        const std::vector<RulePlace> by = covered(parts, earlier);
        if (!by.empty()) {
            add(findings_, "rule-shadowed",
                {policy.path(), rule_field(direction, *parts.front().rule)},
                "never decides: what it matches is matched before by " +
                    names_of(by, policy, direction) +
                    "; ask it earlier, narrow those, or remove it");
        }
        take(parts);
    }
}

/// Rules of a NetworkPolicy only allow and have no order: one is of no use beside a wider one.
void Shadows::check_unordered(const policy::Policy& policy, base::Direction direction) {
    const Rules& rules = rules_of(policy, direction);
    if (rules.size() > kEarlierRulesMax) return;
    std::vector<RulePlace> others;
    for (const policy::Rule& rule : rules) {
        if (!rule.failed_closed) others.push_back({&policy, &rule});
    }
    // From the last on, so that of two that are equal the second is of no use.
    for (auto own = rules.rbegin(); own != rules.rend(); ++own) {
        const auto is_own = [own](const RulePlace& each) { return each.rule == &*own; };
        const auto place = std::find_if(others.begin(), others.end(), is_own);
        if (place == others.end()) continue;
        others.erase(place);
        const std::vector<RulePlace> by = covered({{&policy, &*own}}, others);
        if (by.empty()) {
            others.push_back({&policy, &*own});
            continue;
        }
        add(findings_, "rule-shadowed", {policy.path(), rule_field(direction, *own)},
            "allows nothing that is not allowed by " + names_of(by, policy, direction) +
                " too; narrow that, or remove this one");
    }
}

void Shadows::check(std::uint32_t number) {
    const policy::Policy& policy = scene_.policies()[number];
    if (policy.audit) return;
    const bool in_order = policy.tier != base::kTierNetworkPolicy;
    const PolicyNumbers before = in_order ? asked_before(number) : PolicyNumbers{};
    for (const base::Direction direction : kBothDirections) {
        if (in_order) {
            check_in_order(policy, direction, before);
        } else {
            check_unordered(policy, direction);
        }
    }
}

}  // namespace

void check_shadowed_rules(const Scene& scene, Findings& findings) {
    Shadows shadows(scene, findings);
    for (std::uint32_t i = 0; i < scene.policies().size(); ++i) shadows.check(i);
}

}  // namespace tierwall::lint
