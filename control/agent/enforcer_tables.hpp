// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Tables: the ladder of one snapshot with the parts it is made of, so that the next one can take
/// over what did not change.
///
/// Threads: built on the control thread, immutable afterwards.
/// Memory:  parts are shared between neighbouring snapshots.
/// Cost:    what changed; the map identity -> group of a tier and direction when one of its
///          memberships did.

#include "control/agent/built_rows.hpp"
#include "control/agent/decode_model.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/tier/ladder.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

namespace tierwall::agent {

/// Entries of all class maps together; 2 bytes each.
inline constexpr std::size_t kClassEntriesMax = std::size_t{1} << 28;

/// One table and what it was made from.
struct BuiltShard {
    std::shared_ptr<const TableFacts> table;
    std::shared_ptr<const MembershipFacts> membership;  ///< null: nobody is in it
    tier::Shard shard;
};

struct Tables {
    using Side = std::pair<std::uint32_t, base::Direction>;

    std::map<TableKey, BuiltShard> shards;
    std::map<Side, std::shared_ptr<const tier::GroupOf>> groups;
    struct Shape {
        tier::TierKind kind = tier::TierKind::Ordered;
        std::optional<std::uint32_t> audits;
        friend bool operator==(const Shape&, const Shape&) = default;
    };
    std::map<std::uint32_t, Shape> tiers;
    bool own_node_egress = false;  ///< see tier::Ladder; the same as before in what is built
    std::shared_ptr<const tier::Ladder> ladder;
};

/// `ready`: rows that are built already. Fails: Limit when tables or maps do not fit, Duplicate for
/// an identity in two tables of one tier and direction. Requires: a checked model.
base::Result<Tables> build_tables(const Model& model, const Tables& before,
                                  const BuiltRows& ready = {});

/// Identities whose flows may be judged otherwise by `after` than by `before`. `in_use` answers
/// whether some address had this identity before; a peer that nobody had cannot have any flows.
std::unordered_set<std::uint32_t> subjects_changed(
    const Tables& before, const Tables& after, const std::function<bool(std::uint32_t)>& in_use);

}  // namespace tierwall::agent
