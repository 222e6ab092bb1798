// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/node_numbers.hpp"

#include <cassert>
#include <utility>

namespace tierwall::resolve {

std::uint32_t NodeNumbers::acquire(const std::string& name) {
    if (name.empty()) return 0;
    const Entry* known = entries_.find(name);
    Entry entry = known != nullptr ? *known : Entry{};
    if (known == nullptr) {
        const auto number = numbers_.take();
        assert(number.has_value());
        entry.number = *number;
        changes_.added.emplace(entry.number, name);
    }
    ++entry.mentions;
    entries_.put(name, entry);
    return entry.number;
}

void NodeNumbers::release(const std::string& name) {
    if (name.empty()) return;
    Entry entry = entries_.at(name);
    assert(entry.mentions > 0);
    if (--entry.mentions == 0) unused_.insert(name);
    entries_.put(name, entry);
}

std::uint32_t NodeNumbers::find(const std::string& name) const {
    const Entry* entry = entries_.find(name);
    return entry != nullptr ? entry->number : 0;
}

NodeNumbers::Changes NodeNumbers::take_changes() {
    for (const std::string& name : std::exchange(unused_, {})) {
        const Entry* entry = entries_.find(name);
        if (entry == nullptr || entry->mentions > 0) continue;
        const std::uint32_t number = entry->number;
        if (changes_.added.erase(number) == 0) changes_.removed.insert(number);
        numbers_.free(number);
        entries_.erase(name);
    }
    return std::exchange(changes_, {});
}

void NodeNumbers::forget_changes() {
    changes_ = {};
    unused_.clear();
}

}  // namespace tierwall::resolve
