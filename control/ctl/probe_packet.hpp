// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// probe_packet(): the first packet of a connection as bytes on the wire.
///
/// TCP starts with SYN, SCTP with INIT, ICMP and ICMPv6 with an echo request unless another type is
/// wanted; any other protocol carries eight zero bytes.
///
/// Threads: any.
/// Memory:  one small vector.
/// Cost:    for tools; it is not on the packet path.

#include "dataplane/base/address.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tierwall::ctl {

struct PacketFields {
    base::Address source;
    base::Address destination;
    std::uint8_t protocol = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::optional<std::uint8_t> icmp_type;
};

/// An Ethernet frame with correct lengths and checksums. Requires: addresses of one family.
std::vector<std::uint8_t> probe_packet(const PacketFields& fields);

}  // namespace tierwall::ctl
