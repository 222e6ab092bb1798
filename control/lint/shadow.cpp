// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/written_rule.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tierwall::lint {
namespace {

using Sets = std::vector<SetNumber>;

class Shadows {
public:
    explicit Shadows(const Work& work)
        : scene_(work.scene), findings_(work.findings), budget_(work.budget) {}

    void check(std::uint32_t number);

private:
    const RuleIndex& tier_index(std::uint16_t tier, base::Direction direction);
    const Sets& holders(SetNumber subject);
    void check_in_order(std::uint32_t number, base::Direction direction);
    void check_unordered(std::uint32_t number, base::Direction direction);
    void report(std::uint32_t number, const std::string& field, std::string message);

    const Scene& scene_;
    Findings& findings_;
    Budget& budget_;
    std::map<std::pair<std::uint16_t, base::Direction>, RuleIndex> tiers_;
    std::map<SetNumber, Sets> holders_;  ///< of each subject asked for
};

const RuleIndex& Shadows::tier_index(std::uint16_t tier, base::Direction direction) {
    const auto known = tiers_.find({tier, direction});
    if (known != tiers_.end()) return known->second;
    PolicyNumbers policies;
    for (std::uint32_t i = 0; i < scene_.policies().size(); ++i) {
        const policy::Policy& policy = scene_.policies()[i];
        if (policy.tier == tier && !policy.audit) policies.push_back(i);
    }
    RuleIndex index(scene_, direction, policies);
    return tiers_.emplace(std::pair{tier, direction}, std::move(index)).first->second;
}

/// The subjects that hold all pods of this one.
const Sets& Shadows::holders(SetNumber subject) {
    const auto [entry, added] = holders_.try_emplace(subject);
    Sets& sets = entry->second;
    const Area& area = scene_.sets().area(subject);
    if (!added || area.empty()) return sets;
    for (const SetNumber set : scene_.sets().around(subject, budget_)) {
        if (scene_.with_subject(set).empty()) continue;
        const Area& other = scene_.sets().area(set);
        if (!budget_.spend(area.cost(other))) break;
        if (area.inside(other)) sets.push_back(set);
    }
    return sets;
}

void Shadows::report(std::uint32_t number, const std::string& field, std::string message) {
    add(findings_, "rule-shadowed", {scene_.policies()[number].path(), field}, std::move(message));
}

/// Rules before it count, of its policy and of policies of the tier that every implementation asks
/// first, for all pods of this subject.
void Shadows::check_in_order(std::uint32_t number, base::Direction direction) {
    const policy::Policy& own = scene_.policies()[number];
    if (rules_of(own, direction).empty()) return;
    const RuleIndex& index = tier_index(own.tier, direction);
    const Sets& around = holders(scene_.subject(number));
    const Coverage coverage(scene_, index, budget_);
    for (const WrittenRule& rule : written_rules(index, number)) {
        const auto is_before = [&](RuleNumber each) {
            const std::uint32_t other = index.rules()[each].policy;
            if (other >= number) return other == number && each < rule.first;
            return scene_.policies()[other].priority < own.priority &&
                   std::binary_search(around.begin(), around.end(), scene_.subject(other));
        };
        const RuleNumbers by = covering(coverage, index, rule, {0, rule.first, is_before});
        if (budget_.is_spent()) return;
        if (by.empty()) continue;
        report(number, rule_field(direction, *index.rules()[rule.first].rule),
               "never decides: what it matches is matched before by " +
                   words_for({scene_, index, direction, number}, by) +
                   "; ask it earlier, narrow those, or remove it");
    }
}

/// Rules of a NetworkPolicy only allow and have no order: one is of no use beside a wider one.
void Shadows::check_unordered(std::uint32_t number, base::Direction direction) {
    if (rules_of(scene_.policies()[number], direction).size() < 2) return;
    const RuleIndex index(scene_, direction, {number});
    std::vector<bool> useless(index.rules().size());
    // From the last on, so that of two that are equal the second is of no use.
    const auto end = static_cast<RuleNumber>(useless.size());
    const Coverage coverage(scene_, index, budget_);
    for (RuleNumber own = end; own-- > 0;) {
        const auto counts = [&](RuleNumber each) { return each != own && !useless[each]; };
        const RuleNumbers by = covering(coverage, index, {own, own + 1}, {0, end, counts});
        if (budget_.is_spent()) return;
        if (by.empty()) continue;
        useless[own] = true;
        report(number, rule_field(direction, *index.rules()[own].rule),
               "allows nothing that is not allowed by " +
                   words_for({scene_, index, direction, number}, by) +
                   " too; narrow that, or remove this one");
    }
}

void Shadows::check(std::uint32_t number) {
    const policy::Policy& policy = scene_.policies()[number];
    if (policy.audit) return;
    for (const base::Direction direction : kBothDirections) {
        if (policy.tier != base::kTierNetworkPolicy) {
            check_in_order(number, direction);
        } else {
            check_unordered(number, direction);
        }
    }
}

}  // namespace

void check_shadowed_rules(const Work& work) {
    Shadows shadows(work);
    each_policy(work, [&shadows](std::uint32_t number) { shadows.check(number); });
}

}  // namespace tierwall::lint
