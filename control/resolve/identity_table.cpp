// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/identity_table.hpp"

#include <cassert>
#include <string>
#include <utility>

namespace tierwall::resolve {

IdentityTable::IdentityTable(Journal& journal, std::uint32_t identities_max)
    : cells_(journal),
      of_profile_(journal),
      of_block_(journal),
      identities_(journal),
      numbers_of_(journal),
      of_list_(journal),
      numbers_(journal, 1, identities_max),
      identities_max_(identities_max) {
    // The world is there for good: one cell more than it has.
    identities_.put(kWorld, {{}, 1});
    numbers_of_.put({}, kWorld);
}

void IdentityTable::join(const Cell& cell) {
    const CellState* known = cells_.find(cell);
    CellState state = known != nullptr ? *known : CellState{};
    if (known == nullptr) {
        if (cell.profile != kNoProfile) of_profile_.add(cell.profile, cell);
        if (cell.block != kNoBlock) of_block_.add(cell.block, cell);
        marked_.insert(cell);
    }
    ++state.members;
    cells_.put(cell, state);
}

void IdentityTable::leave(const Cell& cell) {
    CellState state = cells_.at(cell);
    assert(state.members > 0);
    if (--state.members == 0) marked_.insert(cell);
    cells_.put(cell, state);
}

void IdentityTable::mark_profile(ProfileId profile) {
    const auto& cells = of_profile_.of(profile);
    marked_.insert(cells.begin(), cells.end());
}

void IdentityTable::mark_block(BlockId block) {
    const auto& cells = of_block_.of(block);
    marked_.insert(cells.begin(), cells.end());
}

const Signature* IdentityTable::find(IdentityNumber number) const {
    const Identity* identity = identities_.find(number);
    return identity != nullptr ? &identity->signature : nullptr;
}

void IdentityTable::count(IdentityNumber number, int change) {
    Identity identity = identities_.at(number);
    identity.cells = static_cast<std::uint32_t>(static_cast<int>(identity.cells) + change);
    identities_.put(number, identity);
}

void IdentityTable::remember(IdentityNumber number) {
    const Identity* identity = identities_.find(number);
    before_.try_emplace(
        number, identity != nullptr ? std::optional<Signature>(identity->signature) : std::nullopt);
}

void IdentityTable::relate(IdentityNumber number, const Signature& signature, bool present) {
    for (const ListId list : {signature.labels, signature.zone}) {
        if (list == kEmptyList) continue;
        if (present) {
            of_list_.add(list, number);
        } else {
            of_list_.remove(list, number);
        }
    }
}

void IdentityTable::rename(IdentityNumber number, const Signature& signature) {
    remember(number);
    Identity identity = identities_.at(number);
    relate(number, identity.signature, false);
    numbers_of_.erase(identity.signature);
    identity.signature = signature;
    relate(number, signature, true);
    numbers_of_.put(signature, number);
    identities_.put(number, identity);
}

std::optional<IdentityNumber> IdentityTable::number_for(const Signature& signature,
                                                        std::optional<IdentityNumber> own) {
    if (const IdentityNumber* known = numbers_of_.find(signature)) return *known;
    if (own && identities_.at(*own).cells == 0) {
        rename(*own, signature);
        return own;
    }
    const auto fresh = numbers_.take();
    if (!fresh) return std::nullopt;
    remember(*fresh);
    identities_.put(*fresh, {signature, 0});
    numbers_of_.put(signature, *fresh);
    relate(*fresh, signature, true);
    return fresh;
}

void IdentityTable::vacate(std::set<Cell>& cells) {
    for (auto at = cells.begin(); at != cells.end();) {
        const CellState* state = cells_.find(*at);
        if (state != nullptr && state->assigned) count(state->identity, -1);
        if (state != nullptr && state->members > 0) {
            ++at;
            continue;
        }
        if (state != nullptr) {
            if (at->profile != kNoProfile) of_profile_.remove(at->profile, *at);
            if (at->block != kNoBlock) of_block_.remove(at->block, *at);
            cells_.erase(*at);
        }
        at = cells.erase(at);
    }
}

void IdentityTable::sweep(const std::set<IdentityNumber>& candidates) {
    for (const IdentityNumber number : candidates) {
        const Identity* known = identities_.find(number);
        if (known == nullptr || known->cells > 0) continue;
        const Identity identity = *known;
        remember(number);
        relate(number, identity.signature, false);
        numbers_of_.erase(identity.signature);
        identities_.erase(number);
        numbers_.free(number);
    }
}

base::Result<std::set<Cell>> IdentityTable::assign(const ProfileTable& profiles,
                                                   const BlockTable& blocks) {
    std::set<Cell> cells = std::exchange(marked_, {});
    std::set<IdentityNumber> left;
    for (const Cell& cell : cells) {
        const CellState* state = cells_.find(cell);
        if (state != nullptr && state->assigned) left.insert(state->identity);
    }
    vacate(cells);
    std::set<Cell> renumbered;
    for (const Cell& cell : cells) {
        CellState state = cells_.at(cell);
        const Signature signature{cell.kind, profiles.list(cell.profile), blocks.zone(cell.block)};
        const auto own = state.assigned ? std::optional(state.identity) : std::nullopt;
        const auto number = number_for(signature, own);
        if (!number) {
            return base::Error{base::Errc::Limit, "identities",
                               "policies tell apart more than " + std::to_string(identities_max_) +
                                   " kinds of addresses"};
        }
        count(*number, 1);
        if (number != own) renumbered.insert(cell);
        state.identity = *number;
        state.assigned = true;
        cells_.put(cell, state);
    }
    sweep(left);
    return renumbered;
}

void IdentityTable::forget_changes() {
    marked_.clear();
    before_.clear();
}

}  // namespace tierwall::resolve
