// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identity/cidr_table.hpp"

#include "dataplane/identity/address_map.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::identity {
namespace {

template <typename Number>
Number number_of(const base::Address& address) noexcept {
    Number number = 0;
    for (std::size_t i = 16 - sizeof(Number); i < 16; ++i) {
        number = static_cast<Number>((number << 8) | address.bytes[i]);
    }
    return number;
}

template <typename Number>
struct Block {
    Number first;
    Number last;
    std::uint32_t identity;
};

template <typename Number>
Block<Number> block_of(const CidrIdentity& source) noexcept {
    constexpr unsigned kBits = sizeof(Number) * 8;
    const unsigned length = std::min<unsigned>(source.prefix.length, kBits);
    // A shift by all bits is undefined, hence the block of everything apart.
    const Number host = length == 0 ? static_cast<Number>(~Number{0})
                        : length == kBits
                            ? Number{0}
                            : static_cast<Number>(static_cast<Number>(~Number{0}) >> length);
    const Number first = number_of<Number>(source.prefix.address) & static_cast<Number>(~host);
    return {first, static_cast<Number>(first | host), source.identity};
}

/// Starts of disjoint ranges that cover everything, each with its identity.
template <typename Number>
struct Ranges {
    std::vector<Number>& starts;
    std::vector<std::uint32_t>& identities;

    void begin(Number start, std::uint32_t identity) {
        if (!starts.empty() && starts.back() == start) {
            starts.pop_back();
            identities.pop_back();
        }
        if (!identities.empty() && identities.back() == identity) return;
        starts.push_back(start);
        identities.push_back(identity);
    }
};

/// Blocks nest or are disjoint, so a stack of the ones that are open is enough.
template <typename Number>
void flatten(std::vector<Block<Number>> blocks, Ranges<Number> ranges) {
    if (blocks.empty()) return;
    std::stable_sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : a.last > b.last;
    });
    std::vector<Block<Number>> open{{0, static_cast<Number>(~Number{0}), kWorld}};
    ranges.begin(0, kWorld);
    const auto close = [&] {
        const Number last = open.back().last;
        open.pop_back();
        ranges.begin(static_cast<Number>(last + 1), open.back().identity);
    };
    for (const Block<Number>& block : blocks) {
        while (open.back().last < block.first) close();
        open.push_back(block);
        ranges.begin(block.first, block.identity);
    }
    // What reaches to the end of all addresses needs no range after it.
    while (open.back().last != static_cast<Number>(~Number{0})) close();
}

template <typename Number>
std::uint32_t identity_at(const std::vector<Number>& starts,
                          const std::vector<std::uint32_t>& identities, Number number) noexcept {
    const auto after = std::upper_bound(starts.begin(), starts.end(), number);
    if (after == starts.begin()) return kWorld;
    return identities[static_cast<std::size_t>(after - starts.begin()) - 1];
}

}  // namespace

CidrTable CidrTable::build(std::span<const CidrIdentity> blocks) {
    std::vector<Block<std::uint32_t>> v4;
    std::vector<Block<Wide>> v6;
    for (const CidrIdentity& block : blocks) {
        if (block.prefix.family == base::Family::IPv4) {
            v4.push_back(block_of<std::uint32_t>(block));
        } else {
            v6.push_back(block_of<Wide>(block));
        }
    }
    CidrTable table;
    flatten<std::uint32_t>(std::move(v4), {table.v4_starts_, table.v4_identities_});
    flatten<Wide>(std::move(v6), {table.v6_starts_, table.v6_identities_});
    return table;
}

std::uint32_t CidrTable::find(const base::Address& address) const noexcept {
    if (address.is_v4()) {
        return identity_at(v4_starts_, v4_identities_, number_of<std::uint32_t>(address));
    }
    return identity_at(v6_starts_, v6_identities_, number_of<Wide>(address));
}

}  // namespace tierwall::identity
