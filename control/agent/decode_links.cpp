// SPDX-License-Identifier: Apache-2.0
#include "control/agent/decode_links.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tierwall::agent {
namespace {

using base::Errc;
using base::Error;

/// Few numbers, asked for often.
class Numbers {
public:
    Numbers() = default;
    explicit Numbers(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {
        std::sort(numbers_.begin(), numbers_.end());
    }
    bool empty() const { return numbers_.empty(); }
    bool contains(std::uint32_t number) const {
        if (empty() || number < numbers_.front() || number > numbers_.back()) return false;
        return std::binary_search(numbers_.begin(), numbers_.end(), number);
    }
    auto begin() const { return numbers_.begin(); }
    auto end() const { return numbers_.end(); }

private:
    std::vector<std::uint32_t> numbers_;
};

/// Calls fn(value) for all of a map, or only for what the journal put in.
template <typename Map, typename Fn>
void visit(const Map& map, const Journal<Map>& journal, bool all, Fn&& fn) {
    if (all) {
        for (const auto& [key, value] : map) fn(value);
        return;
    }
    for (const auto& change : journal.changes()) {
        if (const auto* value = journal.now(change)) fn(*value);
    }
}

/// Keys of what was there and is gone, or no longer `alike` to those who refer to it.
template <typename Map, typename Alike>
std::vector<std::uint32_t> suspects(const Journal<Map>& journal, Alike&& alike) {
    std::vector<std::uint32_t> out;
    for (const auto& change : journal.changes()) {
        if (!change.before.has_value()) continue;
        const auto* now = journal.now(change);
        if (now == nullptr || !alike(*change.before, *now)) out.push_back(change.key);
    }
    return out;
}

bool names(const TableFacts& table, const Numbers& policies, const Numbers& rules) {
    for (const auto& [number, group] : table.groups) {
        if (rules.contains(group.isolation_rule)) return true;
        const auto is_suspect = [&](std::uint32_t policy) { return policies.contains(policy); };
        if (std::any_of(group.policies.begin(), group.policies.end(), is_suspect)) return true;
    }
    std::uint32_t good = base::kNoRule;  // neighbouring rows mostly share their rule
    for (const tier::Row& row : table.rows) {
        if (row.rule == good) continue;
        if (rules.contains(row.rule)) return true;
        good = row.rule;
    }
    return false;
}

std::string numbered(const char* what, std::uint32_t number) {
    return std::string(what) + " " + std::to_string(number);
}

class Links {
public:
    Links(const Edit& edit, Problems& problems)
        : edit_(edit), model_(edit.model), problems_(problems) {}

    void check() {
        if (!edit_.tiers.empty()) check_tiers();
        if (!edit_.nodes.empty()) check_node_names();
        visit(model_.addresses, edit_.addresses, edit_.nodes.took_away(),
              [this](const AddressFacts& address) { check_address(address); });
        find_suspects();
        const bool tiers = edit_.tiers.took_away();
        visit(model_.policies, edit_.policies, tiers,
              [this](const PolicyFacts& policy) { check_policy(policy); });
        visit(model_.rules, edit_.rules, tiers,
              [this](const RuleFacts& rule) { check_rule(rule); });
        if (!tiers) check_rules_of_suspects();
        visit(model_.tables, edit_.tables, tiers,
              [this](const auto& table) { check_table(*table); });
        if (!tiers) check_tables_of_suspects();
        check_memberships();
        if (model_.tables.size() > kTablesMax) {
            problems_.add({Errc::Limit, "Table", "more than " + std::to_string(kTablesMax)});
        }
    }

private:
    void find_suspects() {
        const auto alike = [](const PolicyFacts& before, const PolicyFacts& now) {
            return before.tier == now.tier && before.audit == now.audit;
        };
        policies_ = Numbers(suspects(edit_.policies, alike));
        auto rules = suspects(edit_.rules, [](const RuleFacts& before, const RuleFacts& now) {
            return before.policy == now.policy && before.direction == now.direction &&
                   before.isolation == now.isolation;
        });
        for_each_rule_of_suspects([&rules](std::uint32_t rule) { rules.push_back(rule); });
        rules_ = Numbers(std::move(rules));
    }

