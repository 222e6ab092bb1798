// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Trust: may this sender say that it is who it says it is, at this port?
///
/// A known address (a pod's or a node's) is accepted from one place only: the port it was
/// configured for, or the first one that it was seen at, until it leaves the address map. All
/// uplink ports are one place. So it is with link-local addresses, which no snapshot knows. Where
/// the scope is one node, its pods (and on a wire the node itself) are never at the uplink, and who
/// only asks there whether an address is free does not get it. Pods neither advertise routes nor
/// serve DHCP, and nobody unknown speaks from a pods port, apart from what a host says before it
/// has an address.
///
/// Threads: one worker each; workers share the address map and the bindings.
/// Memory:  a copy of the ports' facts.
/// Cost:    one load a packet that is not of an established flow, more for ARP and neighbours.

#include "dataplane/base/counters.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/worker/bindings.hpp"
#include "dataplane/worker/port_facts.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tierwall::worker {

/// Nothing: no objection.
using Objection = std::optional<base::Reason>;

/// A client's request before it has an address of its own. Requires: kind Ip.
bool is_dhcp_request(const parse::Headers& headers) noexcept;
/// Neither end uses a port of DHCP of its family.
inline bool is_clear_of_dhcp(const parse::Tuple& tuple, base::Family family) noexcept {
    // Of each family two ports, one after the other.
    const unsigned first = family == base::Family::IPv4 ? 67 : 546;
    return tuple.source_port - first > 1 && tuple.destination_port - first > 1;
}
/// UDP to where DHCP clients of its family listen: no pod may send it.
bool is_for_dhcp_client(const parse::Tuple& tuple) noexcept;
/// UDP from a server's port to a client's. Requires: kind Ip. What rogue() stops is more.
bool is_dhcp_reply(const parse::Headers& headers) noexcept;

class Trust {
public:
    Trust(std::vector<PortFacts> ports, identity::AddressMap& addresses,
          std::shared_ptr<Bindings> bindings, base::Counters& counters);

    /// Entries are those of `generation` from now on. Once a burst.
    void begin(std::uint32_t generation) noexcept { generation_ = generation; }

    /// What is asked from now on comes in now. Once a round.
    void set_now(std::uint32_t now_s) noexcept { now_s_ = now_s; }

    const PortFacts& facts(std::uint16_t port) const noexcept { return ports_[port]; }
    /// The place that addresses are bound to: the port itself, or kUplinkOrigin.
    std::uint16_t origin(std::uint16_t port) const noexcept {
        return ports_[port].side == Side::Uplink ? kUplinkOrigin : port;
    }

    /// What no pod may send, whoever it is. Needs no lookup. Requires: kind Ip.
    Objection rogue(const parse::Headers& headers, std::uint16_t port) const noexcept;

    /// `entry` is that of the IP source address.
    Objection sender(const base::Address& address, const identity::Entry& entry,
                     std::uint16_t port) noexcept;
    struct Neighbours {
        identity::Entry source;
        identity::Entry target;
    };
    /// The entries are those of ARP's sender and target addresses.
    Objection arp(const parse::Headers& headers, const Neighbours& entries,
                  std::uint16_t port) noexcept;
    /// Requires: headers.neighbour_discovery: parse has seen that it is from this link and whole.
    Objection neighbour(const parse::Headers& headers, const Neighbours& entries,
                        std::uint16_t port) noexcept;

    const Bindings& bindings() const noexcept { return *bindings_; }

private:
    /// What somebody does with a link-local address.
    enum class Use : std::uint8_t {
        Speaks,
        Announces,  ///< says to everybody that it is his, or will be
        Routes,     ///< advertises itself as a router
    };

    bool is_pods(std::uint16_t port) const noexcept { return ports_[port].side == Side::Pods; }
    bool may_claim(const identity::Entry& entry, std::uint16_t port) const noexcept;
    /// A question whether the address is free.
    Objection question(const base::Address& address, const identity::Entry& entry,
                       std::uint16_t port) noexcept;
    Objection link_local(const base::Address& address, Use use, std::uint16_t port) noexcept;
    Objection neighbour_source(const parse::Headers& headers, const identity::Entry& entry,
                               std::uint16_t port) noexcept;
    Objection neighbour_target(const parse::Headers& headers, const identity::Entry& entry,
                               std::uint16_t port) noexcept;
    void note_pod(const base::Address& address, std::uint16_t port) noexcept;

    std::vector<PortFacts> ports_;
    identity::AddressMap& addresses_;
    std::shared_ptr<Bindings> bindings_;
    base::Counters& counters_;
    bool has_pods_ports_ = false;
    std::uint32_t generation_ = 0;
    std::uint32_t now_s_ = 0;
};

}  // namespace tierwall::worker
