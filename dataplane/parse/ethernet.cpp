// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/plain.hpp"

#include <algorithm>
#include <cstring>

namespace tierwall::parse {
namespace {

using base::Reason;

constexpr std::uint32_t kEthernetLength = 14;
constexpr std::uint32_t kVlanLength = 4;

bool is_vlan(std::uint16_t ether_type) noexcept {
    return ether_type == base::kEtherVlan || ether_type == base::kEtherQinQ;
}

/// Steps over VLAN tags; `offset` ends behind the last one.
bool read_vlan_tags(const Packet& packet, Headers& headers, std::uint32_t& offset) noexcept {
    for (int tags = 0; is_vlan(headers.ether_type); ++tags) {
        // What lies behind more tags was not looked at, so it must not pass as "not IP".
        if (tags == kVlanTagsMax) return refuse(headers, Reason::Malformed);
        if (offset + kVlanLength > packet.readable) return refuse(headers, Reason::Truncated);
        const std::uint8_t* tag = packet.data + offset;
        if (tags == 0) headers.vlan = be16(tag) & 0x0fff;
        headers.ether_type = be16(tag + 2);
        offset += kVlanLength;
    }
    return true;
}

bool read_ethernet(const Packet& packet, Headers& headers) noexcept {
    if (packet.readable < kEthernetLength) return refuse(headers, Reason::Truncated);
    std::memcpy(headers.mac_destination.data(), packet.data, 6);
    std::memcpy(headers.mac_source.data(), packet.data + 6, 6);
    headers.ether_type = be16(packet.data + 12);
    // A group address can be no sender.
    if ((headers.mac_source[0] & 1) != 0) return refuse(headers, Reason::Malformed);
    std::uint32_t offset = kEthernetLength;
    if (is_vlan(headers.ether_type) && !read_vlan_tags(packet, headers, offset)) return false;
    headers.l3_offset = static_cast<std::uint16_t>(offset);
    switch (headers.ether_type) {
        case base::kEtherIpv4: return read_ipv4(packet, headers);
        case base::kEtherIpv6: return read_ipv6(packet, headers);
        case base::kEtherArp: return read_arp(packet, headers);
        default: headers.kind = Kind::NonIp; return true;
    }
}

}  // namespace

bool read_frame(const Packet& packet, Headers& headers) noexcept {
    const bool sound = read_ethernet(packet, headers);
    if (!sound) headers.kind = Kind::Malformed;
    return sound;
}

void parse_layers(std::span<const std::uint8_t> frame, std::uint32_t frame_length,
                  Headers& headers) noexcept {
    const auto readable =
        static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), frame_length));
    headers = Headers{};
    read_frame({frame.data(), readable, frame_length}, headers);
    const bool has_ports =
        headers.tuple.protocol == base::kIpTcp || headers.tuple.protocol == base::kIpUdp;
    headers.plain = headers.kind == Kind::Ip && headers.fragment == Fragment::None && has_ports;
}

void parse(std::span<const std::uint8_t> frame, std::uint32_t frame_length,
           Headers& headers) noexcept {
    parse_plain(frame, frame_length, headers);
}

Headers parse(std::span<const std::uint8_t> frame, std::uint32_t frame_length) noexcept {
    Headers headers;
    parse(frame, frame_length, headers);
    return headers;
}

bool note_fragment(Headers& headers, std::uint32_t offset, bool more) noexcept {
    headers.fragment = offset == 0 ? Fragment::First : Fragment::Later;
    headers.fragment_offset = static_cast<std::uint16_t>(offset);
    if (headers.l4_length == 0 || offset + headers.l4_length > 0xffff) {
        return refuse(headers, Reason::Malformed);
    }
    if (more && headers.l4_length % 8 != 0) return refuse(headers, Reason::Malformed);
    // Eight bytes into a TCP header lie its flags: a fragment that begins there is there to rewrite
    // what was judged in the first one.
    if (offset == 8 && headers.tuple.protocol == base::kIpTcp) {
        return refuse(headers, Reason::Malformed);
    }
    return true;
}

}  // namespace tierwall::parse
