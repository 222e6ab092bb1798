// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Verdict: what is done with a packet, why, and which tier and rule said so.
///
/// Every drop has a Reason, every Reason a counter of its own, and a decision of policy names its
/// tier and rule. Reason is the one list of all of them; tools print the words of `name(Reason)`.
///
/// Threads: any; values.
/// Memory:  8 bytes, returned in a register.
/// Cost:    none.

#include <cstddef>
#include <cstdint>

namespace tierwall::base {

enum class Action : std::uint8_t { Allow, Deny, Reject, Pass };

/// Which end of the traffic is judged: Egress at the source, Ingress at the destination.
enum class Direction : std::uint8_t { Egress, Ingress };

/// Ordered stages of policy. The numbers index a snapshot's tiers.
enum TierNumber : std::uint16_t {
    kTierAdmin = 0,
    kTierNetworkPolicy = 1,
    kTierBaseline = 2,
    kTiersMax = 8,
    // Outcomes that no tier decided.
    kTierDefault = 250,     ///< every tier was silent: the cluster default, allow
    kTierNotSubject = 251,  ///< this end is no pod that this dataplane protects
    kTierSelf = 252,        ///< a pod talking to its own address
    kTierOwnNode = 253,     ///< NetworkPolicy: traffic from the pod's own node
    kTierNone = 254,        ///< not a matter of policy (parse, trust, state)
};

enum class Reason : std::uint8_t {
    // Passed.
    Established,         ///< a known flow, or its reply
    Policy,              ///< new flow that policy allows, whichever tier said so
    RelatedIcmp,         ///< ICMP error about a live flow
    NeighbourDiscovery,  ///< ARP, ICMPv6 133-137 and MLD
    Dhcp,                ///< a DHCP client's request
    FragmentFollows,     ///< later fragment of an admitted first one
    OpenBoot,            ///< nothing to enforce yet and boot: open
    NonIpAllowed,        ///< non-IP, configured to pass
    PickedUp,            ///< reply seen first, within pickup_s of start
    // Dropped by policy.
    PolicyDeny,  ///< a rule's Deny
    Isolated,    ///< a NetworkPolicy isolates the subject and none of its rules matches
    MidStream,   ///< TCP without SYN and without a flow, which policy denies as seen
    // Dropped for what the packet is.
    Malformed,
    Truncated,        ///< shorter than its own length fields say
    OverMtu,          ///< longer than the port can send (segmentation offload at the sender)
    PartialChecksum,  ///< the sender left the checksum to hardware that is not there
    FragmentUnknown,  ///< later fragment without a remembered first one
    NonIp,
    TransportUnknown,  ///< extension header chain that cannot be followed
    // Dropped for where it came from.
    SpoofedSource,  ///< a known pod's address from a port that is not its own
    UnknownSource,  ///< from a pods port, an address nobody knows
    SpoofedMac,     ///< a MAC address that belongs to another port
    RogueRouterAdvert,
    RogueRedirect,
    RogueDhcp,
    // Dropped for want of something.
    NoSnapshot,  ///< nothing to enforce yet and boot: closed
    FlowTableFull,
    NoPort,      ///< nowhere to send it
    SamePort,    ///< destination is behind the port it came from
    PortFull,    ///< the sending queue had no room
    WorkerFull,  ///< another worker's ring had no room
    NoMemory,    ///< no mbuf for a copy
    Count,
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::Count);

/// snake_case word, as in metrics and JSON.
const char* name(Reason reason) noexcept;
const char* name(Action action) noexcept;
const char* name(Direction direction) noexcept;
/// "Admin", "NetworkPolicy", "Baseline", "Default", "NotSubject", "Self", "OwnNode", "".
const char* tier_name(std::uint16_t tier) noexcept;

constexpr bool passes(Reason reason) noexcept { return reason < Reason::PolicyDeny; }

/// Rule id of a verdict that no rule gave.
inline constexpr std::uint32_t kNoRule = 0;

struct Verdict {
    Action action = Action::Deny;
    Reason reason = Reason::Malformed;
    std::uint16_t tier = kTierNone;
    std::uint32_t rule = kNoRule;
};
static_assert(sizeof(Verdict) == 8);

/// What one direction's tiers said.
struct Decision {
    Action action = Action::Allow;  ///< Allow, Deny or Reject
    std::uint8_t unused = 0;
    std::uint16_t tier = kTierDefault;
    std::uint32_t rule = kNoRule;
    friend bool operator==(const Decision&, const Decision&) noexcept = default;
};
static_assert(sizeof(Decision) == 8);

}  // namespace tierwall::base
