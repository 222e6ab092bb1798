// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Spread: which of several workers a pair of addresses belongs to.
///
/// The hash is Toeplitz with a key that repeats every 16 bits. Such a key makes the hash the same
/// for both directions, makes it a function of the XOR of all 16-bit words of the addresses, and
/// is one that network cards can be given. So a card that spreads by it and this software agree,
/// and where they do not, software is right and a ring between workers mends it.
///
/// Threads: any; functions of values.
/// Memory:  one table of 1 KB.
/// Cost:    a few ns.

#include <array>
#include <cstdint>
#include <cstring>

namespace tierwall::io {

/// Any seven neighbouring bits of the folded addresses reach all 128 entries: pods have
/// neighbouring addresses. The better known key 0x6d5a reaches only half of them.
inline constexpr std::uint16_t kSpreadKey = 0xf658;
/// Entries of the indirection table that cards and software share.
inline constexpr std::uint32_t kSpreadEntries = 128;

namespace detail {

constexpr std::uint16_t rotated_key(unsigned bits) noexcept {
    const unsigned key = kSpreadKey;
    return static_cast<std::uint16_t>((key << bits) | (key >> ((16 - bits) & 15)));
}

/// [0]: a word's first byte, [1]: its second.
constexpr std::array<std::array<std::uint16_t, 256>, 2> spread_table() noexcept {
    std::array<std::array<std::uint16_t, 256>, 2> table{};
    for (unsigned half = 0; half < 2; ++half) {
        for (unsigned value = 0; value < 256; ++value) {
            unsigned hash = 0;
            for (unsigned bit = 0; bit < 8; ++bit) {
                if ((value & (0x80u >> bit)) != 0) hash ^= rotated_key(half * 8 + bit);
            }
            table[half][value] = static_cast<std::uint16_t>(hash);
        }
    }
    return table;
}

inline constexpr auto kSpreadTable = spread_table();

}  // namespace detail

/// Both addresses as they stand one after the other in the packet: 8 bytes for IPv4, 32 for IPv6.
/// The low 16 bits of the card's 32-bit hash; the high ones are the same again.
inline std::uint16_t spread_hash(const std::uint8_t* addresses, unsigned bytes) noexcept {
    std::uint64_t folded = 0;
    for (unsigned offset = 0; offset < bytes; offset += 8) {
        std::uint64_t words;
        std::memcpy(&words, addresses + offset, 8);
        folded ^= words;
    }
    folded ^= folded >> 32;
    folded ^= folded >> 16;
    std::array<std::uint8_t, 8> wire{};
    std::memcpy(wire.data(), &folded, 8);
    return static_cast<std::uint16_t>(detail::kSpreadTable[0][wire[0]] ^
                                      detail::kSpreadTable[1][wire[1]]);
}

/// Requires: workers is 1 to kSpreadEntries.
constexpr std::uint32_t spread_worker(std::uint16_t hash, std::uint32_t workers) noexcept {
    // A remainder of an XOR of bits would be lopsided for three workers.
    return (hash % kSpreadEntries) * workers / kSpreadEntries;
}

}  // namespace tierwall::io