    template <typename Fn>
    void for_each_rule_of_suspects(Fn&& fn) const {
        for (const std::uint32_t policy : policies_) model_.for_each_rule_of(policy, fn);
    }

    void check_rules_of_suspects() {
        const Numbers checked(edit_.rules.keys());
        for_each_rule_of_suspects([&](std::uint32_t rule) {
            if (!checked.contains(rule)) check_rule(model_.rules.at(rule));
        });
    }

    void check_tables_of_suspects() {
        if (policies_.empty() && rules_.empty()) return;
        std::set<TableKey> checked;
        for (const auto& change : edit_.tables.changes()) checked.insert(change.key);
        for (const auto& [key, table] : model_.tables) {
            if (!checked.contains(key) && names(*table, policies_, rules_)) check_table(*table);
        }
    }

    /// What a membership says is about its own table only.
    void check_memberships() {
        std::set<TableKey> keys;
        for (const auto& change : edit_.memberships.changes()) keys.insert(change.key);
        for (const auto& change : edit_.tables.changes()) keys.insert(change.key);
        for (const TableKey& key : keys) {
            const auto membership = model_.memberships.find(key);
            if (membership != model_.memberships.end()) check_membership(*membership->second);
        }
    }

    void check_tiers() {
        std::unordered_set<std::string> names;
        std::unordered_set<std::uint32_t> audited;
        for (const auto& [number, tier] : model_.tiers) {
            const std::string where = numbered("Tier", number);
            if (!names.insert(tier.name).second) {
                problems_.add({Errc::Duplicate, where, "name " + tier.name});
            }
            if (!tier.audits) continue;
            const std::string other = numbered("tier", *tier.audits);
            const auto enforced = model_.tiers.find(*tier.audits);
            if (enforced == model_.tiers.end()) {
                problems_.add({Errc::NotFound, where, other});
            } else if (enforced->second.audits || enforced->second.kind != tier.kind) {
                problems_.add({Errc::Invalid, where, "cannot audit " + other});
            } else if (!audited.insert(*tier.audits).second) {
                problems_.add({Errc::Duplicate, where, other + " is audited twice"});
            }
        }
    }

    /// Of a table's tier; its own number when that is unknown, which is reported elsewhere.
    std::uint32_t real_tier(const TableFacts& table) const {
        const auto tier = model_.tiers.find(table.key.tier);
        return tier == model_.tiers.end() ? table.key.tier : tier->second.real();
    }

    void check_node_names() {
        std::unordered_set<std::string> names;
        for (const auto& [number, node] : model_.nodes) {
            if (names.insert(node.name).second) continue;
            problems_.add({Errc::Duplicate, numbered("Node", number), "name " + node.name});
        }
    }

    void check_address(const AddressFacts& address) {
        if (address.node != 0) check_node_of(address, address.node);
        if (address.sharing == nullptr) return;
        for (const std::uint32_t node : address.sharing->nodes) check_node_of(address, node);
    }

    void check_node_of(const AddressFacts& address, std::uint32_t node) {
        if (model_.nodes.contains(node)) return;
        problems_.add(
            {Errc::NotFound, "Address " + base::text(address.ip), numbered("node", node)});
    }

    void check_policy(const PolicyFacts& policy) {
        const auto tier = model_.tiers.find(policy.tier);
        const std::string where = numbered("Policy", policy.number);
        if (tier == model_.tiers.end()) {
            problems_.add({Errc::NotFound, where, numbered("tier", policy.tier)});
        } else if (tier->second.audits) {
            problems_.add({Errc::Invalid, where, "is in a tier that is not enforced"});
        }
    }

    void check_rule(const RuleFacts& rule) {
        const std::string where = numbered("Rule", rule.number);
        const auto policy = model_.policies.find(rule.policy);
        if (policy == model_.policies.end()) {
            problems_.add({Errc::NotFound, where, numbered("policy", rule.policy)});
            return;
        }
        const auto tier = model_.tiers.find(policy->second.tier);
        if (tier == model_.tiers.end()) return;  // the policy is reported
        const bool isolating = tier->second.kind == tier::TierKind::Isolating;
        if (rule.isolation && !isolating) {
            problems_.add({Errc::Invalid, where, "isolation in a tier that does not isolate"});
        }
        if (isolating && !rule.isolation && rule.action != base::Action::Allow) {
            problems_.add({Errc::Invalid, where, "an isolating tier only allows"});
        }
    }

