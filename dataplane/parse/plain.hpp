// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Plain: nearly every packet, read in one go: TCP or UDP right behind an IP header without
/// options, right behind an Ethernet header.
///
/// In a header, because a call would cost a third of what it does. It reads and writes whole words
/// and asks as few questions as it can: TCP or UDP is nothing that a branch could foretell.
///
/// Threads: any; values.
/// Memory:  none.
/// Cost:    about 75 instructions over IPv4.

#include "dataplane/base/protocol.hpp"
#include "dataplane/parse/layers.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tierwall::parse {
namespace plain {

static_assert(std::endian::native == std::endian::little, "words are taken apart as they lie");

inline constexpr std::uint32_t kLinkLength = 14;
inline constexpr std::uint32_t kIpv4Length = 20;
inline constexpr std::uint32_t kIpv6Length = 40;
inline constexpr std::uint32_t kUdpHeader = 8;
/// Of UDP, too, so many bytes must be there: then both are read without asking which it is.
inline constexpr std::uint32_t kTcpHeader = 20;

/// Bit n: the protocol n is a plain packet's.
inline constexpr std::uint32_t kProtocols = 1u << base::kIpTcp | 1u << base::kIpUdp;

template <typename Word>
inline Word load(const std::uint8_t* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof(word));
    return word;
}

constexpr std::uint16_t swapped(std::uint64_t bytes) noexcept {
    return __builtin_bswap16(static_cast<std::uint16_t>(bytes));
}

/// Bit n: n is a sound combination of the five flags that say what a segment is.
constexpr std::uint32_t sound_flags() noexcept {
    std::uint32_t sound = 0;
    for (unsigned flags = 0; flags < 32; ++flags) {
        if (tcp_flags_sound(static_cast<std::uint8_t>(flags))) sound |= 1u << flags;
    }
    return sound;
}

/// Where the layers are, and what the IP header says.
struct Layout {
    base::Family family;
    std::uint16_t ether_type;
    std::uint32_t ip_header;
    std::uint32_t ip_length;
    std::uint8_t protocol;
    std::uint8_t hop_limit;
};

inline void fill_in(const Packet& packet, const Layout& layout, Headers& headers) noexcept {
    headers.kind = Kind::Ip;
    headers.problem = base::Reason::Malformed;
    headers.fragment = Fragment::None;
    headers.has_transport = true;
    headers.icmp_error = false;
    headers.neighbour_discovery = false;
    headers.icmp_query = false;
    headers.icmp_reply = false;
    headers.icmp_type = 0;
    headers.icmp_code = 0;
    headers.has_target = false;
    headers.embedded_valid = false;
    headers.sctp_init = false;
    headers.plain = true;
    headers.vlan = 0;
    headers.family = layout.family;
    headers.hop_limit = layout.hop_limit;
    headers.ether_type = layout.ether_type;
    headers.l3_offset = kLinkLength;
    headers.l4_offset = static_cast<std::uint16_t>(kLinkLength + layout.ip_header);
    headers.l4_length = static_cast<std::uint16_t>(layout.ip_length - layout.ip_header);
    headers.ip_length = static_cast<std::uint16_t>(layout.ip_length);
    // Both addresses as one piece, as they lie in the frame.
    static_assert(offsetof(Headers, mac_source) == offsetof(Headers, mac_destination) + 6);
    auto* bytes = reinterpret_cast<std::uint8_t*>(&headers);
    std::memcpy(bytes + offsetof(Headers, mac_destination), packet.data, 12);
}

/// Requires: kTcpHeader bytes behind the IP header can be read.
inline bool read_ports(const Packet& packet, const Layout& layout, Headers& headers) noexcept {
    const std::uint32_t transport = kLinkLength + layout.ip_header;
    const std::uint8_t* header = packet.data + transport;
    const auto first = load<std::uint64_t>(header);  // ports, and UDP's length
    const auto offset_and_flags = load<std::uint16_t>(header + 12);
    if (layout.protocol > 31 || ((kProtocols >> layout.protocol) & 1) == 0) return false;
    // All ones for TCP: it chooses without a branch.
    const std::uint32_t tcp = 0 - static_cast<std::uint32_t>(layout.protocol == base::kIpTcp);
    const std::uint32_t tcp_length = (offset_and_flags & 0xf0u) >> 2;
    const std::uint32_t length = (tcp & tcp_length) | (~tcp & swapped(first >> 32));
    const std::uint32_t least = kUdpHeader + (tcp & (kTcpHeader - kUdpHeader));
    if (length < least) return false;
    const std::uint32_t end = kLinkLength + layout.ip_length;
    if (transport + length > end || end > packet.end) return false;
    const std::uint32_t flags = tcp & (offset_and_flags >> 8);
    // What has no flags counts as an ACK.
    const std::uint32_t judged = (flags | (~tcp & tcp_flag::kAck)) & 31;
    if (((sound_flags() >> judged) & 1) == 0) return false;
    headers.tcp_flags = static_cast<std::uint8_t>(flags);
    headers.tuple.source_port = swapped(first);
    headers.tuple.destination_port = swapped(first >> 16);
    headers.tuple.protocol = layout.protocol;
    return true;
}

