// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/entrance.hpp"

namespace tierwall::worker {
namespace {

/// Longer than the port could send on: the sender left segmentation to hardware that is not there.
bool is_over_mtu(const parse::Headers& headers, const Frame& frame,
                 const PortFacts& facts) noexcept {
    constexpr std::uint32_t kEthernetHeader = 14;
    const std::uint32_t link = headers.l3_offset != 0 ? headers.l3_offset : kEthernetHeader;
    return frame.packet_length > facts.mtu + link;
}

}  // namespace

base::Verdict entrance(const parse::Headers& headers, const Frame& frame, const Trust& trust,
                       const EntranceRules& rules) noexcept {
    constexpr base::Verdict kGoesOn{base::Action::Pass, base::Reason::Policy, base::kTierNone,
                                    base::kNoRule};
    if (headers.kind == parse::Kind::Malformed) return deny(headers.problem);
    if (is_over_mtu(headers, frame, trust.facts(frame.port))) return deny(base::Reason::OverMtu);
    if (headers.kind == parse::Kind::NonIp) {
        return rules.pass_non_ip ? allow(base::Reason::NonIpAllowed) : deny(base::Reason::NonIp);
    }
    if (headers.kind == parse::Kind::Arp) return kGoesOn;
    if (const Objection objection = trust.rogue(headers, frame.port)) return deny(*objection);
    if (is_dhcp_request(headers)) return allow(base::Reason::Dhcp);
    return kGoesOn;
}

base::Verdict without_snapshot(const parse::Headers& headers, const EntranceRules& rules) noexcept {
    if (is_neighbour(headers)) return allow(base::Reason::NeighbourDiscovery);
    return rules.boot_open ? allow(base::Reason::OpenBoot) : deny(base::Reason::NoSnapshot);
}

}  // namespace tierwall::worker
