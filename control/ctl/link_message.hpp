// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Messages of neighbour discovery (RFC 4861) and multicast listener discovery (RFC 2710, 3810), as
/// a host sends them: they never leave the link, and policy is not asked about sound ones.
///
/// Threads: any; pure.
/// Memory:  one small vector.
/// Cost:    for tools; it is not on the packet path.

#include "control/ctl/probe_packet.hpp"

#include <cstdint>
#include <vector>

namespace tierwall::ctl {

/// ICMPv6 between IPv6 addresses of a type that is one of these, and no error.
bool is_link_message(const PacketFields& fields);

/// What stands behind type, code and checksum. A solicitation asks for its destination, or for
/// somebody whom the solicited-node group that it goes to is for; an advertisement is about its
/// source; a report joins the group that it goes to. Requires: is_link_message(fields).
std::vector<std::uint8_t> link_message_body(const PacketFields& fields);

/// 255 for neighbour discovery, 1 for listeners: how a receiver knows that no router had it.
std::uint8_t link_message_hop_limit(const PacketFields& fields);

}  // namespace tierwall::ctl
