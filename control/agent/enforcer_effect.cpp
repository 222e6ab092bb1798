// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer_tables.hpp"

#include <set>
#include <vector>

namespace tierwall::agent {
namespace {

using Identities = std::unordered_set<std::uint32_t>;
using Groups = std::set<std::uint16_t>;

/// Calls fn(identity, before, after) for every identity whose number differs; absent means 0.
template <typename Fn>
void differences(const std::vector<Member>& before, const std::vector<Member>& after, Fn&& fn) {
    auto a = before.begin();
    auto b = after.begin();
    while (a != before.end() || b != after.end()) {
        if (b == after.end() || (a != before.end() && a->first < b->first)) {
            fn(a->first, a->second, std::uint16_t{0});
            ++a;
        } else if (a == before.end() || b->first < a->first) {
            fn(b->first, std::uint16_t{0}, b->second);
            ++b;
        } else {
            if (a->second != b->second) fn(a->first, a->second, b->second);
            ++a;
            ++b;
        }
    }
}

using RowsOfGroup = std::map<std::uint16_t, std::vector<const tier::Row*>>;

RowsOfGroup rows_by_group(const TableFacts& table) {
    RowsOfGroup rows;
    for (const tier::Row& row : table.rows) rows[row.group].push_back(&row);
    return rows;
}

bool same_rows(const RowsOfGroup& a, const RowsOfGroup& b, std::uint16_t group) {
    static const std::vector<const tier::Row*> kNone;
    const auto in_a = a.find(group);
    const auto in_b = b.find(group);
    const auto& rows_a = in_a != a.end() ? in_a->second : kNone;
    const auto& rows_b = in_b != b.end() ? in_b->second : kNone;
    if (rows_a.size() != rows_b.size()) return false;
    for (std::size_t i = 0; i < rows_a.size(); ++i) {
        if (*rows_a[i] != *rows_b[i]) return false;
    }
    return true;
}

/// Groups whose own rows or isolation rule differ. A group that is gone or new has members that
/// came or went, which is noticed there.
void add_rows_changed(const TableFacts& before, const TableFacts& after, Groups& groups) {
    const RowsOfGroup rows_before = rows_by_group(before);
    const RowsOfGroup rows_after = rows_by_group(after);
    for (const auto& [number, group] : after.groups) {
        const auto old = before.groups.find(number);
        if (old == before.groups.end() || old->second.isolation_rule != group.isolation_rule ||
            !same_rows(rows_before, rows_after, number)) {
            groups.insert(number);
        }
    }
}

/// Groups with a row that names one of these classes.
void add_naming(const TableFacts& table, const Groups& classes, Groups& groups) {
    if (classes.empty()) return;
    for (const tier::Row& row : table.rows) {
        if (!row.any_class && classes.contains(row.peer_class)) groups.insert(row.group);
    }
}

const MembershipFacts& members_of(const BuiltShard* shard) {
    static const MembershipFacts kNobody;
    return shard == nullptr || shard->membership == nullptr ? kNobody : *shard->membership;
}

class Effect {
public:
    explicit Effect(const std::function<bool(std::uint32_t)>& in_use) : in_use_(in_use) {}

    void add_all(const BuiltShard& shard) {
        for (const Member& member : members_of(&shard).groups) identities.insert(member.first);
    }

    void compare(const BuiltShard* before, const BuiltShard* after) {
        const MembershipFacts& members_before = members_of(before);
        const MembershipFacts& members_after = members_of(after);
        if (&members_before != &members_after) {
            differences(members_before.groups, members_after.groups,
                        [this](std::uint32_t identity, std::uint16_t, std::uint16_t) {
                            identities.insert(identity);
                        });
        }
        if (before == nullptr || after == nullptr) return;
        Groups groups;
        if (before->table != after->table) add_rows_changed(*before->table, *after->table, groups);
        if (&members_before != &members_after) {
            Groups classes;
            differences(members_before.classes, members_after.classes,
                        [&](std::uint32_t identity, std::uint16_t old, std::uint16_t now) {
                            if (in_use_(identity)) classes.insert({old, now});
                        });
            add_naming(*before->table, classes, groups);
            add_naming(*after->table, classes, groups);
        }
        if (groups.empty()) return;
        for (const auto& [identity, group] : members_after.groups) {
            if (groups.contains(group)) identities.insert(identity);
        }
    }

    Identities identities;

private:
    const std::function<bool(std::uint32_t)>& in_use_;
};

}  // namespace

Identities subjects_changed(const Tables& before, const Tables& after,
                            const std::function<bool(std::uint32_t)>& in_use) {
    Effect effect(in_use);
    const auto find = [](const Tables& tables, const TableKey& key) {
        const auto at = tables.shards.find(key);
        return at != tables.shards.end() ? &at->second : nullptr;
    };
    for (const auto& [key, built] : after.shards) {
        const BuiltShard* old = find(before, key);
        const bool same =
            old != nullptr && old->table == built.table && old->membership == built.membership;
        if (!same) effect.compare(old, &built);
        // In a tier of another kind, or in the place of another, the same rows mean something else.
        const auto shape = before.tiers.find(key.tier);
        if (shape != before.tiers.end() && shape->second != after.tiers.at(key.tier)) {
            effect.add_all(built);
        }
    }
    for (const auto& [key, built] : before.shards) {
        if (find(after, key) == nullptr) effect.compare(&built, nullptr);
    }
    return std::move(effect.identities);
}

}  // namespace tierwall::agent
