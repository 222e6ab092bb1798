// SPDX-License-Identifier: Apache-2.0
#include "control/compile/group_table.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace tierwall::compile {
namespace {

base::Error too_many_groups() { return {base::Errc::Limit, {}, "too many groups of subjects"}; }

}  // namespace

GroupTable::GroupTable(resolve::Journal& journal, std::uint32_t groups_max,
                       std::uint32_t tables_max)
    : groups_max_(groups_max),
      tables_max_(tables_max),
      groups_(journal),
      ids_(journal),
      group_of_(journal),
      members_(journal),
      of_policy_(journal),
      in_table_(journal),
      of_place_(journal),
      rows_(journal) {}

void GroupTable::detach(IdentityNumber identity, GroupId id) {
    members_.remove(id, identity);
    group_of_.erase(identity);
    touched_.insert(at(id).table);
}

void GroupTable::attach(IdentityNumber identity, GroupId id) {
    members_.add(id, identity);
    group_of_.put(identity, id);
    touched_.insert(at(id).table);
}

void GroupTable::add_rows(std::uint32_t table, std::int64_t rows) {
    const std::uint32_t* now = rows_.find(table);
    const std::int64_t sum = (now != nullptr ? std::int64_t{*now} : 0) + rows;
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    rows_.put(table, static_cast<std::uint32_t>(std::clamp<std::int64_t>(sum, 0, kMost)));
}

void GroupTable::set_rows(std::uint32_t table, std::size_t rows) {
    rows_.put(table, static_cast<std::uint32_t>(rows));
}

void GroupTable::drop(GroupId id) {
    const GroupPointer group = groups_.at(id);
    for (const std::uint32_t policy : group->key->policies) of_policy_.remove(policy, id);
    in_table_.remove(group->table, {group->number, id});
    of_place_.remove(group->place, {group->table, id});
    ids_.erase(group->key);
    groups_.erase(id);
    if (in_table_.of(group->table).empty()) {
        rows_.erase(group->table);
    } else {
        add_rows(group->table, -std::int64_t{group->rows});
    }
}

bool GroupTable::has_room(std::uint32_t table, std::uint32_t rows) const {
    const std::uint32_t* now = rows_.find(table);
    if (now == nullptr) return true;
    return std::uint64_t{*now} + rows <= kRowsWanted && in_table_.of(table).size() < groups_max_;
}

std::uint32_t GroupTable::table_for(const Assignment& assignment) const {
    const auto& near = of_place_.of(assignment.place);
    for (auto at = near.begin(); at != near.end();) {
        const std::uint32_t table = at->first;
        if (has_room(table, assignment.rows)) return table;
        at = std::upper_bound(at, near.end(), std::pair{table, GroupId{0xffffffff}});
    }
    for (const auto& [table, _] : rows_.map()) {
        if (has_room(table, assignment.rows)) return table;
    }
    return unused_table();
}

std::uint32_t GroupTable::unused_table() const {
    std::uint32_t unused = 0;
    for (const auto& [table, _] : rows_.map()) {
        if (table != unused) break;
        ++unused;
    }
    return unused;
}

std::uint32_t GroupTable::free_number(std::uint32_t table) const {
    std::uint32_t free = 1;
    for (const auto& [number, _] : in_table_.of(table)) {
        if (number != free) break;
        ++free;
    }
    return free;
}

void GroupTable::move(GroupId id, std::uint32_t table) {
    const GroupPointer before = groups_.at(id);
    auto group = std::make_shared<Group>(*before);
    group->table = table;
    group->number = free_number(table);
    in_table_.remove(before->table, {before->number, id});
    of_place_.remove(before->place, {before->table, id});
    in_table_.add(table, {group->number, id});
    of_place_.add(group->place, {table, id});
    add_rows(table, group->rows);
    touched_.insert({before->table, table});
    groups_.put(id, std::move(group));
    if (in_table_.of(before->table).empty()) rows_.erase(before->table);
}

