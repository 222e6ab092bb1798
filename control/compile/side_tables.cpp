// SPDX-License-Identifier: Apache-2.0
#include "control/compile/side_tables.hpp"

#include "control/compile/compiler.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::compile {
namespace {

/// How many rows a policy is likely to need: a row for each peer and port.
std::uint32_t rows_estimate(const CompiledPolicy& policy, base::Direction direction) {
    std::size_t rows = 0;
    for (const CompiledRule& rule : policy.rules[index_of(direction)]) {
        const std::size_t ports = rule.ranges.size() + rule.named_ports.size();
        rows += std::max<std::size_t>(rule.peers.size(), 1) * std::max<std::size_t>(ports, 1);
    }
    constexpr std::size_t kMost = 1u << 20;
    return static_cast<std::uint32_t>(std::min(rows, kMost));
}

/// An audited NetworkPolicy isolates nobody; but where another one does, its rules allow.
void keep_isolated(View view, std::vector<const CompiledPolicy*>& policies) {
    const bool audited_only =
        std::all_of(policies.begin(), policies.end(),
                    [](const CompiledPolicy* policy) { return policy->policy->audit; });
    if (audited_only != (view == View::Audit)) policies.clear();
}

/// Of an audited policy only what is no denial acts. Where there was none, nothing is withheld.
void keep_ordered(const Side& side, std::vector<const CompiledPolicy*>& policies) {
    const auto withheld = [&side](const CompiledPolicy* policy) {
        const auto& rules = policy->rules[index_of(side.direction)];
        return std::count_if(rules.begin(), rules.end(), [policy](const CompiledRule& rule) {
            return policy->withholds(rule);
        });
    };
    if (side.view == View::Audit) {
        if (std::none_of(policies.begin(), policies.end(), withheld)) policies.clear();
        return;
    }
    std::erase_if(policies, [&](const CompiledPolicy* policy) {
        return withheld(policy) == std::ssize(policy->rules[index_of(side.direction)]);
    });
}

/// Leaves the policies that this side's tables are made of.
void keep_asked(const Side& side, std::vector<const CompiledPolicy*>& policies) {
    if (side.tier == base::kTierNetworkPolicy) {
        keep_isolated(side.view, policies);
    } else {
        keep_ordered(side, policies);
    }
}

}  // namespace

SideTables::SideTables(resolve::Journal& journal, const Side& side, const Limits& limits)
    : side_(side),
      limits_(limits),
      groups_(journal, limits.groups),
      built_(journal),
      watchers_(journal) {}

GroupTable::Assignment SideTables::assignment(IdentityNumber identity,
                                              std::vector<const CompiledPolicy*> policies,
                                              const resolve::Resolver& resolver) const {
    GroupTable::Assignment out;
    out.identity = identity;
    keep_asked(side_, policies);
    if (policies.empty()) return out;
    std::sort(policies.begin(), policies.end(), [](const auto* a, const auto* b) {
        return policy::asked_before(*a->policy, *b->policy);
    });
    out.rows = 0;
    out.place = policies.front()->policy->namespace_name;
    for (const CompiledPolicy* policy : policies) {
        out.key.policies.push_back(policy->number);
        out.rows += rows_estimate(*policy, side_.direction);
        if (side_.direction == base::Direction::Egress) continue;
        for (const CompiledRule& rule : policy->rules[index_of(side_.direction)]) {
            for (const TermId named : rule.named_ports) {
                const auto ports = resolver.numbered_ports(identity, named);
                out.key.ports.insert(out.key.ports.end(), ports.begin(), ports.end());
            }
        }
    }
    std::sort(out.key.ports.begin(), out.key.ports.end());
    const auto end = std::unique(out.key.ports.begin(), out.key.ports.end());
    out.key.ports.erase(end, out.key.ports.end());
    return out;
}

base::Status SideTables::assign(std::span<const GroupTable::Assignment> assignments) {
    base::Status status = groups_.assign(assignments);
    if (!status) return base::Error{status.error().code, text(side_), status.error().what};
    return status;
}

void SideTables::policy_changed(std::uint32_t policy) { stale_.merge(groups_.tables_with(policy)); }

void SideTables::members_changed(TermId term) {
    const auto& tables = watchers_.of(term);
    stale_.insert(tables.begin(), tables.end());
}

void SideTables::watch(std::uint32_t table, const std::vector<TermId>& before,
                       const std::vector<TermId>& now) {
    for (const TermId term : before) {
        if (!std::binary_search(now.begin(), now.end(), term)) watchers_.remove(term, table);
    }
    for (const TermId term : now) {
        if (!std::binary_search(before.begin(), before.end(), term)) watchers_.add(term, table);
    }
}

base::Status SideTables::build(const resolve::Resolver& resolver, const PolicyTable& policies,
                               SnapshotWriter& writer) {
    static const ClassNumbers kNoClasses;
    static const std::vector<TermId> kNoTerms;
    stale_.insert(groups_.touched().begin(), groups_.touched().end());
    for (const std::uint32_t table : std::exchange(stale_, {})) {
        const Built* known = built_.find(table);
        const Built before = known != nullptr ? *known : Built{};
        const auto& old_terms = before.terms ? *before.terms : kNoTerms;
        if (groups_.in(table).empty()) {
            watch(table, old_terms, {});
            built_.erase(table);
            writer.erase_table(side_, table);
            continue;
        }
        const TableInput input{resolver,        policies,
                               groups_,         side_,
                               table,           before.classes ? *before.classes : kNoClasses,
                               limits_.classes, limits_.rows};
        TW_TRY(built, build_table(input));
        watch(table, old_terms, built.terms);
        groups_.set_rows(table, built.rows);
        writer.put_table(side_, table, built);
        built_.put(table, {std::make_shared<const ClassNumbers>(std::move(built.classes)),
                           std::make_shared<const std::vector<TermId>>(std::move(built.terms)),
                           built.rows});
    }
    return base::Done{};
}

void SideTables::forget_changes() {
    stale_.clear();
    groups_.forget_changes();
}

std::size_t SideTables::rows() const {
    std::size_t rows = 0;
    for (const auto& [_, built] : built_.map()) rows += built.rows;
    return rows;
}

std::size_t SideTables::classes() const {
    std::size_t classes = 0;
    for (const auto& [_, built] : built_.map()) classes += built.classes->size();
    return classes;
}

}  // namespace tierwall::compile