/// `head`: the eight bytes from the Ethernet type on.
inline bool read_v4(const Packet& packet, std::uint64_t head, Headers& headers) noexcept {
    if (packet.readable < kLinkLength + kIpv4Length + kTcpHeader) return false;
    const auto middle = load<std::uint64_t>(packet.data + kLinkLength + 6);
    const auto both = load<std::uint64_t>(packet.data + kLinkLength + 12);
    const Layout layout{.family = base::Family::IPv4,
                        .ether_type = base::kEtherIpv4,
                        .ip_header = kIpv4Length,
                        .ip_length = swapped(head >> 32),
                        .protocol = static_cast<std::uint8_t>(middle >> 24),
                        .hop_limit = static_cast<std::uint8_t>(middle >> 16)};
    const bool is_fragment = (middle & 0xff3f) != 0;
    const auto source = static_cast<std::uint8_t>(both);
    const auto destination = static_cast<std::uint8_t>(both >> 32);
    // Groups and classes beyond them, and loopback.
    if (is_fragment || source >= 0xe0 || source == 127 || destination == 127) return false;
    headers.tuple.source = base::Address::v4_of_word(static_cast<std::uint32_t>(both));
    headers.tuple.destination = base::Address::v4_of_word(static_cast<std::uint32_t>(both >> 32));
    if (!read_ports(packet, layout, headers)) return false;
    fill_in(packet, layout, headers);
    return true;
}

/// Of addresses that begin with zeros some are mapped, and some are loopback.
inline bool read_v6(const Packet& packet, Headers& headers) noexcept {
    if (packet.readable < kLinkLength + kIpv6Length + kTcpHeader) return false;
    const std::uint8_t* ip = packet.data + kLinkLength;
    const Layout layout{.family = base::Family::IPv6,
                        .ether_type = base::kEtherIpv6,
                        .ip_header = kIpv6Length,
                        .ip_length = kIpv6Length + swapped(load<std::uint16_t>(ip + 4)),
                        .protocol = ip[6],
                        .hop_limit = ip[7]};
    Tuple& tuple = headers.tuple;
    tuple.source = base::Address::v6(ip + 8);
    tuple.destination = base::Address::v6(ip + 24);
    const bool sound = ip[8] != 0xff && tuple.source.high() != 0 && tuple.destination.high() != 0 &&
                       layout.ip_length <= 0xffff;
    if (!sound || !read_ports(packet, layout, headers)) return false;
    fill_in(packet, layout, headers);
    return true;
}

}  // namespace plain

/// False: it is another packet, or something is wrong with it; then nothing that was written
/// counts. What it takes, read_frame() would read in the same way.
inline bool read_plain(const Packet& packet, Headers& headers) noexcept {
    if (packet.readable < plain::kLinkLength + plain::kIpv4Length) return false;
    const auto head = plain::load<std::uint64_t>(packet.data + 12);
    // A group address can be no sender.
    if ((packet.data[6] & 1) != 0) return false;
    // The Ethernet type and the IP version; of IPv4 the header's length, too.
    if ((head & 0xffffff) == 0x450008) return plain::read_v4(packet, head, headers);
    return (head & 0xf0ffff) == 0x60dd86 && plain::read_v6(packet, headers);
}

/// parse(), where most packets are plain.
inline void parse_plain(std::span<const std::uint8_t> frame, std::uint32_t frame_length,
                        Headers& headers) noexcept {
    const auto readable =
        static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), frame_length));
    if (read_plain({frame.data(), readable, frame_length}, headers)) [[likely]]
        return;
    parse_layers(frame, frame_length, headers);
}

}  // namespace tierwall::parse
