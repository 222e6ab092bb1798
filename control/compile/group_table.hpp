// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// GroupTable: the subject groups of one tier and direction, and the tables they are spread over.
///
/// Pods to which exactly the same policies apply (and whose named ports, where those policies ask
/// for them, have the same numbers) are one group. A group goes into a table that already holds
/// groups of the same place (the namespace of its first policy) as long as there is room, so that
/// a policy's groups lie close together; it stays there, so that other groups' comings and goings
/// leave its table alone, until the table has grown too large and is split, or so small that it is
/// given up for another one.
///
/// Threads: one control thread.
/// Memory:  about 300 bytes a group.
/// Cost:    proportional to the identities that change.

#include "control/compile/policy_table.hpp"
#include "control/resolve/identity_table.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tierwall::compile {

using resolve::IdentityNumber;

struct GroupKey {
    std::vector<std::uint32_t> policies;  ///< Policy numbers in the order in which they are asked
    std::vector<TermId> ports;            ///< ingress: the subject's named ports, with numbers
    bool empty() const { return policies.empty(); }
    friend bool operator==(const GroupKey&, const GroupKey&) = default;
};

using GroupId = std::uint32_t;

struct Group {
    std::shared_ptr<const GroupKey> key;
    std::uint32_t table = 0;
    std::uint32_t number = 0;  ///< within the table, 1-based
    std::uint32_t rows = 1;    ///< estimate
    std::string place;
};

class GroupTable {
public:
    /// Rows that a table should have: it builds in about 5 ms then. Half of it would halve that,
    /// but new connections would find more, colder tables, and take a sixth longer.
    static constexpr std::uint32_t kRowsWanted = 500;
    /// With more tables than that those that have become small are given up.
    static constexpr std::size_t kTablesFew = 64;

    /// At most `groups_max` groups in a table, `tables_max` tables. Both below 65536.
    GroupTable(resolve::Journal& journal, std::uint32_t groups_max, std::uint32_t tables_max);

    /// What is new about an identity; an empty key takes it out of every group.
    struct Assignment {
        IdentityNumber identity = 0;
        GroupKey key;
        std::uint32_t rows = 1;
        std::string place;
    };
    /// Fails: Limit, when a table would have too many groups.
    base::Status assign(std::span<const Assignment> assignments);

    /// Tables in which assign() changed anything.
    const std::set<std::uint32_t>& touched() const { return touched_; }
    void forget_changes() { touched_.clear(); }
    /// Tables with a group that this policy is part of.
    std::set<std::uint32_t> tables_with(std::uint32_t policy) const;

    const Group& at(GroupId id) const { return *groups_.at(id); }
    /// In order of group numbers; empty: there is no such table.
    std::vector<GroupId> in(std::uint32_t table) const;
    const std::vector<IdentityNumber>& members(GroupId id) const { return members_.of(id); }
    std::size_t size() const { return groups_.size(); }
    template <typename Fn>
    void for_each(Fn&& fn) const {
        for (const auto& [id, group] : groups_.map()) fn(*group);
    }
    /// Tells how many rows a table has in truth.
    void set_rows(std::uint32_t table, std::size_t rows);

    /// Half of the groups, those of some places where it can be, go to a table that did not exist;
    /// answers with its number. Fails: Limit. Requires: several groups.
    base::Result<std::uint32_t> split(std::uint32_t table);
    /// Where there are many tables and this one is small, its groups go to another one that is;
    /// answers with its number.
    std::optional<std::uint32_t> give_up(std::uint32_t table);

private:
    struct KeyHash {
        std::size_t operator()(const std::shared_ptr<const GroupKey>& key) const {
            const std::size_t policies = resolve::RangeHash{}(key->policies);
            return resolve::mixed(policies, resolve::RangeHash{}(key->ports));
        }
    };
    struct KeyEqual {
        bool operator()(const std::shared_ptr<const GroupKey>& a,
                        const std::shared_ptr<const GroupKey>& b) const {
            return *a == *b;
        }
    };
    using GroupPointer = std::shared_ptr<const Group>;

    void detach(IdentityNumber identity, GroupId id);
    void attach(IdentityNumber identity, GroupId id);
    void drop(GroupId id);
    void move(GroupId id, std::uint32_t table);
    std::uint32_t free_number(std::uint32_t table) const;
    std::uint32_t unused_table() const;
    base::Result<GroupId> create(const Assignment& assignment);
    std::uint32_t table_for(const Assignment& assignment) const;
    bool has_room(std::uint32_t table, std::uint32_t rows) const;
    void add_rows(std::uint32_t table, std::int64_t rows);

    std::uint32_t groups_max_;
    std::uint32_t tables_max_;
    resolve::Ledger<std::unordered_map<GroupId, GroupPointer>> groups_;
    resolve::Ledger<std::unordered_map<std::shared_ptr<const GroupKey>, GroupId, KeyHash, KeyEqual>>
        ids_;
    resolve::Ledger<std::unordered_map<IdentityNumber, GroupId>> group_of_;
    resolve::Relation<GroupId, IdentityNumber> members_;
    resolve::Relation<std::uint32_t, GroupId> of_policy_;
    resolve::Relation<std::uint32_t, std::pair<std::uint32_t, GroupId>> in_table_;
    resolve::Relation<std::string, std::pair<std::uint32_t, GroupId>> of_place_;
    resolve::Ledger<std::map<std::uint32_t, std::uint32_t>> rows_;  ///< by table
    GroupId last_ = 0;
    std::set<std::uint32_t> touched_;
};

}  // namespace tierwall::compile
