// SPDX-License-Identifier: Apache-2.0
#include "control/lint/block_uses.hpp"

#include <algorithm>
#include <tuple>

namespace tierwall::lint {
namespace {

using base::Prefix;

/// Blocks in a block come right after it.
bool in_order(const Prefix& a, const Prefix& b) {
    return std::tie(a.family, a.address, a.length) < std::tie(b.family, b.address, b.length);
}

std::uint8_t mask_of(std::size_t bit) { return static_cast<std::uint8_t>(0x80 >> bit % 8); }

}  // namespace

Prefix widened(const Prefix& inner, std::uint8_t length) {
    Prefix outer = inner;
    outer.length = length;
    const std::size_t kept = outer.mapped_length();
    for (std::size_t i = kept / 8; i < outer.address.bytes.size(); ++i) {
        const bool partly = i == kept / 8 && kept % 8 != 0;
        const auto mask = partly ? static_cast<std::uint8_t>(0xff00 >> kept % 8) : std::uint8_t{0};
        outer.address.bytes[i] = static_cast<std::uint8_t>(outer.address.bytes[i] & mask);
    }
    return outer;
}

std::pair<Prefix, Prefix> halves(const Prefix& block) {
    Prefix low = block;
    ++low.length;
    Prefix high = low;
    const std::size_t bit = block.mapped_length();
    high.address.bytes[bit / 8] =
        static_cast<std::uint8_t>(high.address.bytes[bit / 8] | mask_of(bit));
    return {low, high};
}

Prefix common(const Prefix& a, const Prefix& b) {
    std::uint8_t length = std::min(a.length, b.length);
    while (widened(a, length) != widened(b, length)) --length;
    return widened(a, length);
}

void BlockUses::add(const policy::NetworkSet& networks, RuleNumber rule) {
    for (const Prefix& block : networks.cidrs) {
        uses_.push_back({block, rule, &networks});
    }
}

void BlockUses::seal() {
    std::stable_sort(uses_.begin(), uses_.end(), [](const BlockUse& a, const BlockUse& b) {
        return a.block == b.block ? a.rule < b.rule : in_order(a.block, b.block);
    });
    for (std::size_t i = 0; i < uses_.size(); ++i) {
        places_.try_emplace(uses_[i].block, i, i).first->second.second = i + 1;
    }
    for (const auto& [block, place] : places_) {
        lengths_[static_cast<std::size_t>(block.family)].push_back(block.length);
    }
    for (std::vector<std::uint8_t>& each : lengths_) {
        std::sort(each.begin(), each.end());
        each.erase(std::unique(each.begin(), each.end()), each.end());
    }
}

std::span<const BlockUse> BlockUses::of(const Prefix& block) const {
    const auto place = places_.find(block);
    if (place == places_.end()) return {};
    const auto [begin, end] = place->second;
    return std::span<const BlockUse>(uses_).subspan(begin, end - begin);
}

std::span<const std::uint8_t> BlockUses::lengths(base::Family family, std::uint8_t longest) const {
    const std::vector<std::uint8_t>& all = lengths_[static_cast<std::size_t>(family)];
    const auto end = std::upper_bound(all.begin(), all.end(), longest);
    return std::span<const std::uint8_t>(all).first(static_cast<std::size_t>(end - all.begin()));
}

bool BlockUses::any_inside(const Prefix& block) const {
    const auto next = std::upper_bound(
        uses_.begin(), uses_.end(), block,
        [](const Prefix& own, const BlockUse& each) { return in_order(own, each.block); });
    return next != uses_.end() && block.contains(next->block);
}

}  // namespace tierwall::lint
