// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/layers.hpp"

#include <cstring>

namespace tierwall::parse {
namespace {

constexpr std::uint32_t kLinkLength = 14;
constexpr std::uint32_t kIpv4Length = 20;
constexpr std::uint32_t kIpv6Length = 40;
constexpr std::uint32_t kUdpHeader = 8;
constexpr std::uint32_t kTcpHeader = 20;

/// What differs between plain packets, apart from their addresses and ports.
struct Plain {
    base::Family family = base::Family::IPv4;
    std::uint8_t protocol = 0;
    std::uint8_t hop_limit = 0;
    std::uint8_t tcp_flags = 0;
    std::uint16_t ether_type = 0;
    std::uint32_t ip_header = 0;
    std::uint32_t ip_length = 0;

    std::uint32_t transport() const noexcept { return kLinkLength + ip_header; }
    std::uint32_t end() const noexcept { return kLinkLength + ip_length; }
};

bool read_plain_v4(const Packet& packet, Plain& plain, Tuple& tuple) noexcept {
    const std::uint8_t* ip = packet.data + kLinkLength;
    plain.ip_header = kIpv4Length;
    plain.ip_length = be16(ip + 2);
    plain.protocol = ip[9];
    plain.hop_limit = ip[8];
    tuple.source = base::Address::v4(ip + 12);
    tuple.destination = base::Address::v4(ip + 16);
    const bool is_fragment = (be16(ip + 6) & 0x3fff) != 0;
    return ip[0] == 0x45 && !is_fragment && v4_addresses_sound(ip + 12, ip + 16);
}

/// Of addresses that begin with zeros some are mapped, and some are loopback.
bool read_plain_v6(const Packet& packet, Plain& plain, Tuple& tuple) noexcept {
    if (packet.readable < kLinkLength + kIpv6Length + kUdpHeader) return false;
    const std::uint8_t* ip = packet.data + kLinkLength;
    plain.family = base::Family::IPv6;
    plain.ip_header = kIpv6Length;
    plain.ip_length = kIpv6Length + be16(ip + 4);
    plain.protocol = ip[6];
    plain.hop_limit = ip[7];
    tuple.source = base::Address::v6(ip + 8);
    tuple.destination = base::Address::v6(ip + 24);
    return ip[0] >> 4 == 6 && ip[8] != 0xff && tuple.source.high() != 0 &&
           tuple.destination.high() != 0 && plain.ip_length <= 0xffff;
}

bool transport_sound(const Packet& packet, Plain& plain) noexcept {
    const std::uint32_t at = plain.transport();
    const std::uint8_t* header = packet.data + at;
    if (plain.end() > packet.end) return false;
    if (plain.protocol == base::kIpTcp) {
        if (at + kTcpHeader > packet.readable) return false;
        const std::uint32_t length = (header[12] >> 4) * 4u;
        plain.tcp_flags = header[13];
        return length >= kTcpHeader && at + length <= plain.end() &&
               tcp_flags_sound(plain.tcp_flags);
    }
    const std::uint32_t length = be16(header + 4);
    return plain.protocol == base::kIpUdp && length >= kUdpHeader && at + length <= plain.end();
}

void fill_in(const Packet& packet, const Plain& plain, Headers& headers) noexcept {
    const std::uint8_t* header = packet.data + plain.transport();
    headers.kind = Kind::Ip;
    headers.problem = base::Reason::Malformed;
    headers.family = plain.family;
    headers.fragment = Fragment::None;
    headers.has_transport = true;
    headers.icmp_error = false;
    headers.neighbour_discovery = false;
    headers.icmp_query = false;
    headers.icmp_reply = false;
    headers.tcp_flags = plain.tcp_flags;
    headers.icmp_type = 0;
    headers.icmp_code = 0;
    headers.hop_limit = plain.hop_limit;
    headers.has_target = false;
    headers.embedded_valid = false;
    headers.sctp_init = false;
    headers.ether_type = plain.ether_type;
    headers.vlan = 0;
    headers.l3_offset = kLinkLength;
    headers.l4_offset = static_cast<std::uint16_t>(plain.transport());
    headers.l4_length = static_cast<std::uint16_t>(plain.ip_length - plain.ip_header);
    headers.ip_length = static_cast<std::uint16_t>(plain.ip_length);
    std::memcpy(headers.mac_destination.data(), packet.data, 6);
    std::memcpy(headers.mac_source.data(), packet.data + 6, 6);
    headers.tuple.source_port = be16(header);
    headers.tuple.destination_port = be16(header + 2);
    headers.tuple.protocol = plain.protocol;
}

}  // namespace

bool read_plain(const Packet& packet, Headers& headers) noexcept {
    if (packet.readable < kLinkLength + kIpv4Length + kUdpHeader) return false;
    // A group address can be no sender.
    if ((packet.data[6] & 1) != 0) return false;
    Plain plain;
    plain.ether_type = be16(packet.data + 12);
    const bool known =
        plain.ether_type == base::kEtherIpv4
            ? read_plain_v4(packet, plain, headers.tuple)
            : plain.ether_type == base::kEtherIpv6 && read_plain_v6(packet, plain, headers.tuple);
    if (!known || !transport_sound(packet, plain)) return false;
    fill_in(packet, plain, headers);
    return true;
}

}  // namespace tierwall::parse
