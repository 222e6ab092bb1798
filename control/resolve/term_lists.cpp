// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/term_lists.hpp"

#include <cassert>

namespace tierwall::resolve {

ListId TermLists::acquire(const TermList& list) {
    if (list.empty()) return kEmptyList;
    const auto pointer = std::make_shared<const TermList>(list);
    if (const ListId* known = ids_.find(pointer)) {
        Entry entry = entries_.at(*known);
        ++entry.users;
        entries_.put(*known, std::move(entry));
        return *known;
    }
    const ListId id = ++last_;
    assert(id != kEmptyList);
    ids_.put(pointer, id);
    entries_.put(id, {pointer, 1});
    for (const TermId term : list) lists_of_term_.add(term, id);
    return id;
}

void TermLists::release(ListId id) {
    if (id == kEmptyList) return;
    Entry entry = entries_.at(id);
    assert(entry.users > 0);
    if (--entry.users == 0) unused_.push_back(id);
    entries_.put(id, std::move(entry));
}

const TermList& TermLists::at(ListId id) const {
    static const TermList kNone;
    return id == kEmptyList ? kNone : *entries_.at(id).list;
}

void TermLists::sweep() {
    for (const ListId id : unused_) {
        const Entry* entry = entries_.find(id);
        if (entry == nullptr || entry->users > 0) continue;
        const Pointer list = entry->list;
        for (const TermId term : *list) lists_of_term_.remove(term, id);
        ids_.erase(list);
        entries_.erase(id);
    }
    unused_.clear();
}

}  // namespace tierwall::resolve
