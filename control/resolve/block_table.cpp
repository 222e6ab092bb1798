// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/block_table.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::resolve {
namespace {

base::Prefix masked(const base::Address& address, base::Family family, std::uint8_t length) {
    base::Prefix prefix{address, length, family};
    std::size_t bit = prefix.mapped_length();
    for (std::size_t i = 0; i < 16; ++i) {
        const std::size_t keep = bit > i * 8 ? std::min<std::size_t>(bit - i * 8, 8) : 0;
        const auto mask = static_cast<std::uint8_t>(keep == 0 ? 0 : 0xff << (8 - keep));
        prefix.address.bytes[i] = static_cast<std::uint8_t>(prefix.address.bytes[i] & mask);
    }
    return prefix;
}

}  // namespace

base::Address last_address(const base::Prefix& prefix) {
    base::Address last = prefix.address;
    const std::size_t bit = prefix.mapped_length();
    for (std::size_t i = 0; i < 16; ++i) {
        const std::size_t keep = bit > i * 8 ? std::min<std::size_t>(bit - i * 8, 8) : 0;
        last.bytes[i] = static_cast<std::uint8_t>(last.bytes[i] | (0xff >> keep));
    }
    return last;
}

void BlockTable::add(TermId term, std::span<const base::Prefix> cidrs,
                     std::span<const base::Prefix> except) {
    for (const base::Prefix& prefix : cidrs) use(prefix, {term, false});
    for (const base::Prefix& prefix : except) use(prefix, {term, true});
}

void BlockTable::remove(TermId term, std::span<const base::Prefix> cidrs,
                        std::span<const base::Prefix> except) {
    for (const base::Prefix& prefix : cidrs) unuse(prefix, {term, false});
    for (const base::Prefix& prefix : except) unuse(prefix, {term, true});
}

void BlockTable::use(const base::Prefix& prefix, Use use) {
    touched_.insert(prefix);
    const Block* known = blocks_.find(prefix);
    Block block = known != nullptr ? *known : Block{};
    std::vector<Use> uses = block.uses ? *block.uses : std::vector<Use>{};
    const auto place = std::lower_bound(uses.begin(), uses.end(), use);
    if (place == uses.end() || *place != use) uses.insert(place, use);
    block.uses = std::make_shared<const std::vector<Use>>(std::move(uses));
    if (known == nullptr) {
        block.id = ++last_;
        prefixes_.put(block.id, prefix);
        ids_.put(prefix, block.id);
        count_length(prefix, 1);
        changes_.appeared.emplace(prefix, block.id);
    }
    blocks_.put(prefix, std::move(block));
}

void BlockTable::unuse(const base::Prefix& prefix, Use use) {
    const Block* known = blocks_.find(prefix);
    if (known == nullptr) return;
    touched_.insert(prefix);
    Block block = *known;
    std::vector<Use> uses = *block.uses;
    std::erase(uses, use);
    block.uses = std::make_shared<const std::vector<Use>>(std::move(uses));
    blocks_.put(prefix, std::move(block));
}

void BlockTable::count_length(const base::Prefix& prefix, int change) {
    const std::pair key{prefix.family, -static_cast<int>(prefix.length)};
    const std::uint32_t* now = lengths_.find(key);
    const auto count =
        static_cast<std::uint32_t>((now != nullptr ? static_cast<int>(*now) : 0) + change);
    if (count == 0) {
        lengths_.erase(key);
    } else {
        lengths_.put(key, count);
    }
}

BlockId BlockTable::find(const base::Address& address) const {
    const base::Family family = address.family();
    const auto& lengths = lengths_.map();
    for (auto entry = lengths.lower_bound({family, -128}); entry != lengths.end(); ++entry) {
        if (entry->first.first != family) break;
        const auto length = static_cast<std::uint8_t>(-entry->first.second);
        const BlockId* id = ids_.find(masked(address, family, length));
        if (id != nullptr) return *id;
    }
    return kNoBlock;
}

ListId BlockTable::zone(BlockId block) const {
    return block == kNoBlock ? kEmptyList : blocks_.at(prefixes_.at(block)).zone;
}

TermList BlockTable::zone_terms(const base::Prefix& prefix) const {
    TermList in;
    TermList out;
    const auto& lengths = lengths_.map();
    for (auto entry = lengths.lower_bound({prefix.family, -static_cast<int>(prefix.length)});
         entry != lengths.end() && entry->first.first == prefix.family; ++entry) {
        const auto length = static_cast<std::uint8_t>(-entry->first.second);
        const Block* block = blocks_.find(masked(prefix.address, prefix.family, length));
        if (block == nullptr) continue;
        for (const Use& use : *block->uses) (use.except ? out : in).push_back(use.term);
    }
    std::sort(in.begin(), in.end());
    in.erase(std::unique(in.begin(), in.end()), in.end());
    std::sort(out.begin(), out.end());
    TermList zone;
    std::set_difference(in.begin(), in.end(), out.begin(), out.end(), std::back_inserter(zone));
    return zone;
}

void BlockTable::rezone(const base::Prefix& around, Changes& changes) {
    const base::Address last = last_address(around);
    std::vector<std::pair<base::Prefix, Block>> changed;
    for (auto entry = blocks_.map().lower_bound({around.address, 0, base::Family::IPv4});
         entry != blocks_.map().end() && entry->first.address <= last; ++entry) {
        if (!around.contains(entry->first)) continue;
        Block block = entry->second;
        block.zone = lists_.acquire(zone_terms(entry->first));
        lists_.release(entry->second.zone);
        if (block.zone != entry->second.zone) changed.emplace_back(entry->first, std::move(block));
    }
    for (auto& [prefix, block] : changed) {
        if (!changes.appeared.contains(prefix)) changes.rezoned.insert(block.id);
        blocks_.put(prefix, std::move(block));
    }
}

BlockTable::Changes BlockTable::take_changes() {
    Changes changes = std::exchange(changes_, {});
    for (const base::Prefix& prefix : touched_) {
        const Block* block = blocks_.find(prefix);
        if (block == nullptr || !block->uses->empty()) continue;
        if (changes.appeared.erase(prefix) == 0) changes.vanished.emplace(prefix, block->id);
        lists_.release(block->zone);
        ids_.erase(prefix);
        const BlockId id = block->id;
        prefixes_.erase(id);
        count_length(prefix, -1);
        blocks_.erase(prefix);
    }
    for (const base::Prefix& prefix : touched_) rezone(prefix, changes);
    touched_.clear();
    return changes;
}

void BlockTable::forget_changes() {
    touched_.clear();
    changes_ = {};
}

}  // namespace tierwall::resolve
