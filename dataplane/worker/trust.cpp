// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/trust.hpp"

#include "dataplane/base/protocol.hpp"
#include "dataplane/parse/icmp_type.hpp"

#include <array>
#include <span>
#include <utility>

namespace tierwall::worker {
namespace {

namespace icmpv6_type = parse::icmpv6_type;

constexpr std::uint16_t kDhcpServer = 67;
constexpr std::uint16_t kDhcpClient = 68;
constexpr std::uint16_t kDhcpv6Client = 546;
constexpr std::uint16_t kDhcpv6Server = 547;
constexpr std::uint16_t kArpRequest = 1;

/// Types that a host may send before it has an address.
bool may_be_nameless(std::uint8_t type) noexcept {
    return parse::is_mld(type) || type == icmpv6_type::kRouterSolicitation ||
           type == icmpv6_type::kNeighbourSolicitation;
}

bool is_v6_link_local(const base::Address& address) noexcept {
    return !address.is_v4() && address.is_link_local();
}

bool has_udp_ports(const parse::Headers& headers) noexcept {
    return headers.has_transport && headers.tuple.protocol == base::kIpUdp;
}

}  // namespace

bool is_dhcp_request(const parse::Headers& headers) noexcept {
    const parse::Tuple& tuple = headers.tuple;
    // Only to everybody: to one address it would be a way past that address's policy.
    if (!has_udp_ports(headers) || !tuple.destination.is_multicast_or_broadcast()) return false;
    if (headers.family == base::Family::IPv4) {
        return tuple.source.is_unspecified() && tuple.source_port == kDhcpClient &&
               tuple.destination_port == kDhcpServer;
    }
    return (tuple.source.is_unspecified() || tuple.source.is_link_local()) &&
           tuple.source_port == kDhcpv6Client && tuple.destination_port == kDhcpv6Server;
}

bool is_dhcp_reply(const parse::Headers& headers) noexcept {
    const parse::Tuple& tuple = headers.tuple;
    if (!has_udp_ports(headers)) return false;
    if (headers.family == base::Family::IPv4) {
        return tuple.source_port == kDhcpServer && tuple.destination_port == kDhcpClient;
    }
    return tuple.source_port == kDhcpv6Server && tuple.destination_port == kDhcpv6Client;
}

Trust::Trust(std::vector<PortFacts> ports, identity::AddressMap& addresses,
             std::shared_ptr<Bindings> bindings, base::Counters& counters)
    : ports_(std::move(ports)),
      addresses_(addresses),
      bindings_(std::move(bindings)),
      counters_(counters) {}

Objection Trust::rogue(const parse::Headers& headers, std::uint16_t port) const noexcept {
    if (!is_pods(port)) return std::nullopt;
    const std::uint8_t protocol = headers.tuple.protocol;
    if (protocol == base::kIpTcp) return std::nullopt;
    if (is_dhcp_reply(headers)) return base::Reason::RogueDhcp;
    if (!headers.has_transport) return std::nullopt;
    if (protocol == base::kIpIcmp && headers.icmp_type == parse::icmp_type::kRedirect) {
        return base::Reason::RogueRedirect;
    }
    // Who asks for listeners is a router, or wants to be taken for one.
    if (protocol == base::kIpIcmpv6 && (headers.icmp_type == icmpv6_type::kRouterAdvertisement ||
                                        headers.icmp_type == icmpv6_type::kMldQuery)) {
        return base::Reason::RogueRouterAdvert;
    }
    if (protocol == base::kIpIcmpv6 && headers.icmp_type == icmpv6_type::kRedirect) {
        return base::Reason::RogueRedirect;
    }
    return std::nullopt;
}

/// Whose address nobody has used yet. A pod may not become its node, whose traffic NetworkPolicy
/// admits, nor a pod that lives on another node.
bool Trust::may_claim(const identity::Entry& entry, std::uint16_t port) const noexcept {
    if (!is_pods(port)) return true;
    const PortFacts& facts = ports_[port];
    return !facts.reserved && entry.is_local() && (entry.is_pod() || facts.has_node);
}

Objection Trust::sender(const base::Address& address, const identity::Entry& entry,
                        std::uint16_t port) noexcept {
    if (!entry.is_known()) {
        if (is_pods(port)) return base::Reason::UnknownSource;
        return is_v6_link_local(address) ? link_local(address, port) : std::nullopt;
    }
    const std::uint16_t place = origin(port);
    if (addresses_.bound_port(entry) != place &&
        !(may_claim(entry, port) && addresses_.claim(entry, place))) {
        return base::Reason::SpoofedSource;
    }
    if (is_pods(port) && entry.is_pod()) note_pod(address, port);
    return std::nullopt;
}

/// A probe without a sender asks whether its target is free, and so speaks for the target, as a
/// solicitation without a source does.
Objection Trust::arp(const parse::Headers& headers, const Neighbours& entries,
                     std::uint16_t port) noexcept {
    const base::Address& source = headers.tuple.source;
    const bool probe = source.is_unspecified() && headers.arp_operation == kArpRequest;
    return probe ? sender(headers.tuple.destination, entries.target, port)
                 : sender(source, entries.source, port);
}

/// The first port that uses a link-local address keeps it, and no pod has one of the uplink's.
Objection Trust::link_local(const base::Address& address, std::uint16_t port) noexcept {
    LinkLocals& known = bindings_->link_locals();
    // The two ports of a wire are a link of their own; another wire's may have the same addresses.
    if (is_pods(port) && ports_[port].has_node) {
        return known.is_uplinks(address) ? Objection(base::Reason::SpoofedSource) : std::nullopt;
    }
    const LinkLocals::Answer answer = known.use(address, origin(port), now_s_);
    if (answer == LinkLocals::Answer::NoRoom) counters_.link_locals_without_room.add();
    if (answer == LinkLocals::Answer::Yours || !is_pods(port)) return std::nullopt;
    return base::Reason::SpoofedSource;
}

/// A source or target of neighbour discovery.
Objection Trust::claimant(const base::Address& address, const identity::Entry& entry,
                          std::uint16_t port) noexcept {
    if (entry.is_known() || !is_v6_link_local(address)) return sender(address, entry, port);
    return link_local(address, port);
}

Objection Trust::neighbour(const parse::Headers& headers, const Neighbours& entries,
                           std::uint16_t port) noexcept {
    const std::uint8_t type = headers.icmp_type;
    const base::Address& source = headers.tuple.source;
    const bool nameless = source.is_unspecified() && may_be_nameless(type);
    if (!nameless) {
        if (const Objection objection = claimant(source, entries.source, port)) return objection;
    }
    // An advertisement speaks for its target, and so does a question whether it is free.
    const bool speaks_for_target = type == icmpv6_type::kNeighbourAdvertisement ||
                                   (type == icmpv6_type::kNeighbourSolicitation && nameless);
    if (speaks_for_target) {
        if (!headers.has_target) return base::Reason::Malformed;
        // Somebody at the uplink who only asks has nothing yet.
        const bool only_asks = nameless && !is_pods(port) && is_v6_link_local(headers.target);
        if (only_asks) return std::nullopt;
        if (const Objection objection = claimant(headers.target, entries.target, port)) {
            return objection;
        }
    }
    return std::nullopt;
}

void Trust::note_pod(const base::Address& address, std::uint16_t port) noexcept {
    if (bindings_->add_pod(port, address) || bindings_->incomplete(port)) return;
    Bindings::Pods pods;
    std::array<identity::Entry, kPodsPerPortMax> entries;
    const std::size_t count = bindings_->pods(port, pods);
    addresses_.lookup({pods.data(), count}, generation_, {entries.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
        const bool stays = entries[i].is_pod() && addresses_.bound_port(entries[i]) == port;
        if (!stays && bindings_->replace_pod(port, pods[i], address)) return;
    }
    bindings_->set_incomplete(port);
}

}  // namespace tierwall::worker
