// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// build_table: the rows, groups and memberships of one table of one tier and direction.
///
/// Rules have lists of peers; the table's identities fall into classes by the lists they are in,
/// and a rule becomes a row for each class in its list. What a rule of some policy needs is found
/// out once, for all groups of the table that the policy is part of.
///
/// A table of several groups that needs more rows than such a table should have is not built; its
/// groups are to be spread over more tables. A group that is alone in its table is held to its
/// budget. So what is enforced does not depend on how groups came to lie together.
///
/// Threads: one control thread.
/// Memory:  what it answers.
/// Cost:    O(members of the peers + rows).

#include "control/compile/budget.hpp"
#include "control/compile/class_table.hpp"
#include "control/compile/group_table.hpp"
#include "control/compile/policy_table.hpp"
#include "control/resolve/resolver.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::compile {

/// Which policies' denials, isolation among them, stand in a table.
enum class View : std::uint8_t {
    Enforced,  ///< those of policies that are not audited; what allows and passes of all
    Audit,     ///< all; only subjects for which that can make a difference have groups
};

/// Which list of tables: "tier NetworkPolicy ingress".
struct Side {
    std::uint16_t tier = 0;
    base::Direction direction = base::Direction::Egress;
    View view = View::Enforced;
};
std::string text(const Side& side);
/// The number of the snapshot's tier that the side's tables belong to.
std::uint16_t tier_number(const Side& side);

/// What one table may need.
struct TableLimits {
    std::size_t classes = 0;
    std::size_t policy_rows = 0;  ///< of a policy, for one group
    std::size_t rows = 0;         ///< of a group that is alone
    std::size_t rows_shared = 0;  ///< of several groups; at most policy_rows
};

struct TableInput {
    const resolve::Resolver& resolver;
    const PolicyTable& policies;
    const GroupTable& groups;
    Side side;
    std::uint32_t table = 0;
    const ClassNumbers& classes_before;
    TableLimits limits;
};

struct BuiltTable {
    std::string table;       ///< v1::Table
    std::string membership;  ///< v1::Membership
    ClassNumbers classes;
    std::size_t rows = 0;
    std::size_t rows_wanted = 0;  ///< before anything failed closed
    std::vector<TermId> terms;    ///< whose members matter to it, sorted
    std::vector<Overrun> overruns;
};

/// Nothing: the table has several groups, which need more than it may have.
std::optional<BuiltTable> build_table(const TableInput& input);

}  // namespace tierwall::compile
