// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// build_table: the rows, groups and memberships of one table of one tier and direction.
///
/// Rules speak of peer terms; the table's identities fall into classes by the terms they are in,
/// and a rule becomes a row for each class in its peers. What a rule of some policy needs is found
/// out once, for all groups of the table that the policy is part of.
///
/// Threads: one control thread.
/// Memory:  what it answers.
/// Cost:    O(members of the peers + rows).

#include "control/compile/class_table.hpp"
#include "control/compile/group_table.hpp"
#include "control/compile/policy_table.hpp"
#include "control/resolve/resolver.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::compile {

/// Which policies' denials stand in a table.
enum class View : std::uint8_t {
    Enforced,  ///< those of policies that are not audited
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

struct TableInput {
    const resolve::Resolver& resolver;
    const PolicyTable& policies;
    const GroupTable& groups;
    Side side;
    std::uint32_t table = 0;
    const ClassNumbers& classes_before;
    std::uint32_t classes_max = 0;
    std::size_t rows_max = 0;
};

struct BuiltTable {
    std::string table;       ///< v1::Table
    std::string membership;  ///< v1::Membership
    ClassNumbers classes;
    std::size_t rows = 0;
    std::vector<TermId> terms;  ///< whose members matter to it, sorted
};

/// Fails: Limit, naming the policy at which the rows ran out, or the side whose classes did.
base::Result<BuiltTable> build_table(const TableInput& input);

}  // namespace tierwall::compile
