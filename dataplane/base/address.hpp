// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Address and Prefix: IPv4 and IPv6 in one 16-byte form.
///
/// IPv4 is kept as an IPv4-mapped IPv6 address (::ffff:a.b.c.d), so that one key type serves every
/// table. A packet that carries a mapped address in an IPv6 header is refused by the parser, hence
/// the two families can never be mistaken for each other.
///
/// Threads: any; values.
/// Memory:  16 bytes, no heap.
/// Cost:    comparisons are two 64-bit loads.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace tierwall::base {

enum class Family : std::uint8_t { IPv4, IPv6 };

struct alignas(8) Address {
    std::array<std::uint8_t, 16> bytes{};  ///< network order

    static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    static Address v4(const std::uint8_t* four_bytes) noexcept {
        // In two whole words: read back as words, bytes that were written apart would stall.
        std::uint32_t word;
        std::memcpy(&word, four_bytes, 4);
        return v4_of_word(word);
    }
    /// Of its four bytes, as a load puts them into a word.
    static Address v4_of_word(std::uint32_t four_bytes) noexcept {
        std::uint32_t halves[2];
        std::memcpy(&halves[0], kMapped.data() + 8, 4);
        halves[1] = four_bytes;
        const std::uint64_t words[2] = {0, std::bit_cast<std::uint64_t>(halves)};
        Address address;
        std::memcpy(address.bytes.data(), words, 16);
        return address;
    }
    static Address v6(const std::uint8_t* sixteen_bytes) noexcept {
        Address address;
        std::memcpy(address.bytes.data(), sixteen_bytes, 16);
        return address;
    }

    bool is_v4() const noexcept { return std::memcmp(bytes.data(), kMapped.data(), 12) == 0; }
    Family family() const noexcept { return is_v4() ? Family::IPv4 : Family::IPv6; }
    std::uint64_t high() const noexcept { return word(0); }
    std::uint64_t low() const noexcept { return word(8); }

    /// 224.0.0.0/4, 255.255.255.255 or ff00::/8.
    bool is_multicast_or_broadcast() const noexcept;
    bool is_link_local() const noexcept;   ///< 169.254.0.0/16 or fe80::/10
    bool is_unspecified() const noexcept;  ///< 0.0.0.0 or ::

    friend bool operator==(const Address& a, const Address& b) noexcept {
        return a.word(0) == b.word(0) && a.word(8) == b.word(8);
    }
    friend auto operator<=>(const Address& a, const Address& b) noexcept {
        return std::memcmp(a.bytes.data(), b.bytes.data(), 16) <=> 0;
    }

private:
    std::uint64_t word(std::size_t offset) const noexcept {
        std::uint64_t value;
        std::memcpy(&value, bytes.data() + offset, 8);
        return value;
    }
};
static_assert(sizeof(Address) == 16);

/// Dotted quad or RFC 5952 text.
std::string text(const Address& address);

/// Accepts dotted quads (leading zeros are decimal, as Kubernetes' legacy parser does) and IPv6
/// text. An IPv4-mapped IPv6 text ("::ffff:1.2.3.4") is read as IPv4. Nothing else is accepted.
std::optional<Address> parse_address(std::string_view text);

/// A CIDR block; bits below the length are always zero.
struct Prefix {
    Address address;
    std::uint8_t length = 0;  ///< 0..32 for IPv4, 0..128 for IPv6
    Family family = Family::IPv4;

    /// The length counted in the 16-byte form: IPv4 /8 is 104.
    std::uint8_t mapped_length() const noexcept {
        return static_cast<std::uint8_t>(family == Family::IPv4 ? length + 96 : length);
    }
    bool contains(const Address& candidate) const noexcept;
    /// Same family and every address of `inner` is in this block.
    bool contains(const Prefix& inner) const noexcept;

    friend bool operator==(const Prefix&, const Prefix&) noexcept = default;
    friend auto operator<=>(const Prefix&, const Prefix&) noexcept = default;
};

std::string text(const Prefix& prefix);

/// "10.0.0.5/8" -> 10.0.0.0/8: host bits are masked, as every stored Kubernetes object demands.
std::optional<Prefix> parse_prefix(std::string_view text);

/// The same, as the API's old parser and Go's net package read what NetworkPolicies may store.
/// Zeros may lead any group ("2001:00db8::/32"), and an IPv4-mapped IPv6 block is the IPv4 block
/// that it stands for ("::ffff:10.0.0.0/104" -> 10.0.0.0/8).
std::optional<Prefix> parse_stored_prefix(std::string_view text);

/// The block that holds just this address.
Prefix host_prefix(const Address& address) noexcept;

}  // namespace tierwall::base
