// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/layers.hpp"

#include <cstring>

namespace tierwall::parse {
namespace {

constexpr std::uint32_t kArpLength = 28;
constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint16_t kRequest = 1;
constexpr std::uint16_t kReply = 2;

}  // namespace

bool read_arp(const Packet& packet, Headers& headers) noexcept {
    const std::uint32_t start = headers.l3_offset;
    if (start + kArpLength > packet.readable) return refuse(headers, base::Reason::Truncated);
    const std::uint8_t* arp = packet.data + start;
    const bool ethernet_ipv4 = be16(arp) == kHardwareEthernet &&
                               be16(arp + 2) == base::kEtherIpv4 && arp[4] == 6 && arp[5] == 4;
    headers.arp_operation = be16(arp + 6);
    if (!ethernet_ipv4 || (headers.arp_operation != kRequest && headers.arp_operation != kReply)) {
        return refuse(headers, base::Reason::Malformed);
    }
    std::memcpy(headers.arp_sender_mac.data(), arp + 8, 6);
    headers.tuple.source = base::Address::v4(arp + 14);
    headers.tuple.destination = base::Address::v4(arp + 24);
    const bool group_mac = (headers.arp_sender_mac[0] & 1) != 0;
    const bool loopback = arp[14] == 127 || arp[24] == 127;
    if (group_mac || loopback || headers.tuple.source.is_multicast_or_broadcast()) {
        return refuse(headers, base::Reason::Malformed);
    }
    headers.family = base::Family::IPv4;
    headers.kind = Kind::Arp;
    return true;
}

}  // namespace tierwall::parse
