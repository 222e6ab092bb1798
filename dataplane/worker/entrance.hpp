// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Entrance: verdicts that follow from a packet and its port alone, before anything is looked up.
///
/// Threads: one worker.
/// Memory:  none.
/// Cost:    a few comparisons a packet.

#include "dataplane/base/verdict.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/worker/inquiry.hpp"
#include "dataplane/worker/packet_kind.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "dataplane/worker/trust.hpp"

namespace tierwall::worker {

/// What the configuration says of packets that policy does not judge.
struct EntranceRules {
    bool boot_open = false;
    bool pass_non_ip = false;
};

/// Action Pass: the packet goes on to the flow table.
base::Verdict entrance(const parse::Headers& headers, const Frame& frame, const Trust& trust,
                       const EntranceRules& rules) noexcept;

/// Nearly every packet: it goes on, whatever the rules.
inline bool enters_freely(const parse::Headers& headers, const Frame& frame,
                          const Trust& trust) noexcept {
    // Of TCP, too, it is asked for DHCP's ports: that is cheaper than to ask which it is.
    return headers.plain && is_clear_of_dhcp(headers.tuple, headers.family) &&
           frame.packet_length <= std::uint32_t{trust.facts(frame.port).mtu} + headers.l3_offset;
}

/// While there is nothing to enforce. ARP and neighbour discovery pass even when boot is closed:
/// without them the peers would lose their neighbours, and no payload travels in them.
base::Verdict without_snapshot(const parse::Headers& headers, const EntranceRules& rules) noexcept;

}  // namespace tierwall::worker
