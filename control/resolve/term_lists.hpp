// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// TermLists: the distinct lists of terms that addresses are in, each known by one number.
///
/// Threads: one control thread.
/// Memory:  each distinct list once.
/// Cost:    O(length) to intern one.

#include "control/resolve/hash.hpp"
#include "control/resolve/term.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace tierwall::resolve {

using ListId = std::uint32_t;
inline constexpr ListId kEmptyList = 0;
using TermList = std::vector<TermId>;

class TermLists {
public:
    explicit TermLists(Journal& journal)
        : entries_(journal), ids_(journal), lists_of_term_(journal) {}

    /// Counts one more user. Requires: sorted, without duplicates. Numbers are never used twice.
    ListId acquire(const TermList& list);
    void release(ListId id);
    const TermList& at(ListId id) const;
    const std::vector<ListId>& with(TermId term) const { return lists_of_term_.of(term); }

    /// Forgets the lists that nobody uses; until then they can be read.
    void sweep();
    void forget_changes() { unused_.clear(); }

private:
    using Pointer = std::shared_ptr<const TermList>;
    struct PointerHash {
        std::size_t operator()(const Pointer& list) const { return RangeHash{}(*list); }
    };
    struct PointerEqual {
        bool operator()(const Pointer& a, const Pointer& b) const { return *a == *b; }
    };
    struct Entry {
        Pointer list;
        std::uint32_t users = 0;
    };

    Ledger<std::unordered_map<ListId, Entry>> entries_;
    Ledger<std::unordered_map<Pointer, ListId, PointerHash, PointerEqual>> ids_;
    Relation<TermId, ListId> lists_of_term_;
    ListId last_ = kEmptyList;
    std::vector<ListId> unused_;
};

}  // namespace tierwall::resolve
