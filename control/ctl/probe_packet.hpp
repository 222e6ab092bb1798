// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// probe_packet(): a packet as bytes on the wire, the first of a connection unless more is said.
///
/// TCP starts with SYN, SCTP with INIT, ICMP and ICMPv6 with an echo request unless another type is
/// wanted, and messages of the link are those of link_message.hpp; any other protocol carries eight
/// zero bytes.
///
/// Threads: any.
/// Memory:  one small vector.
/// Cost:    for tools; it is not on the packet path.

#include "dataplane/base/address.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tierwall::ctl {

inline constexpr std::uint8_t kSctpInit = 1;
/// The MAC address of who sends the frame.
inline constexpr std::uint8_t kProbeSender[] = {0x02, 0, 0, 0, 0, 1};

/// A piece of a packet. The first one holds the whole transport header, a later one zero bytes.
struct FragmentFields {
    std::uint32_t id = 0;      ///< 16 bits of it for IPv4
    std::uint16_t offset = 0;  ///< in bytes, a multiple of 8
    bool more = false;         ///< it is not the last one
};

struct PacketFields {
    base::Address source;
    base::Address destination;
    std::uint8_t protocol = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::optional<std::uint8_t> icmp_type;
    std::uint8_t icmp_code = 0;
    std::vector<std::uint8_t> quoted = {};  ///< the IP packet that an ICMP error is about
    std::optional<std::uint8_t> tcp_flags = {};
    std::uint8_t sctp_chunk = kSctpInit;
    std::optional<FragmentFields> fragment = {};
};

/// An IP packet with correct lengths and checksums (a fragment's transport checksum is that of the
/// piece). Requires: addresses of one family.
std::vector<std::uint8_t> ip_packet(const PacketFields& fields);
/// The same in an Ethernet frame.
std::vector<std::uint8_t> probe_packet(const PacketFields& fields);

}  // namespace tierwall::ctl
