// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ip and Block: addresses and CIDR blocks, each family by itself.
///
/// Threads: values.
/// Memory:  plain values.
/// Cost:    irrelevant; only tests use it.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace tierwall::oracle {

struct Ip {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};  ///< IPv4 uses the first four
    friend auto operator<=>(const Ip&, const Ip&) = default;
    int bits() const { return v6 ? 128 : 32; }
};
std::optional<Ip> parse_ip(const std::string& text);
/// Aborts on text that is no address: cases and generators are trusted.
Ip read_ip(const std::string& text);
std::string text(const Ip& ip);

/// ::ffff:a.b.c.d, which no packet may carry.
bool is_mapped(const Ip& ip);

struct Block {
    Ip address;
    int length = 0;
};
/// Host bits may be set. An IPv4-mapped block is none, as the API's isCIDR has it.
std::optional<Block> parse_block(const std::string& text);
Block read_block(const std::string& text);
/// As NetworkPolicies are stored: what is written as IPv4-mapped is the IPv4 block.
std::optional<Block> parse_stored_block(const std::string& text);
bool contains(const Block& block, const Ip& ip);
Ip first_address(const Block& block);
Ip last_address(const Block& block);
/// One address on or back; goes round at the ends.
Ip neighbour(Ip ip, int step);

}  // namespace tierwall::oracle