    void check_table(const TableFacts& table) {
        const std::string where = "Table " + text(table.key);
        const auto tier = model_.tiers.find(table.key.tier);
        if (tier == model_.tiers.end()) {
            problems_.add({Errc::NotFound, where, numbered("tier", table.key.tier)});
            return;
        }
        const bool isolating = tier->second.kind == tier::TierKind::Isolating;
        for (const auto& [number, group] : table.groups) {
            const std::string wrong = problem_of(table, group, isolating);
            if (wrong.empty()) continue;
            problems_.add({Errc::Invalid, where, numbered("group", number) + ": " + wrong});
        }
        std::uint32_t good = base::kNoRule;  // neighbouring rows mostly share their rule
        for (std::size_t i = 0; i < table.rows.size() && !problems_.full(); ++i) {
            const tier::Row& row = table.rows[i];
            std::string wrong;
            if (isolating && row.action != base::Action::Allow) {
                wrong = "an isolating tier only allows";
            } else if (row.rule != good) {
                wrong = problem_of(table, row.rule, false);
                if (wrong.empty()) good = row.rule;
            }
            if (wrong.empty()) continue;
            problems_.add({Errc::Invalid, where, "row " + std::to_string(i) + ": " + wrong});
        }
    }

    /// Empty when the group is as it must be.
    std::string problem_of(const TableFacts& table, const GroupFacts& group, bool isolating) const {
        for (const std::uint32_t number : group.policies) {
            const auto policy = model_.policies.find(number);
            if (policy == model_.policies.end()) return numbered("no policy", number);
            if (policy->second.tier != real_tier(table)) {
                return numbered("policy", number) + " belongs to another tier";
            }
        }
        if (isolating && is_open(table, group)) return {};
        if (isolating) return problem_of(table, group.isolation_rule, true);
        if (group.isolation_rule != base::kNoRule)
            return "isolation in a tier that does not isolate";
        return {};
    }

    /// Only audited policies do without isolation, and only where they are not enforced. Requires:
    /// policies that are there.
    bool is_open(const TableFacts& table, const GroupFacts& group) const {
        const auto audited = [this](std::uint32_t number) {
            return model_.policies.at(number).audit;
        };
        return group.isolation_rule == base::kNoRule && real_tier(table) == table.key.tier &&
               !group.policies.empty() &&
               std::all_of(group.policies.begin(), group.policies.end(), audited);
    }

    std::string problem_of(const TableFacts& table, std::uint32_t number, bool isolation) const {
        const auto rule = model_.rules.find(number);
        if (rule == model_.rules.end()) return numbered("no rule", number);
        const std::string name = numbered("rule", number);
        if (rule->second.isolation != isolation) {
            return name + (isolation ? " is not an isolation" : " is an isolation");
        }
        if (rule->second.direction != table.key.direction) {
            return name + " is for the other direction";
        }
        const auto policy = model_.policies.find(rule->second.policy);
        const bool same_tier =
            policy != model_.policies.end() && policy->second.tier == real_tier(table);
        return same_tier ? std::string() : name + " belongs to another tier";
    }

    void check_membership(const MembershipFacts& membership) {
        const std::string where = "Membership " + text(membership.key);
        const auto table = model_.tables.find(membership.key);
        if (table == model_.tables.end()) {
            problems_.add({Errc::NotFound, where, "there is no such table"});
            return;
        }
        for (const auto& [identity, group] : membership.groups) {
            if (problems_.full()) return;
            if (table->second->groups.contains(group)) continue;
            problems_.add({Errc::NotFound, where,
                           numbered("group", group) + " of " + numbered("identity", identity)});
        }
    }

    const Edit& edit_;
    const Model& model_;
    Problems& problems_;
    // What others may rely on no more.
    Numbers policies_;
    Numbers rules_;
};

}  // namespace

void check_links(const Edit& edit, Problems& problems) { Links(edit, problems).check(); }

}  // namespace tierwall::agent
