// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace tierwall::base {
namespace {

/// Decimal number of at most `limit`; leading zeros are allowed, signs and blanks are not.
std::optional<std::uint32_t> number(std::string_view digits, std::uint32_t limit) {
    std::uint32_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, 10);
    if (digits.empty() || error != std::errc{} || stop != end || value > limit) return std::nullopt;
    return value;
}

std::optional<Address> parse_v4(std::string_view text) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t dot = i < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos) return std::nullopt;
        const auto octet = number(text.substr(0, dot), 255);
        if (!octet) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*octet);
        text.remove_prefix(i < 3 ? dot + 1 : dot);
    }
    return Address::v4(bytes.data());
}

/// Clears every bit after the first `bits` of the 16-byte form.
Address masked(Address address, unsigned bits) {
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned first = i * 8;
        if (first >= bits) {
            address.bytes[i] = 0;
        } else if (bits - first < 8) {
            const unsigned keep = bits - first;
            address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00u >> keep));
        }
    }
    return address;
}

}  // namespace

bool Address::is_multicast_or_broadcast() const noexcept {
    if (!is_v4()) return bytes[0] == 0xff;
    const bool broadcast = (bytes[12] & bytes[13] & bytes[14] & bytes[15]) == 0xff;
    return (bytes[12] & 0xf0) == 0xe0 || broadcast;
}

bool Address::is_link_local() const noexcept {
    if (is_v4()) return bytes[12] == 169 && bytes[13] == 254;
    return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool Address::is_unspecified() const noexcept {
    if (is_v4()) return (bytes[12] | bytes[13] | bytes[14] | bytes[15]) == 0;
    return high() == 0 && low() == 0;
}

std::string text(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const bool v4 = address.is_v4();
    inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? 12 : 0), buffer.data(),
              buffer.size());
    return buffer.data();
}

std::optional<Address> parse_address(std::string_view text) {
    if (text.find(':') == std::string_view::npos) return parse_v4(text);
    if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string terminated(text);
    Address address;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
    return address;
}

bool Prefix::contains(const Address& candidate) const noexcept {
    return candidate.family() == family && masked(candidate, mapped_length()) == address;
}

bool Prefix::contains(const Prefix& inner) const noexcept {
    return inner.family == family && inner.length >= length && contains(inner.address);
}

std::string text(const Prefix& prefix) {
    // "::/0" and friends must not be shown as IPv4: the family decides, not the bytes.
    if (prefix.family == Family::IPv6 && prefix.address.is_v4()) {
        return "::ffff:" + text(prefix.address) + "/" + std::to_string(prefix.length);
    }
    return text(prefix.address) + "/" + std::to_string(prefix.length);
}

namespace {

bool is_hexadecimal(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Each group of digits without zeros before its first other digit, as the API's old parser reads
/// them whatever their number.
std::string without_leading_zeros(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts =
            i == 0 || !is_hexadecimal(text[i - 1]) || out.empty() || !is_hexadecimal(out.back());
        const bool more = i + 1 < text.size() && is_hexadecimal(text[i + 1]);
        if (text[i] == '0' && starts && more) continue;
        out += text[i];
    }
    return out;
}

std::optional<Prefix> parse_block(std::string_view text, bool mapped_too) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string stored =
        mapped_too ? without_leading_zeros(text.substr(0, slash)) : std::string();
    const std::string_view address_text = mapped_too ? stored : text.substr(0, slash);
    const bool v6_text = address_text.find(':') != std::string_view::npos;
    const auto address = parse_address(address_text);
    if (!address) return std::nullopt;
    const bool is_mapped = v6_text && address->is_v4();
    if (is_mapped && !mapped_too) return std::nullopt;
    const auto length = number(text.substr(slash + 1), v6_text ? 128 : 32);
    if (!length) return std::nullopt;
    // A mapped address without all of its mark is one of IPv6: nothing else has such a block.
    const bool is_v4 = !v6_text || (is_mapped && *length >= 96);
    Prefix prefix;
    prefix.family = is_v4 ? Family::IPv4 : Family::IPv6;
    prefix.length = static_cast<std::uint8_t>(*length - (v6_text && is_v4 ? 96 : 0));
    prefix.address = masked(*address, prefix.mapped_length());
    return prefix;
}

}  // namespace

std::optional<Prefix> parse_prefix(std::string_view text) { return parse_block(text, false); }

std::optional<Prefix> parse_stored_prefix(std::string_view text) { return parse_block(text, true); }

Prefix host_prefix(const Address& address) noexcept {
    const Family family = address.family();
    return {address, static_cast<std::uint8_t>(family == Family::IPv4 ? 32 : 128), family};
}

}  // namespace tierwall::base
