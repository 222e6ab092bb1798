// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// BlockTable: the CIDR blocks that network sets and domain names consist of, and which of these
/// sets an address in a block belongs to.
///
/// An address belongs to what the longest block around it says: the block's *zone*, the list of
/// the terms that hold it. Blocks of `except` are blocks too, so that being in a set is a fact
/// about the block and never needs a rule that denies.
///
/// Threads: one control thread.
/// Memory:  about 200 bytes a block.
/// Cost:    a lookup is one hash probe per distinct prefix length.

#include "control/resolve/term_lists.hpp"
#include "dataplane/base/address.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace tierwall::resolve {

using BlockId = std::uint32_t;
inline constexpr BlockId kNoBlock = 0;

/// Last address of a block.
base::Address last_address(const base::Prefix& prefix);

class BlockTable {
public:
    BlockTable(Journal& journal, TermLists& lists)
        : lists_(lists), blocks_(journal), prefixes_(journal), ids_(journal), lengths_(journal) {}

    void add(TermId term, std::span<const base::Prefix> cidrs,
             std::span<const base::Prefix> except);
    void remove(TermId term, std::span<const base::Prefix> cidrs,
                std::span<const base::Prefix> except);

    /// What add() and remove() came to since the last call.
    struct Changes {
        std::map<base::Prefix, BlockId> appeared;
        std::map<base::Prefix, BlockId> vanished;
        std::set<BlockId> rezoned;  ///< blocks that were there and whose zone is another now
    };
    Changes take_changes();
    void forget_changes();

    /// The longest block around an address, or kNoBlock.
    BlockId find(const base::Address& address) const;
    ListId zone(BlockId block) const;
    const base::Prefix& prefix(BlockId block) const { return prefixes_.at(block); }
    std::size_t size() const { return blocks_.size(); }

private:
    struct Use {
        TermId term = kNoTerm;
        bool except = false;
        friend auto operator<=>(const Use&, const Use&) = default;
    };
    struct Block {
        BlockId id = kNoBlock;
        std::shared_ptr<const std::vector<Use>> uses;
        ListId zone = kEmptyList;
    };
    void use(const base::Prefix& prefix, Use use);
    void unuse(const base::Prefix& prefix, Use use);
    void count_length(const base::Prefix& prefix, int change);
    TermList zone_terms(const base::Prefix& prefix) const;
    void rezone(const base::Prefix& around, Changes& changes);

    TermLists& lists_;
    Ledger<std::map<base::Prefix, Block>> blocks_;
    Ledger<std::unordered_map<BlockId, base::Prefix>> prefixes_;
    Ledger<std::unordered_map<base::Prefix, BlockId, PrefixHash>> ids_;
    /// Blocks of each family and length, longest first.
    Ledger<std::map<std::pair<base::Family, int>, std::uint32_t>> lengths_;
    BlockId last_ = kNoBlock;
    std::set<base::Prefix> touched_;
    Changes changes_;
};

}  // namespace tierwall::resolve
