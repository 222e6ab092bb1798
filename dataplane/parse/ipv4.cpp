// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/layers.hpp"

namespace tierwall::parse {
namespace {

using base::Reason;

constexpr std::uint32_t kHeaderLengthMin = 20;
constexpr std::uint8_t kOptionEnd = 0;
constexpr std::uint8_t kOptionNop = 1;
constexpr std::uint8_t kOptionLooseRoute = 131;
constexpr std::uint8_t kOptionStrictRoute = 137;

/// Options that add up. Source routes are refused: with one, the destination in the header is not
/// the destination that policy should judge.
bool options_sound(const std::uint8_t* options, std::uint32_t length) noexcept {
    std::uint32_t at = 0;
    while (at < length && options[at] != kOptionEnd) {
        if (options[at] == kOptionNop) {
            ++at;
            continue;
        }
        if (options[at] == kOptionLooseRoute || options[at] == kOptionStrictRoute) return false;
        if (at + 1 >= length) return false;
        const std::uint32_t option_length = options[at + 1];
        if (option_length < 2 || at + option_length > length) return false;
        at += option_length;
    }
    return true;
}

}  // namespace

bool read_ipv4(Packet packet, Headers& headers) noexcept {
    const std::uint32_t start = headers.l3_offset;
    if (start + kHeaderLengthMin > packet.readable) return refuse(headers, Reason::Truncated);
    const std::uint8_t* ip = packet.data + start;
    const std::uint32_t header_length = (ip[0] & 0x0fu) * 4;
    const std::uint16_t total_length = be16(ip + 2);
    if (ip[0] >> 4 != 4 || header_length < kHeaderLengthMin || total_length < header_length) {
        return refuse(headers, Reason::Malformed);
    }
    headers.family = base::Family::IPv4;
    headers.tuple.source = base::Address::v4(ip + 12);
    headers.tuple.destination = base::Address::v4(ip + 16);
    headers.tuple.protocol = ip[9];
    headers.hop_limit = ip[8];
    headers.ip_length = total_length;
    if (start + total_length > packet.end || start + header_length > packet.readable) {
        return refuse(headers, Reason::Truncated);
    }
    packet.end = start + total_length;  // what follows is padding
    headers.l4_offset = static_cast<std::uint16_t>(start + header_length);
    headers.l4_length = static_cast<std::uint16_t>(total_length - header_length);
    if (!v4_addresses_sound(ip + 12, ip + 16)) return refuse(headers, Reason::Malformed);
    if (header_length > kHeaderLengthMin &&
        !options_sound(ip + kHeaderLengthMin, header_length - kHeaderLengthMin)) {
        return refuse(headers, Reason::Malformed);
    }
    headers.kind = Kind::Ip;
    const std::uint32_t fragment = be16(ip + 6) & 0x3fffu;
    if (fragment != 0) [[unlikely]] {
        headers.fragment_id = be16(ip + 4);
        const bool more = (fragment & 0x2000) != 0;
        if (!note_fragment(headers, (fragment & 0x1fff) * 8, more)) return false;
        if (headers.fragment == Fragment::Later) return true;
    }
    return read_transport(packet, headers);
}

bool read_embedded_ipv4(const Packet& packet, std::uint32_t offset, Tuple& tuple) noexcept {
    if (offset + kHeaderLengthMin > packet.end) return false;
    const std::uint8_t* ip = packet.data + offset;
    const std::uint32_t header_length = (ip[0] & 0x0fu) * 4;
    const bool later_fragment = (be16(ip + 6) & 0x1fff) != 0;
    if (ip[0] >> 4 != 4 || header_length < kHeaderLengthMin || later_fragment) return false;
    tuple.source = base::Address::v4(ip + 12);
    tuple.destination = base::Address::v4(ip + 16);
    tuple.protocol = ip[9];
    return read_embedded_ports(packet, offset + header_length, tuple);
}

}  // namespace tierwall::parse
