// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SideTables: one tier and direction, from identities to built tables.
///
/// Only tables are built again whose groups, policies or peers changed.
///
/// Threads: one control thread.
/// Memory:  groups and class numbers; the tables themselves go to the snapshot.
/// Cost:    proportional to the tables concerned.

#include "control/compile/group_table.hpp"
#include "control/compile/snapshot_writer.hpp"
#include "control/compile/table_builder.hpp"
#include "control/kube/object.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tierwall::compile {

struct Limits;

class SideTables {
public:
    SideTables(resolve::Journal& journal, const Side& side, const Limits& limits);

    const Side& side() const { return side_; }
    const GroupTable& groups() const { return groups_; }

    /// The key of an identity's group, from the policies that select it and affect the direction
    /// (in any order).
    GroupTable::Assignment assignment(IdentityNumber identity,
                                      std::vector<const CompiledPolicy*> policies,
                                      const resolve::Resolver& resolver) const;
    /// Fails: Limit.
    base::Status assign(std::span<const GroupTable::Assignment> assignments);
    /// Tables with this policy are to be built again.
    void policy_changed(std::uint32_t policy);
    /// Tables with this peer are to be built again.
    void members_changed(TermId term);
    /// Builds what the calls above concern. A table that has become too large is split, one that
    /// has become small among many is given up. Fails: Limit, with too many tables.
    base::Status build(const resolve::Resolver& resolver, const PolicyTable& policies,
                       SnapshotWriter& writer);
    void forget_changes();

    std::size_t tables() const { return built_.size(); }
    std::size_t rows() const;
    std::size_t classes() const;
    using Problems = std::map<std::pair<std::string, std::string>, kube::Problem>;
    /// What fails closed because it needs too much, by object and field.
    void report(Problems& problems) const;

private:
    struct Built {
        std::shared_ptr<const ClassNumbers> classes;
        std::shared_ptr<const std::vector<TermId>> terms;
        std::size_t rows = 0;
        std::vector<kube::Problem> problems;
    };
    struct Parts {
        const resolve::Resolver& resolver;
        const PolicyTable& policies;
        SnapshotWriter& writer;
    };
    base::Status build_all(std::set<std::uint32_t> tables, const Parts& parts);
    /// False: it has to be split.
    bool build_one(std::uint32_t table, const Parts& parts);
    void erase(std::uint32_t table, const Parts& parts);
    TableLimits table_limits() const;
    void watch(std::uint32_t table, const std::vector<TermId>& before,
               const std::vector<TermId>& now);

    Side side_;
    const Limits& limits_;
    GroupTable groups_;
    resolve::Ledger<std::map<std::uint32_t, Built>> built_;
    resolve::Relation<TermId, std::uint32_t> watchers_;
    std::set<std::uint32_t> stale_;
};

}  // namespace tierwall::compile
