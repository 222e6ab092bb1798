// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// IdentityTable: numbers for "addresses that no policy can tell apart".
///
/// Addresses with the same profile in the same block form a *cell*; cells whose signatures (kind,
/// terms of the profile, terms of the block) are equal share an identity. When a change of policy
/// gives all cells of an identity a new signature, the identity keeps its number: its addresses and
/// the flows of its peers need not change for that.
///
/// Threads: one control thread.
/// Memory:  about 300 bytes a cell.
/// Cost:    O(log) a cell that changes; none for an address of a known cell.

#include "control/resolve/block_table.hpp"
#include "control/resolve/numbers.hpp"
#include "control/resolve/profile_table.hpp"
#include "dataplane/base/result.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace tierwall::resolve {

using IdentityNumber = std::uint32_t;
/// Addresses that belong to nobody and are in no block.
inline constexpr IdentityNumber kWorld = 0;

struct Cell {
    Kind kind = Kind::External;
    ProfileId profile = kNoProfile;
    BlockId block = kNoBlock;
    friend auto operator<=>(const Cell&, const Cell&) = default;
    friend bool operator==(const Cell&, const Cell&) = default;
};
struct CellHash {
    std::size_t operator()(const Cell& cell) const noexcept {
        return mixed(mixed(static_cast<std::size_t>(cell.kind), cell.profile), cell.block);
    }
};

struct Signature {
    Kind kind = Kind::External;
    ListId labels = kEmptyList;
    ListId zone = kEmptyList;
    friend auto operator<=>(const Signature&, const Signature&) = default;
    friend bool operator==(const Signature&, const Signature&) = default;
};

class IdentityTable {
public:
    /// Numbers 1..identities_max are given out.
    IdentityTable(Journal& journal, std::uint32_t identities_max);

    /// One more, one fewer address (or block) in a cell.
    void join(const Cell& cell);
    void leave(const Cell& cell);
    /// The cells of these have another signature now.
    void mark_profile(ProfileId profile);
    void mark_block(BlockId block);

    /// Gives every marked and new cell its identity; answers the cells whose number changed.
    /// Fails: Limit.
    base::Result<std::set<Cell>> assign(const ProfileTable& profiles, const BlockTable& blocks);

    /// Requires: assigned.
    IdentityNumber of(const Cell& cell) const { return cells_.at(cell).identity; }

    /// Identities whose signature changed in the last assign(), with the one before (nothing for a
    /// new identity).
    const std::map<IdentityNumber, std::optional<Signature>>& changed() const { return before_; }
    void forget_changes();

    const Signature* find(IdentityNumber number) const;
    /// Identities whose labels or zone are this list; not for the empty list.
    const std::vector<IdentityNumber>& with(ListId list) const { return of_list_.of(list); }
    std::size_t size() const { return identities_.size(); }
    /// Every identity and its signature, in no particular order.
    template <typename Fn>
    void for_each(Fn&& fn) const {
        for (const auto& [number, identity] : identities_.map()) fn(number, identity.signature);
    }

private:
    struct CellState {
        std::uint32_t members = 0;
        bool assigned = false;
        IdentityNumber identity = kWorld;
    };
    struct Identity {
        Signature signature;
        std::uint32_t cells = 0;
    };
    void count(IdentityNumber number, int change);
    void remember(IdentityNumber number);
    void relate(IdentityNumber number, const Signature& signature, bool present);
    void rename(IdentityNumber number, const Signature& signature);
    /// The number for a signature; `own` is the cell's number up to now.
    std::optional<IdentityNumber> number_for(const Signature& signature,
                                             std::optional<IdentityNumber> own);
    void vacate(std::set<Cell>& cells);
    void sweep(const std::set<IdentityNumber>& candidates);

    Ledger<std::unordered_map<Cell, CellState, CellHash>> cells_;
    Relation<ProfileId, Cell> of_profile_;
    Relation<BlockId, Cell> of_block_;
    Ledger<std::unordered_map<IdentityNumber, Identity>> identities_;
    Ledger<std::map<Signature, IdentityNumber>> numbers_of_;
    Relation<ListId, IdentityNumber> of_list_;
    Numbers numbers_;
    std::uint32_t identities_max_;
    std::set<Cell> marked_;
    std::map<IdentityNumber, std::optional<Signature>> before_;
};

}  // namespace tierwall::resolve
