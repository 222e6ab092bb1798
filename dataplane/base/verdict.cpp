// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/verdict.hpp"

namespace tierwall::base {

const char* name(Reason reason) noexcept {
    switch (reason) {
        case Reason::Established: return "established";
        case Reason::Policy: return "policy";
        case Reason::RelatedIcmp: return "related_icmp";
        case Reason::NeighbourDiscovery: return "neighbour_discovery";
        case Reason::Dhcp: return "dhcp";
        case Reason::FragmentFollows: return "fragment_follows";
        case Reason::OpenBoot: return "open_boot";
        case Reason::NonIpAllowed: return "non_ip_allowed";
        case Reason::PickedUp: return "picked_up";
        case Reason::PolicyDeny: return "policy_deny";
        case Reason::Isolated: return "isolated";
        case Reason::MidStream: return "mid_stream";
        case Reason::Malformed: return "malformed";
        case Reason::Truncated: return "truncated";
        case Reason::OverMtu: return "over_mtu";
        case Reason::PartialChecksum: return "partial_checksum";
        case Reason::FragmentUnknown: return "fragment_unknown";
        case Reason::NonIp: return "non_ip";
        case Reason::TransportUnknown: return "transport_unknown";
        case Reason::SpoofedSource: return "spoofed_source";
        case Reason::UnknownSource: return "unknown_source";
        case Reason::SpoofedMac: return "spoofed_mac";
        case Reason::RogueRouterAdvert: return "rogue_router_advert";
        case Reason::RogueRedirect: return "rogue_redirect";
        case Reason::RogueDhcp: return "rogue_dhcp";
        case Reason::NoSnapshot: return "no_snapshot";
        case Reason::FlowTableFull: return "flow_table_full";
        case Reason::NoPort: return "no_port";
        case Reason::SamePort: return "same_port";
        case Reason::PortFull: return "port_full";
        case Reason::WorkerFull: return "worker_full";
        case Reason::NoMemory: return "no_memory";
        case Reason::Count: break;
    }
    return "unknown";
}

const char* name(Action action) noexcept {
    switch (action) {
        case Action::Allow: return "allow";
        case Action::Deny: return "deny";
        case Action::Reject: return "reject";
        case Action::Pass: return "pass";
    }
    return "unknown";
}

const char* name(Direction direction) noexcept {
    return direction == Direction::Egress ? "egress" : "ingress";
}

const char* tier_name(std::uint16_t tier) noexcept {
    switch (tier) {
        case kTierAdmin: return "Admin";
        case kTierNetworkPolicy: return "NetworkPolicy";
        case kTierBaseline: return "Baseline";
        case kTierDefault: return "Default";
        case kTierNotSubject: return "NotSubject";
        case kTierSelf: return "Self";
        case kTierOwnNode: return "OwnNode";
        default: return "";
    }
}

}  // namespace tierwall::base
