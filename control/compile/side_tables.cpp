// SPDX-License-Identifier: Apache-2.0
#include "control/compile/side_tables.hpp"

#include "control/compile/compiler.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tierwall::compile {
namespace {

/// How many rows a policy is likely to need: one for each port; more only where rules share some of
/// their peers.
std::uint32_t rows_estimate(const CompiledPolicy& policy, base::Direction direction) {
    std::size_t rows = 0;
    for (const CompiledRule& rule : policy.rules[index_of(direction)]) {
        const std::size_t ports = rule.ranges.size() + rule.named_ports.size();
        rows += std::max<std::size_t>(ports, 1);
    }
    constexpr std::size_t kMost = 1u << 20;
    return static_cast<std::uint32_t>(std::min(rows, kMost));
}

/// An audited NetworkPolicy isolates nobody, but its rules allow. So it makes a difference to those
/// whom no other one isolates; and where all that select them have no rule, nothing acts.
void keep_isolated(const Side& side, std::vector<const CompiledPolicy*>& policies) {
    const bool audited_only =
        std::all_of(policies.begin(), policies.end(),
                    [](const CompiledPolicy* policy) { return policy->policy->audit; });
    const bool mute =
        std::all_of(policies.begin(), policies.end(), [&side](const CompiledPolicy* policy) {
            return policy->rules[index_of(side.direction)].empty();
        });
    const bool kept = side.view == View::Audit ? audited_only : !(audited_only && mute);
    if (!kept) policies.clear();
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
        keep_isolated(side, policies);
    } else {
        keep_ordered(side, policies);
    }
}

/// Above this a table of several groups is split: it builds in a quarter of a second at worst.
constexpr std::size_t kRowsShared = 2048;

kube::Problem problem_of(const Overrun& overrun, const Side& side, const PolicyTable& policies) {
    const CompiledPolicy& policy = policies.at(overrun.policy);
    const std::string direction = base::name(side.direction);
    kube::Problem problem;
    problem.object = policy.policy->path();
    problem.field = "spec." + direction;
    problem.error = base::Errc::Limit;
    if (overrun.rule == 0) {
        problem.message = overrun.what + (policy.policy->audit
                                              ? "; none of its rules is enforced"
                                              : "; it isolates, but none of its rules is enforced");
        return problem;
    }
    const auto& rules = policy.rules[index_of(side.direction)];
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const CompiledRule& each) {
        return each.number == overrun.rule;
    });
    const auto place = static_cast<std::size_t>(rule - rules.begin());
    const bool egress = side.direction == base::Direction::Egress;
    const auto& written = egress ? policy.policy->egress : policy.policy->ingress;
    problem.field += "[" + std::to_string(written[place].index) + "]";
    problem.message = overrun.what + "; the rule fails closed";
    return problem;
}

}  // namespace

SideTables::SideTables(resolve::Journal& journal, const Side& side, const Limits& limits)
    : side_(side),
      limits_(limits),
      groups_(journal, limits.groups, limits.tables),
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

TableLimits SideTables::table_limits() const {
    TableLimits out;
    out.classes = limits_.classes;
    out.rows = limits_.rows;
    out.policy_rows = std::min(limits_.policy_rows, limits_.rows);
    out.rows_shared = std::min(kRowsShared, out.policy_rows);
    return out;
}

void SideTables::erase(std::uint32_t table, const Parts& parts) {
    const Built* known = built_.find(table);
    if (known != nullptr) watch(table, *known->terms, {});
    built_.erase(table);
    parts.writer.erase_table(side_, table);
}

bool SideTables::build_one(std::uint32_t table, const Parts& parts) {
    static const ClassNumbers kNoClasses;
    static const std::vector<TermId> kNoTerms;
    const Built* known = built_.find(table);
    const Built before = known != nullptr ? *known : Built{};
    const TableInput input{parts.resolver, parts.policies,
                           groups_,        side_,
                           table,          before.classes ? *before.classes : kNoClasses,
                           table_limits()};
    auto built = build_table(input);
    if (!built) return false;
    watch(table, before.terms ? *before.terms : kNoTerms, built->terms);
    groups_.set_rows(table, built->rows_wanted);
    parts.writer.put_table(side_, table, *built);
    std::vector<kube::Problem> problems;
    for (const Overrun& overrun : built->overruns) {
        problems.push_back(problem_of(overrun, side_, parts.policies));
    }
    built_.put(table, {std::make_shared<const ClassNumbers>(std::move(built->classes)),
                       std::make_shared<const std::vector<TermId>>(std::move(built->terms)),
                       built->rows, std::move(problems)});
    return true;
}

base::Status SideTables::build_all(std::set<std::uint32_t> tables, const Parts& parts) {
    while (!tables.empty()) {
        const std::uint32_t table = *tables.begin();
        if (groups_.in(table).empty()) {
            erase(table, parts);
        } else if (!build_one(table, parts)) {
            base::Result<std::uint32_t> fresh = groups_.split(table);
            if (!fresh.ok()) {
                return base::Error{fresh.error().code, text(side_), fresh.error().what};
            }
            tables.insert(*fresh);
            continue;
        }
        tables.erase(table);
    }
    return base::Done{};
}

base::Status SideTables::build(const resolve::Resolver& resolver, const PolicyTable& policies,
                               SnapshotWriter& writer) {
    const Parts parts{resolver, policies, writer};
    stale_.insert(groups_.touched().begin(), groups_.touched().end());
    const std::set<std::uint32_t> stale = std::exchange(stale_, {});
    TW_TRY(built, build_all(stale, parts));
    std::set<std::uint32_t> joined;
    for (const std::uint32_t table : stale) {
        const std::optional<std::uint32_t> target = groups_.give_up(table);
        if (target) joined.insert({table, *target});
    }
    return build_all(std::move(joined), parts);
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

void SideTables::report(Problems& problems) const {
    for (const auto& [_, built] : built_.map()) {
        for (const kube::Problem& problem : built.problems) {
            const auto [known, fresh] =
                problems.try_emplace({problem.object, problem.field}, problem);
            // Whichever table is asked first, the words are the same.
            if (!fresh && problem.message < known->second.message) known->second = problem;
        }
    }
}

std::size_t SideTables::classes() const {
    std::size_t classes = 0;
    for (const auto& [_, built] : built_.map()) classes += built.classes->size();
    return classes;
}

}  // namespace tierwall::compile
