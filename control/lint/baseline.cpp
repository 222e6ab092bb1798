// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/written_rule.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace tierwall::lint {
namespace {

using ListNumber = std::uint32_t;

/// The policies of the Admin tier that select some pods: surely, and maybe.
struct AdminList {
    PolicyNumbers sure;
    PolicyNumbers maybe;
};

/// For each kind of pod, who is asked before the Baseline tier.
class Before {
public:
    Before(const Scene& scene, Budget& budget);

    /// Does an enforced NetworkPolicy isolate it?
    bool is_isolated(KindNumber kind, base::Direction direction) const {
        return isolated_[static_cast<std::size_t>(direction)][kind];
    }
    ListNumber list_of(KindNumber kind) const { return list_of_[kind]; }
    const AdminList& list(ListNumber number) const { return lists_[number]; }

private:
    std::array<std::vector<bool>, 2> isolated_;
    std::vector<ListNumber> list_of_;
    std::vector<AdminList> lists_;
};

Before::Before(const Scene& scene, Budget& budget) {
    std::map<PolicyNumbers, ListNumber> numbers;
    for (const PodKind& kind : scene.pod_kinds()) {
        budget.spend(1 + 2 * kind.policies.size());
        std::array<bool, 2> isolated{false, false};
        PolicyNumbers admin;
        for (const std::uint32_t number : kind.policies) {
            const policy::Policy& policy = scene.policies()[number];
            if (policy.tier == base::kTierAdmin) admin.push_back(number);
            if (policy.tier != base::kTierNetworkPolicy || policy.audit) continue;
            for (const base::Direction direction : kBothDirections) {
                bool& is = isolated[static_cast<std::size_t>(direction)];
                is = is || isolates(policy, direction);
            }
        }
        for (std::size_t i = 0; i < isolated.size(); ++i) isolated_[i].push_back(isolated[i]);
        const auto number = static_cast<ListNumber>(lists_.size());
        const auto [entry, added] = numbers.try_emplace(admin, number);
        if (added) lists_.push_back({admin, admin});
        list_of_.push_back(entry->second);
    }
}

/// Which rules of the Admin tier end the matter for everything that they match? An Accept or a Deny
/// does, unless a Pass may have left some of it to the tiers behind.
class Final {
public:
    Final(const Work& work, const RuleIndex& index, const AdminList& list);

    /// From now on about traffic to some of the ports of this rule.
    void look_at(const WrittenRule& rule);
    bool counts(RuleNumber number) const;

private:
    bool passes_some_of(RuleNumber number, const WrittenRule& rule) const;
    std::int32_t priority_of(RuleNumber number) const {
        return work_.scene.policies()[index_.rules()[number].policy].priority;
    }

    const Work& work_;
    const RuleIndex& index_;
    const AdminList& list_;
    RuleNumbers passing_;              ///< all that do
    std::optional<RuleNumber> first_;  ///< that passes some of what is looked at
    bool alone_ = true;                ///< no other policy of its priority does
};

Final::Final(const Work& work, const RuleIndex& index, const AdminList& list)
    : work_(work), index_(index), list_(list) {
    for (const std::uint32_t number : list.maybe) {
        const auto [first, end] = index.rules_of(number);
        for (RuleNumber each = first; each < end && work.budget.spend(); ++each) {
            const policy::Rule& rule = *index.rules()[each].rule;
            const bool passes = rule.action == base::Action::Pass && !rule.failed_closed;
            if (passes) passing_.push_back(each);
        }
    }
}

bool Final::passes_some_of(RuleNumber number, const WrittenRule& rule) const {
    const PortSet& own = index_.rules()[number].ports;
    for (RuleNumber part = rule.first; part < rule.end; ++part) {
        const PortSet& ports = index_.rules()[part].ports;
        if (!work_.budget.spend(ports.weight() + own.weight()) || ports.meets(own)) return true;
    }
    return false;
}

void Final::look_at(const WrittenRule& rule) {
    first_.reset();
    alone_ = true;
    for (const RuleNumber each : passing_) {
        if (first_ && priority_of(each) > priority_of(*first_)) return;
        if (!passes_some_of(each, rule)) continue;
        if (!first_) first_ = each;
        alone_ = alone_ && index_.rules()[each].policy == index_.rules()[*first_].policy;
    }
}

bool Final::counts(RuleNumber number) const {
    const IndexedRule& own = index_.rules()[number];
    if (own.rule->action == base::Action::Pass) return false;
    if (work_.scene.policies()[own.policy].audit) return false;
    if (!std::binary_search(list_.sure.begin(), list_.sure.end(), own.policy)) return false;
    if (!first_ || priority_of(number) < priority_of(*first_)) return true;
    // Of policies of one priority any may be asked first.
    return alone_ && own.policy == index_.rules()[*first_].policy && number < *first_;
}

class Baselines {
public:
    explicit Baselines(const Work& work)
        : scene_(work.scene), work_(work), before_(work.scene, work.budget) {}

