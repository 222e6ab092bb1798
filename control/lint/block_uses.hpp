// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// BlockUses: which rules name which blocks of addresses.
///
/// Threads: one; immutable once sealed.
/// Memory:  some 100 bytes a block of a rule.
/// Cost:    looking up: one hash lookup a length that some block has.

#include "control/policy/policy.hpp"
#include "control/resolve/hash.hpp"
#include "dataplane/base/address.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tierwall::lint {

/// Numbers of rules in a RuleIndex.
using RuleNumber = std::uint32_t;

struct BlockUse {
    base::Prefix block;
    RuleNumber rule = 0;
    const policy::NetworkSet* networks = nullptr;  ///< the peer, with what it leaves out
};

class BlockUses {
public:
    void add(const policy::NetworkSet& networks, RuleNumber rule);
    /// Nothing is added from now on.
    void seal();

    bool empty() const { return uses_.empty(); }
    std::span<const BlockUse> all() const { return uses_; }
    /// Of just this block; ascending by rule.
    std::span<const BlockUse> of(const base::Prefix& block) const;
    /// The lengths that blocks of the family have, up to this one; ascending.
    std::span<const std::uint8_t> lengths(base::Family family, std::uint8_t longest) const;
    /// Is any block in this one, and smaller?
    bool any_inside(const base::Prefix& block) const;

private:
    std::vector<BlockUse> uses_;
    std::unordered_map<base::Prefix, std::pair<std::size_t, std::size_t>, resolve::PrefixHash>
        places_;
    std::array<std::vector<std::uint8_t>, 2> lengths_;
};

/// The block of this length around it. Requires: length <= inner.length.
base::Prefix widened(const base::Prefix& inner, std::uint8_t length);
/// The two halves of a block. Requires: more than one address.
std::pair<base::Prefix, base::Prefix> halves(const base::Prefix& block);
/// The longest block that holds both. Requires: one family.
base::Prefix common(const base::Prefix& a, const base::Prefix& b);
inline bool overlap(const base::Prefix& a, const base::Prefix& b) {
    return a.contains(b) || b.contains(a);
}
inline std::uint8_t longest(base::Family family) { return family == base::Family::IPv4 ? 32 : 128; }

}  // namespace tierwall::lint