base::Result<std::uint32_t> GroupTable::split(std::uint32_t table) {
    std::vector<GroupId> ids = in(table);
    std::sort(ids.begin(), ids.end(), [this](GroupId a, GroupId b) {
        return std::tie(at(a).place, at(a).number) < std::tie(at(b).place, at(b).number);
    });
    const std::uint32_t fresh = unused_table();
    if (fresh >= tables_max_) return too_many_groups();
    ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(ids.size() / 2));
    for (const GroupId id : ids) move(id, fresh);
    return fresh;
}

std::optional<std::uint32_t> GroupTable::give_up(std::uint32_t table) {
    constexpr std::uint32_t kSmall = kRowsWanted / 8;
    const std::uint32_t* own = rows_.find(table);
    if (rows_.size() <= kTablesFew || own == nullptr || *own > kSmall) return std::nullopt;
    const std::vector<GroupId> ids = in(table);
    for (const auto& [other, rows] : rows_.map()) {
        // Only half full: it is to stay what it is when it grows a little.
        if (other == table || rows + *own > kRowsWanted / 2) continue;
        if (in_table_.of(other).size() + ids.size() > groups_max_) continue;
        const std::uint32_t target = other;
        for (const GroupId id : ids) move(id, target);
        return target;
    }
    return std::nullopt;
}

base::Result<GroupId> GroupTable::create(const Assignment& assignment) {
    auto group = std::make_shared<Group>();
    group->key = std::make_shared<const GroupKey>(assignment.key);
    group->rows = std::max(assignment.rows, 1u);
    group->place = assignment.place;
    group->table = table_for(assignment);
    group->number = free_number(group->table);
    if (group->number > groups_max_ || group->table >= tables_max_) return too_many_groups();
    const GroupId id = ++last_;
    for (const std::uint32_t policy : group->key->policies) of_policy_.add(policy, id);
    in_table_.add(group->table, {group->number, id});
    of_place_.add(group->place, {group->table, id});
    add_rows(group->table, group->rows);
    ids_.put(group->key, id);
    groups_.put(id, std::move(group));
    return id;
}

base::Status GroupTable::assign(std::span<const Assignment> assignments) {
    // Leave first, then make room, then create: a group that only changes its members is not lost,
    // and a new group finds the room that an old one left.
    std::vector<const Assignment*> moving;
    std::set<GroupId> left;
    for (const Assignment& assignment : assignments) {
        const GroupId* now = group_of_.find(assignment.identity);
        if (now == nullptr && assignment.key.empty()) continue;
        if (now != nullptr && *at(*now).key == assignment.key) continue;
        if (now != nullptr) {
            const GroupId id = *now;
            left.insert(id);
            detach(assignment.identity, id);
        }
        if (!assignment.key.empty()) moving.push_back(&assignment);
    }
    std::vector<const Assignment*> homeless;
    for (const Assignment* assignment : moving) {
        const GroupId* id = ids_.find(std::make_shared<const GroupKey>(assignment->key));
        if (id != nullptr) {
            attach(assignment->identity, *id);
        } else {
            homeless.push_back(assignment);
        }
    }
    for (const GroupId id : left) {
        if (members_.of(id).empty()) drop(id);
    }
    for (const Assignment* assignment : homeless) {
        const GroupId* known = ids_.find(std::make_shared<const GroupKey>(assignment->key));
        if (known != nullptr) {
            attach(assignment->identity, *known);
            continue;
        }
        TW_TRY(id, create(*assignment));
        attach(assignment->identity, id);
    }
    return base::Done{};
}

std::set<std::uint32_t> GroupTable::tables_with(std::uint32_t policy) const {
    std::set<std::uint32_t> tables;
    for (const GroupId id : of_policy_.of(policy)) tables.insert(at(id).table);
    return tables;
}

std::vector<GroupId> GroupTable::in(std::uint32_t table) const {
    std::vector<GroupId> ids;
    for (const auto& [_, id] : in_table_.of(table)) ids.push_back(id);
    return ids;
}

}  // namespace tierwall::compile