    void check(std::uint32_t number);

private:
    /// What is left of a policy's subject where isolated pods are taken away.
    struct Rest {
        bool known = false;     ///< there are pods, or none at all were given
        bool isolated = false;  ///< some are
        std::vector<AdminList> lists;
    };
    Rest rest_of(std::uint32_t number, base::Direction direction) const;
    AdminList around(std::uint32_t number) const;
    void check_rules(std::uint32_t number, base::Direction direction, const Rest& rest);
    RuleNumbers decided_before(const RuleIndex& index, const WrittenRule& rule,
                               std::vector<Final>& fronts) const;
    const RuleIndex& index(base::Direction direction);

    const Scene& scene_;
    const Work& work_;
    Before before_;
    std::map<base::Direction, RuleIndex> indexes_;
};

/// Of both tiers: the rules of the Admin tier are the first.
const RuleIndex& Baselines::index(base::Direction direction) {
    const auto known = indexes_.find(direction);
    if (known != indexes_.end()) return known->second;
    PolicyNumbers policies;
    for (std::uint32_t i = 0; i < scene_.policies().size(); ++i) {
        if (scene_.policies()[i].tier != base::kTierNetworkPolicy) policies.push_back(i);
    }
    RuleIndex made(scene_, direction, policies);
    return indexes_.emplace(direction, std::move(made)).first->second;
}

/// Without pods: by what the selectors say of any.
AdminList Baselines::around(std::uint32_t number) const {
    AdminList list;
    const Area& area = scene_.subject_area(number);
    for (std::uint32_t i = 0; i < number; ++i) {
        if (scene_.policies()[i].tier != base::kTierAdmin) continue;
        const Area& other = scene_.subject_area(i);
        if (!work_.budget.spend(2 * area.cost(other))) return {};
        if (area.inside(other)) list.sure.push_back(i);
        if (area.meets(other)) list.maybe.push_back(i);
    }
    return list;
}

Baselines::Rest Baselines::rest_of(std::uint32_t number, base::Direction direction) const {
    const policy::Policy& policy = scene_.policies()[number];
    Rest rest;
    if (!scene_.has_pods()) {
        rest.known = !scene_.subject_area(number).empty();
        rest.lists.push_back(around(number));
        return rest;
    }
    rest.known = scene_.has_live_members(policy.subject);
    std::set<ListNumber> lists;
    for (const KindNumber kind : scene_.members(policy.subject)) {
        if (!work_.budget.spend()) return {};
        if (!scene_.pod_kinds()[kind].live) continue;
        if (before_.is_isolated(kind, direction)) {
            rest.isolated = true;
        } else {
            lists.insert(before_.list_of(kind));
        }
    }
    for (const ListNumber list : lists) {
        const AdminList& own = before_.list(list);
        work_.budget.spend(2 * own.sure.size());
        rest.lists.push_back(own);
    }
    return rest;
}

/// Rules of the Admin tier that decide all that the rule matches, for each of the pods left.
RuleNumbers Baselines::decided_before(const RuleIndex& index, const WrittenRule& rule,
                                      std::vector<Final>& fronts) const {
    const Coverage coverage(scene_, index, work_.budget);
    RuleNumbers all;
    for (Final& front : fronts) {
        front.look_at(rule);
        const auto counts = [&](RuleNumber each) { return front.counts(each); };
        const RuleNumbers by = covering(coverage, index, rule, {0, rule.first, counts});
        if (by.empty() || work_.budget.is_spent()) return {};
        all.insert(all.end(), by.begin(), by.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

void Baselines::check_rules(std::uint32_t number, base::Direction direction, const Rest& rest) {
    const RuleIndex& rules = index(direction);
    std::vector<Final> fronts;
    fronts.reserve(rest.lists.size());
    for (const AdminList& list : rest.lists) fronts.emplace_back(work_, rules, list);
    for (const WrittenRule& rule : written_rules(rules, number)) {
        const RuleNumbers by = decided_before(rules, rule, fronts);
        if (work_.budget.is_spent()) return;
        if (by.empty()) continue;
        add(work_.findings, work_.kind,
            {scene_.policies()[number].path(),
             rule_field(direction, *rules.rules()[rule.first].rule)},
            "never decides: what it matches is decided before by " +
                words_for({scene_, rules, direction, number}, by) +
                (rest.isolated ? ", or NetworkPolicies isolate the pod" : "") +
                "; narrow those, or remove it");
    }
}

void Baselines::check(std::uint32_t number) {
    const policy::Policy& policy = scene_.policies()[number];
    if (policy.tier != base::kTierBaseline) return;
    for (const base::Direction direction : kBothDirections) {
        if (rules_of(policy, direction).empty()) continue;
        const Rest rest = rest_of(number, direction);
        if (!rest.known || work_.budget.is_spent()) continue;
        if (!rest.lists.empty()) {
            check_rules(number, direction, rest);
            continue;
        }
        const bool egress = direction == base::Direction::Egress;
        add(work_.findings, work_.kind, {policy.path(), egress ? "spec.egress" : "spec.ingress"},
            std::string("is never asked: NetworkPolicies isolate every pod that the policy "
                        "selects for ") +
                base::name(direction) +
                ", and that is final; use the Admin tier, or remove the rules");
    }
}

}  // namespace

void check_baseline(const Work& work) {
    Baselines baselines(work);
    each_policy(work, [&](std::uint32_t i) { baselines.check(i); });
}

}  // namespace tierwall::lint
