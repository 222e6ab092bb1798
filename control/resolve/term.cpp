// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/term.hpp"

#include <algorithm>
#include <cassert>

namespace tierwall::resolve {

TermId Terms::acquire(const Term& term) {
    const auto pointer = std::make_shared<const Term>(term);
    if (const TermId* known = ids_.find(pointer)) {
        Entry entry = entries_.at(*known);
        ++entry.users;
        entries_.put(*known, std::move(entry));
        return *known;
    }
    const TermId id = ++last_;
    assert(id != kNoTerm);
    ids_.put(pointer, id);
    entries_.put(id, {pointer, 1});
    created_.push_back(id);
    return id;
}

void Terms::release(TermId id) {
    Entry entry = entries_.at(id);
    assert(entry.users > 0);
    if (--entry.users == 0) unused_.push_back(id);
    entries_.put(id, std::move(entry));
}

TermId Terms::find(const Term& term) const {
    const TermId* id = ids_.find(std::make_shared<const Term>(term));
    return id != nullptr && entries_.at(*id).users > 0 ? *id : kNoTerm;
}

std::vector<TermId> Terms::numbered(const NamedPort& port) const {
    std::vector<TermId> found;
    const NamedPort lowest{port.name, port.protocol, 1};
    const auto& ids = ids_.map();
    for (auto at = ids.lower_bound(std::make_shared<const Term>(lowest)); at != ids.end(); ++at) {
        const auto* own = std::get_if<NamedPort>(at->first.get());
        if (own == nullptr || own->name != port.name || own->protocol != port.protocol) break;
        if (entries_.at(at->second).users > 0) found.push_back(at->second);
    }
    return found;
}

Terms::Changes Terms::changes() const {
    Changes changes;
    for (const TermId id : created_) {
        if (entries_.at(id).users > 0) changes.added.push_back(id);
    }
    for (const TermId id : unused_) {
        const bool new_too = std::binary_search(created_.begin(), created_.end(), id);
        if (!new_too && entries_.at(id).users == 0) changes.removed.push_back(id);
    }
    std::sort(changes.removed.begin(), changes.removed.end());
    const auto end = std::unique(changes.removed.begin(), changes.removed.end());
    changes.removed.erase(end, changes.removed.end());
    return changes;
}

void Terms::sweep() {
    for (const TermId id : unused_) {
        const Entry* entry = entries_.find(id);
        if (entry == nullptr || entry->users > 0) continue;
        const Pointer term = entry->term;
        ids_.erase(term);
        entries_.erase(id);
    }
    forget_changes();
}

void Terms::forget_changes() {
    created_.clear();
    unused_.clear();
}

}  // namespace tierwall::resolve
