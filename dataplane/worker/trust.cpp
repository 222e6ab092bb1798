// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/trust.hpp"

#include "dataplane/base/protocol.hpp"
#include "dataplane/parse/icmp_type.hpp"

#include <algorithm>
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

/// Clients listen at their port, and most do not look at the answer's source port. What goes from a
/// server's port to a server's is between relays and servers: policy judges it, and no client hears
/// it.
bool answers_dhcp(const parse::Headers& headers) noexcept {
    if (!has_udp_ports(headers)) return false;
    const bool v4 = headers.family == base::Family::IPv4;
    const std::uint16_t client = v4 ? kDhcpClient : kDhcpv6Client;
    const std::uint16_t server = v4 ? kDhcpServer : kDhcpv6Server;
    const parse::Tuple& tuple = headers.tuple;
    return tuple.destination_port == client ||
           (tuple.source_port == server && tuple.destination_port != server);
}

/// Who asks for listeners is a router, or wants to be taken for one.
bool is_router(std::uint8_t icmpv6) noexcept {
    return icmpv6 == icmpv6_type::kRouterAdvertisement || icmpv6 == icmpv6_type::kMldQuery;
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

bool is_for_dhcp_client(const parse::Tuple& tuple) noexcept {
    const std::uint16_t client = tuple.destination.is_v4() ? kDhcpClient : kDhcpv6Client;
    return tuple.protocol == base::kIpUdp && tuple.destination_port == client;
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
      counters_(counters),
      has_pods_ports_(std::any_of(ports_.begin(), ports_.end(), [](const PortFacts& facts) {
          return facts.side == Side::Pods;
      })) {}

Objection Trust::rogue(const parse::Headers& headers, std::uint16_t port) const noexcept {
    if (!is_pods(port)) return std::nullopt;
    const std::uint8_t protocol = headers.tuple.protocol;
    if (protocol == base::kIpTcp) return std::nullopt;
    if (answers_dhcp(headers)) return base::Reason::RogueDhcp;
    if (!headers.has_transport) return std::nullopt;
    const std::uint8_t type = headers.icmp_type;
    if (protocol == base::kIpIcmp) {
        if (type == parse::icmp_type::kRedirect) return base::Reason::RogueRedirect;
        if (type == parse::icmp_type::kRouterAdvertisement) return base::Reason::RogueRouterAdvert;
    }
    if (protocol == base::kIpIcmpv6) {
        if (type == icmpv6_type::kRedirect) return base::Reason::RogueRedirect;
        if (is_router(type)) return base::Reason::RogueRouterAdvert;
    }
    return std::nullopt;
}

/// Whose address nobody has used yet. A pod may not become its node, whose traffic NetworkPolicy
/// admits, nor a pod that lives on another node. Nor may the uplink become a pod of the node in
/// scope, nor this node where a wire has it on the other side.
bool Trust::may_claim(const identity::Entry& entry, std::uint16_t port) const noexcept {
    const PortFacts& facts = ports_[port];
    if (is_pods(port)) return !facts.reserved && entry.is_local() && (entry.is_pod() || facts.wire);
    return !has_pods_ports_ || !entry.is_placed() || (entry.is_node() && !facts.wire);
}

Objection Trust::sender(const base::Address& address, const identity::Entry& entry,
                        std::uint16_t port) noexcept {
    if (!entry.is_known()) {
        if (is_pods(port)) return base::Reason::UnknownSource;
        return is_v6_link_local(address) ? link_local(address, Use::Speaks, port) : std::nullopt;
    }
    const std::uint16_t place = origin(port);
    if (addresses_.bound_port(entry) != place &&
        !(may_claim(entry, port) && addresses_.claim(entry, place))) {
        return base::Reason::SpoofedSource;
    }
    if (is_pods(port) && entry.is_pod()) note_pod(address, port);
    return std::nullopt;
}

/// A pod that asks has the address as good as configured: nobody else gets it now. Somebody at the
/// uplink who only asks has nothing yet, and may be asking because the address is to be a pod's.
Objection Trust::question(const base::Address& address, const identity::Entry& entry,
                          std::uint16_t port) noexcept {
    if (is_pods(port)) return sender(address, entry, port);
    if (!entry.is_known()) return std::nullopt;
    const std::uint16_t bound = addresses_.bound_port(entry);
    const bool is_free = bound == identity::kUnbound || bound == origin(port);
    return is_free ? std::nullopt : Objection(base::Reason::SpoofedSource);
}

/// A probe without a sender asks whether its target is free, as a solicitation without a source
/// does.
Objection Trust::arp(const parse::Headers& headers, const Neighbours& entries,
                     std::uint16_t port) noexcept {
    const base::Address& source = headers.tuple.source;
    const bool probe = source.is_unspecified() && headers.arp_operation == kArpRequest;
    return probe ? question(headers.tuple.destination, entries.target, port)
                 : sender(source, entries.source, port);
}

/// The first port that uses a link-local address keeps it, and no pod has one of the uplink's. A
/// pod that finds no room may speak in a name that is nobody's, but takes it from nobody: who asks
/// whether it is free is not answered.
Objection Trust::link_local(const base::Address& address, Use use, std::uint16_t port) noexcept {
    using Answer = LinkLocals::Answer;
    LinkLocals& known = bindings_->link_locals();
    if (!is_pods(port)) {
        const Answer answer = known.use_at_uplink(address, use == Use::Routes, now_s_);
        if (answer == Answer::NoRoom) counters_.link_locals_without_room.add();
        return std::nullopt;
    }
    // The two ports of a wire are a link of their own; another wire's may have the same addresses.
    if (ports_[port].wire) {
        return known.is_uplinks(address, now_s_) ? Objection(base::Reason::SpoofedSource)
                                                 : std::nullopt;
    }
    const Answer answer = known.use(address, port, now_s_);
    if (answer == Answer::NoRoom) counters_.link_locals_without_room.add();
    const bool passes =
        answer == Answer::Yours || (answer == Answer::NoRoom && use != Use::Announces);
    return passes ? std::nullopt : Objection(base::Reason::SpoofedSource);
}

Objection Trust::neighbour_source(const parse::Headers& headers, const identity::Entry& entry,
                                  std::uint16_t port) noexcept {
    const base::Address& source = headers.tuple.source;
    if (entry.is_known() || !is_v6_link_local(source)) return sender(source, entry, port);
    const bool routes = headers.icmp_type == icmpv6_type::kRouterAdvertisement;
    return link_local(source, routes ? Use::Routes : Use::Speaks, port);
}

/// An advertisement speaks for its target, and so does a question whether it is free.
Objection Trust::neighbour_target(const parse::Headers& headers, const identity::Entry& entry,
                                  std::uint16_t port) noexcept {
    if (!headers.has_target) return base::Reason::Malformed;
    const bool asks = headers.icmp_type == icmpv6_type::kNeighbourSolicitation;
    if (entry.is_known() || !is_v6_link_local(headers.target)) {
        return asks ? question(headers.target, entry, port) : sender(headers.target, entry, port);
    }
    if (asks && !is_pods(port)) return std::nullopt;
    const bool to_all = headers.tuple.destination.is_multicast_or_broadcast();
    return link_local(headers.target, to_all ? Use::Announces : Use::Speaks, port);
}

Objection Trust::neighbour(const parse::Headers& headers, const Neighbours& entries,
                           std::uint16_t port) noexcept {
    const std::uint8_t type = headers.icmp_type;
    const bool nameless = headers.tuple.source.is_unspecified() && may_be_nameless(type);
    if (!nameless) {
        const Objection objection = neighbour_source(headers, entries.source, port);
        if (objection) return objection;
    }
    const bool speaks_for_target = type == icmpv6_type::kNeighbourAdvertisement ||
                                   (type == icmpv6_type::kNeighbourSolicitation && nameless);
    return speaks_for_target ? neighbour_target(headers, entries.target, port) : std::nullopt;
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
