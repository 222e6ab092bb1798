// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer_tables.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace tierwall::agent {
namespace {

using base::Errc;
using base::Error;

std::size_t class_entries(const MembershipFacts* membership) {
    if (membership == nullptr) return 0;
    for (auto each = membership->classes.rbegin(); each != membership->classes.rend(); ++each) {
        if (each->second != 0) return std::size_t{each->first} + 1;
    }
    return 0;
}

std::shared_ptr<const tier::ClassOf> class_map(const MembershipFacts* membership) {
    auto classes = std::make_shared<tier::ClassOf>(class_entries(membership));
    if (membership == nullptr) return classes;
    for (const auto& [identity, number] : membership->classes) {
        if (number != 0) (*classes)[identity] = number;
    }
    return classes;
}

std::shared_ptr<const std::vector<std::uint32_t>> isolation_rules(const TableFacts& table) {
    const std::size_t size = table.groups.empty() ? 0 : table.groups.rbegin()->first + 1u;
    auto rules = std::make_shared<std::vector<std::uint32_t>>(size, base::kNoRule);
    for (const auto& [number, group] : table.groups) (*rules)[number] = group.isolation_rule;
    return rules;
}

bool holds(const tier::AclTable& table, const std::vector<tier::Row>& rows) {
    return std::equal(table.rows().begin(), table.rows().end(), rows.begin(), rows.end());
}

base::Result<BuiltShard> build_shard(const std::shared_ptr<const TableFacts>& table,
                                     const std::shared_ptr<const MembershipFacts>& membership,
                                     const BuiltShard* before, const BuiltRows& ready) {
    BuiltShard built{table, membership, {}};
    const auto rows_ready = ready.find(table->key);
    if (before != nullptr && before->table->rows == table->rows) {
        built.shard.table = before->shard.table;
    } else if (rows_ready != ready.end() && holds(*rows_ready->second, table->rows)) {
        built.shard.table = rows_ready->second;
    } else if (!table->rows.empty()) {
        TW_TRY(rows, build_rows(*table));
        built.shard.table = std::move(rows);
    }
    const bool same_table = before != nullptr && before->table == table;
    built.shard.isolation_rule =
        same_table ? before->shard.isolation_rule : isolation_rules(*table);
    const bool same_members = before != nullptr && before->membership == membership;
    built.shard.class_of = same_members ? before->shard.class_of : class_map(membership.get());
    return built;
}

base::Status check_class_entries(const Model& model) {
    std::size_t entries = 0;
    for (const auto& [key, membership] : model.memberships) {
        entries += class_entries(membership.get());
    }
    if (entries <= kClassEntriesMax) return base::Done{};
    return Error{Errc::Limit, "Membership", "class maps would be too large"};
}

base::Result<std::shared_ptr<const tier::GroupOf>> group_map(const Model& model,
                                                             const Tables::Side& side) {
    auto groups = std::make_shared<tier::GroupOf>();
    const TableKey first{side.first, side.second, 0};
    for (auto at = model.memberships.lower_bound(first); at != model.memberships.end(); ++at) {
        const TableKey& key = at->first;
        if (key.tier != side.first || key.direction != side.second) break;
        const std::vector<Member>& members = at->second->groups;
        if (members.empty()) continue;
        if (groups->size() <= members.back().first) groups->resize(members.back().first + 1u);
        for (const auto& [identity, group] : members) {
            std::uint32_t& entry = (*groups)[identity];
            if (entry != 0) {
                return Error{Errc::Duplicate, "Membership " + text(key),
                             "identity " + std::to_string(identity) +
                                 " is in another table of this tier and direction, too"};
            }
            entry = key.number << 16 | group;
        }
    }
    return std::shared_ptr<const tier::GroupOf>(std::move(groups));
}

/// Tiers and directions in which a membership came, went or changed.
std::vector<Tables::Side> sides_changed(const Tables& before, const Tables& after) {
    std::vector<Tables::Side> sides;
    const auto note = [&](const Tables& these, const Tables& others) {
        for (const auto& [key, built] : these.shards) {
            const auto other = others.shards.find(key);
            const bool same =
                other != others.shards.end() && other->second.membership == built.membership;
            if (!same) sides.emplace_back(key.tier, key.direction);
        }
    };
    note(before, after);
    note(after, before);
    std::sort(sides.begin(), sides.end());
    sides.erase(std::unique(sides.begin(), sides.end()), sides.end());
    return sides;
}

tier::DirectionTables direction_tables(const Tables& tables, const Tables::Side& side) {
    tier::DirectionTables out;
    const auto groups = tables.groups.find(side);
    if (groups != tables.groups.end()) out.group_of = groups->second;
    const TableKey first{side.first, side.second, 0};
    for (auto at = tables.shards.lower_bound(first); at != tables.shards.end(); ++at) {
        if (at->first.tier != side.first || at->first.direction != side.second) break;
        out.shards.resize(at->first.number + std::size_t{1});
        out.shards.back() = at->second.shard;
    }
    return out;
}

std::shared_ptr<const tier::Ladder> make_ladder(const Tables& tables) {
    using base::Direction;
    std::vector<tier::Tier> tiers;
    for (const auto& [number, shape] : tables.tiers) {
        if (shape.audits) continue;
        tiers.push_back({.number = static_cast<std::uint16_t>(number),
                         .kind = shape.kind,
                         .egress = direction_tables(tables, {number, Direction::Egress}),
                         .ingress = direction_tables(tables, {number, Direction::Ingress})});
    }
    for (const auto& [number, shape] : tables.tiers) {
        for (tier::Tier& tier : tiers) {
            if (shape.audits != tier.number) continue;
            tier.audit_egress = direction_tables(tables, {number, Direction::Egress});
            tier.audit_ingress = direction_tables(tables, {number, Direction::Ingress});
        }
    }
    return std::make_shared<const tier::Ladder>(std::move(tiers), tables.own_node_egress);
}

}  // namespace

base::Result<Tables> build_tables(const Model& model, const Tables& before,
                                  const BuiltRows& ready) {
    TW_TRY(fits, check_class_entries(model));
    Tables after;
    after.own_node_egress = before.own_node_egress;
    for (const auto& [number, tier] : model.tiers) {
        after.tiers[number] = {tier.kind, tier.audits};
    }
    for (const auto& [key, table] : model.tables) {
        const auto membership = model.memberships.find(key);
        const auto members = membership != model.memberships.end() ? membership->second : nullptr;
        const auto old = before.shards.find(key);
        const BuiltShard* known = old != before.shards.end() ? &old->second : nullptr;
        if (known != nullptr && known->table == table && known->membership == members) {
            after.shards.emplace(key, *known);
            continue;
        }
        TW_TRY(shard, build_shard(table, members, known, ready));
        after.shards.emplace(key, std::move(shard));
    }
    after.groups = before.groups;
    for (const Tables::Side& side : sides_changed(before, after)) {
        TW_TRY(groups, group_map(model, side));
        after.groups[side] = std::move(groups);
    }
    after.ladder = make_ladder(after);
    return after;
}

}  // namespace tierwall::agent
