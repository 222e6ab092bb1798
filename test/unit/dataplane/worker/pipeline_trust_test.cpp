// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Family;
using base::Reason;
using support::frame;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};
constexpr support::Mac kMac{0x02, 0, 0, 0, 0, 0x01};
constexpr std::uint8_t kSolicitation = 135;
constexpr std::uint8_t kAdvertisement = 136;

constexpr std::uint8_t kSubject =
    identity::kEntryKnown | identity::kEntryPod | identity::kEntrySubject;

const Moved kCreated{{"flows_created", 1}};
const Expect kOpened{.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated};
const Expect kOutside{.reason = Reason::Policy, .tier = base::kTierNotSubject, .moved = kCreated};
const Expect kEstablished{.reason = Reason::Established};
const Expect kRejudged{
    .reason = Reason::Established, .tier = base::kTierDefault, .moved = {{"flows_rejudged", 1}}};
const Expect kSpoofed{.reason = Reason::SpoofedSource};
const Expect kUnknown{.reason = Reason::UnknownSource};
const Expect kNeighbour{.reason = Reason::NeighbourDiscovery};

support::Bytes datagram(const std::string& from, const std::string& to, std::uint16_t port = 53) {
    return frame({.source = from, .destination = to},
                 support::udp({.source_port = 1000, .destination_port = port}));
}
support::Bytes reply(const std::string& from, const std::string& to) {
    return frame({.source = from, .destination = to},
                 support::udp({.source_port = 53, .destination_port = 1000}));
}
support::Bytes ports(std::string_view from, std::string_view to, std::uint16_t source_port,
                     std::uint16_t destination_port) {
    return frame({.source = from, .destination = to},
                 support::udp({.source_port = source_port, .destination_port = destination_port}));
}
/// Neighbour discovery and MLD with the hop limit that each demands.
support::Bytes local(std::string_view from, std::string_view to,
                     const support::Transport& message) {
    const bool mld = message.bytes[0] == 143 || (message.bytes[0] >= 130 && message.bytes[0] < 133);
    return frame(
        {.source = from, .destination = to, .hop_limit = static_cast<std::uint8_t>(mld ? 1 : 255)},
        message);
}

/// A solicitation to the group of its target.
support::Bytes solicitation(std::string_view from, std::string_view target) {
    base::Address group = support::address("ff02::1:ff00:0");
    const base::Address about = support::address(target);
    std::copy(about.bytes.begin() + 13, about.bytes.end(), group.bytes.begin() + 13);
    return local(from, base::text(group), support::neighbour(kSolicitation, target, kMac));
}

}  // namespace

BOOST_DATA_TEST_CASE(the_first_port_that_claims_a_pod_keeps_it, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.send(datagram(cast.shop, cast.bank, 54), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank, 54), kUplink, kSpoofed);
    world.send(datagram(cast.shop, cast.bank, 54), kShopPort, kOpened);
}

BOOST_DATA_TEST_CASE(a_configured_port_needs_no_claim, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.bind(cast.shop, kShopPort);
    world.send(datagram(cast.shop, cast.bank), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
}

BOOST_DATA_TEST_CASE(a_spoofed_packet_of_a_live_flow_does_not_pass, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kEstablished);
    // The reply direction has its own port, learned from its first packet.
    world.send(reply(cast.bank, cast.shop), kBankPort, kEstablished);
    world.send(reply(cast.bank, cast.shop), kEmptyPort, kSpoofed);
    world.send(reply(cast.bank, cast.shop), kUplink, kSpoofed);
    world.send(reply(cast.bank, cast.shop), kBankPort, kEstablished);
}

BOOST_DATA_TEST_CASE(a_pod_that_was_given_another_port_goes_on_there, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.bind(cast.shop, kEmptyPort);
    // At once, and also for the flow that remembers the old port.
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kRejudged);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.republish();
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kRejudged);
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kEstablished);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(a_port_that_is_no_longer_configured_has_no_more_right_than_others,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.bind(cast.shop, kShopPort);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.bind(cast.shop, identity::kUnbound);
    world.republish();
    world.send(datagram(cast.shop, cast.bank, 54), kEmptyPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

/// The other end's packet makes the flow current again, and says nothing about this end's port.
BOOST_DATA_TEST_CASE(a_flow_that_its_other_end_renewed_asks_for_this_ends_port_again,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.send(reply(cast.bank, cast.shop), kBankPort, kEstablished);
    // The shop is made again behind another port.
    world.addresses->remove(support::address(cast.shop), world.generation + 1);
    world.set(cast.shop, kShop, 1, kSubject);
    world.republish();
    world.send(reply(cast.bank, cast.shop), kBankPort, kRejudged);
    world.send(datagram(cast.shop, cast.bank, 54), kEmptyPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kEstablished);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

/// Whose address it was may still be judged by a worker that has not taken the new generation.
BOOST_DATA_TEST_CASE(a_worker_that_lags_behind_claims_nothing_for_the_next_owner,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    const base::Address address = support::address(cast.shop);
    world.addresses->remove(address, world.generation + 1);
    world.set(cast.shop, kShop, 1, kSubject);
    // The next generation is written, and the worker still holds the one before.
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank, 54), kBankPort, kSpoofed);
    world.republish();
    world.send(datagram(cast.shop, cast.bank, 55), kEmptyPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(all_uplinks_are_one_place, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.far_pod, cast.shop), kUplink, kOpened);
    world.send(datagram(cast.far_pod, cast.shop), kOtherUplink, kEstablished);
    world.send(datagram(cast.far_pod, cast.shop), kBankPort, kSpoofed);
    world.send(datagram(cast.other_node, cast.shop), kOtherUplink, kOpened);
    world.send(datagram(cast.other_node, cast.shop, 54), kUplink, kOpened);
    world.send(datagram(cast.other_node, cast.shop), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(nobody_unknown_speaks_from_a_pods_port, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.stranger, cast.far_pod), kShopPort, kUnknown);
    world.send(datagram(cast.office, cast.far_pod), kShopPort, kUnknown);
    const std::string nobody = family == Family::IPv4 ? "0.0.0.0" : "::";
    world.send(datagram(nobody, cast.far_pod), kShopPort, kUnknown);
    world.send(datagram(cast.stranger, cast.far_pod), kUplink, kOutside);
}

BOOST_AUTO_TEST_CASE(a_link_local_source_is_unknown_outside_neighbour_discovery) {
    World world;
    world.send(datagram("fe80::1", kCast6.shop), kShopPort, kUnknown);
    world.send(datagram("169.254.1.1", kCast4.shop), kShopPort, kUnknown);
}

BOOST_AUTO_TEST_CASE(a_pod_whose_address_is_free_again_may_be_claimed_elsewhere) {
    World world;
    world.send(datagram(kCast4.shop, kCast4.bank), kShopPort, kOpened);
    world.addresses->remove(support::address(kCast4.shop), world.generation + 1);
    world.republish();
    world.send(datagram(kCast4.shop, kCast4.bank, 54), kShopPort, kUnknown);
    world.addresses->reclaim(world.generation);
    world.set(kCast4.shop, kShop, 1, kSubject);
    world.republish();
    world.send(datagram(kCast4.shop, kCast4.bank, 55), kEmptyPort, kOpened);
}

/// NetworkPolicy admits whatever a pod's own node sends.
BOOST_DATA_TEST_CASE(a_pod_that_speaks_first_does_not_become_its_node, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    World world;
    const std::uint8_t node = identity::kEntryKnown | identity::kEntryNode;
    world.set(cast.own_node, kOwnNode, 1, node | identity::kEntryLocalNode);
    world.republish();
    world.send(datagram(cast.own_node, cast.bank), kShopPort, kSpoofed);
    BOOST_CHECK_EQUAL(world.addresses->bound_port(world.entry(cast.own_node)), identity::kUnbound);

    Pipeline::Config config = World::default_config();
    config.ports[kShopPort].has_node = true;
    World wire({}, config);
    wire.set(cast.own_node, kOwnNode, 1, node | identity::kEntryLocalNode);
    wire.republish();
    BOOST_CHECK(wire.judge({{datagram(cast.own_node, cast.bank), kShopPort}})[0].verdict.action ==
                base::Action::Allow);
    // The other node is out of scope: it lives elsewhere.
    wire.send(datagram(cast.other_node, cast.bank), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(a_pod_of_another_node_is_not_claimed_by_a_pods_port, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    World world;
    world.send(datagram(cast.far_pod, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.far_pod, cast.bank), kUplink, kOpened);
}

BOOST_DATA_TEST_CASE(a_port_with_configured_addresses_claims_no_others, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    Pipeline::Config config = World::default_config();
    config.ports[kShopPort].reserved = true;
    World world({}, config);
    world.bind(cast.shop, kShopPort);
    world.send(datagram(cast.bank, cast.far_pod), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.far_pod), kShopPort, kOpened);
    world.send(datagram(cast.bank, cast.far_pod), kBankPort, kOpened);
}

BOOST_AUTO_TEST_CASE(arp_senders_are_checked_like_ip_sources) {
    World world;
    world.send(support::arp(1, kCast4.shop, kCast4.bank), kShopPort, kNeighbour);
    world.send(support::arp(2, kCast4.shop, kCast4.bank), kBankPort, kSpoofed);
    world.send(support::arp(2, kCast4.shop, kCast4.bank), kUplink, kSpoofed);
    world.send(support::arp(1, kCast4.stranger, kCast4.bank), kShopPort, kUnknown);
    world.send(support::arp(1, kCast4.stranger, kCast4.bank), kUplink, kNeighbour);
    // An answer without a sender is none.
    world.send(support::arp(2, "0.0.0.0", kCast4.bank), kShopPort, kUnknown);
    // ARP claims the port, so that IP from elsewhere is spoofed.
    world.send(datagram(kCast4.shop, kCast4.bank), kBankPort, kSpoofed);
}

BOOST_AUTO_TEST_CASE(an_arp_probe_is_checked_by_target) {
    World world;
    world.send(datagram(kCast4.bank, kCast4.shop), kBankPort, kOpened);
    const auto probe = [](std::string_view target) { return support::arp(1, "0.0.0.0", target); };
    world.send(probe(kCast4.bank), kShopPort, kSpoofed);
    world.send(probe(kCast4.bank), kUplink, kSpoofed);
    world.send(probe(kCast4.bank), kBankPort, kNeighbour);
    world.send(probe(kCast4.stranger), kShopPort, kUnknown);
    world.send(probe(kCast4.stranger), kUplink, kNeighbour);
    world.send(probe(kCast4.shop), kShopPort, kNeighbour);
    world.send(probe(kCast4.shop), kBankPort, kSpoofed);
}

BOOST_AUTO_TEST_CASE(solicitations_are_checked_by_source) {
    World world;
    const auto ask = support::neighbour(kSolicitation, kCast6.bank, kMac);
    world.send(local(kCast6.shop, "ff02::1:ff00:2", ask), kShopPort, kNeighbour);
    world.send(local(kCast6.shop, "ff02::1:ff00:2", ask), kBankPort, kSpoofed);
    world.send(local(kCast6.stranger, "ff02::1:ff00:2", ask), kShopPort, kUnknown);
    world.send(local("fe80::5", "ff02::1:ff00:2", ask), kShopPort, kNeighbour);
    world.send(local(kCast6.stranger, "ff02::1:ff00:2", ask), kUplink, kNeighbour);
}

BOOST_AUTO_TEST_CASE(a_solicitation_without_a_source_is_checked_by_target) {
    World world;
    const auto probe = [](std::string_view target) { return solicitation("::", target); };
    world.send(probe(kCast6.shop), kShopPort, kNeighbour);
    world.send(probe(kCast6.shop), kBankPort, kSpoofed);
    world.send(probe("fe80::5"), kBankPort, kNeighbour);
    world.send(probe(kCast6.stranger), kBankPort, kUnknown);
    world.send(probe(kCast6.stranger), kUplink, kNeighbour);
}

BOOST_AUTO_TEST_CASE(advertisements_are_checked_by_source_and_target) {
    World world;
    world.send(datagram(kCast6.bank, kCast6.shop), kBankPort, kOpened);
    const auto say = [](std::string_view source, std::string_view target) {
        return local(source, "ff02::1", support::neighbour(kAdvertisement, target, kMac));
    };
    world.send(say(kCast6.shop, kCast6.shop), kShopPort, kNeighbour);
    world.send(say("fe80::5", kCast6.shop), kShopPort, kNeighbour);
    world.send(say(kCast6.shop, kCast6.bank), kShopPort, kSpoofed);
    world.send(say("fe80::5", kCast6.bank), kShopPort, kSpoofed);
    world.send(say("fe80::6", kCast6.bank), kUplink, kSpoofed);
    world.send(say(kCast6.bank, "fe80::5"), kShopPort, kSpoofed);
    world.send(say("fe80::5", kCast6.stranger), kShopPort, kUnknown);
    world.send(say("::", "fe80::5"), kShopPort, kUnknown);
    world.send(say("fe80::5", kCast6.stranger), kUplink, kNeighbour);
}

BOOST_AUTO_TEST_CASE(no_pod_speaks_as_a_router_that_advertised_itself_at_the_uplink) {
    World world;
    const auto say =
        local("fe80::99", "ff02::1", support::neighbour(kAdvertisement, "fe80::99", kMac));
    const auto ask = solicitation("fe80::99", kCast6.bank);
    world.send(say, kShopPort, kNeighbour);
    world.send(local("fe80::99", "ff02::1", support::router_advertisement()), kUplink, kNeighbour);
    world.send(say, kShopPort, kSpoofed);
    world.send(ask, kShopPort, kSpoofed);
    world.send(local("fe80::5", "ff02::1", support::neighbour(kAdvertisement, "fe80::99", kMac)),
               kShopPort, kSpoofed);
    world.send(say, kUplink, kNeighbour);
    world.send(ask, kOtherUplink, kNeighbour);
}

BOOST_AUTO_TEST_CASE(no_pod_speaks_in_a_link_local_name_that_the_uplink_has_used) {
    const auto ask = [](std::string_view source) { return solicitation(source, kCast6.shop); };
    const auto say =
        local("fe80::99", "ff02::1", support::neighbour(kAdvertisement, "fe80::99", kMac));
    const std::pair<support::Bytes, Expect> kUses[] = {
        {datagram("fe80::99", kCast6.shop), kOpened},
        {ask("fe80::99"), kNeighbour},
        {say, kNeighbour},
        {local("fe80::99", "ff02::1", support::router_advertisement()), kNeighbour}};
    for (const auto& [use, expected] : kUses) {
        World world;
        world.send(say, kShopPort, kNeighbour);  // nobody knows better yet
        world.send(use, kUplink, expected);
        world.send(say, kShopPort, kSpoofed);
        world.send(ask("fe80::99"), kBankPort, kSpoofed);
        world.now_ms += 100'000'000;
        world.send(say, kShopPort, kSpoofed);
        world.send(say, kOtherUplink, kNeighbour);
    }
}

BOOST_AUTO_TEST_CASE(asking_at_the_uplink_whether_a_link_local_address_is_free_takes_nothing) {
    World world;
    const auto probe = solicitation("::", "fe80::5");
    world.send(probe, kShopPort, kNeighbour);
    world.send(probe, kUplink, kNeighbour);
    world.send(probe, kShopPort, kNeighbour);
    world.send(probe, kBankPort, kSpoofed);
}

BOOST_AUTO_TEST_CASE(the_first_port_that_uses_a_link_local_address_keeps_it) {
    World world;
    const auto say =
        local("fe80::5", "ff02::1", support::neighbour(kAdvertisement, "fe80::5", kMac));
    world.send(say, kShopPort, kNeighbour);
    world.send(say, kBankPort, kSpoofed);
    world.send(local("fe80::5", "ff02::2", support::icmpv6({.type = 133})), kBankPort, kSpoofed);
    world.send(say, kShopPort, kNeighbour);
}

BOOST_AUTO_TEST_CASE(a_port_with_too_many_link_local_addresses_is_told_and_counted) {
    World world;
    const auto say = [](std::uint32_t i) {
        const std::string source = "fe80::1:" + std::to_string(i);
        return local(source, "ff02::2", support::icmpv6({.type = 133}));
    };
    for (std::uint32_t i = 0; i < kLinkLocalsPerPort; ++i) {
        world.send(say(i), kShopPort, kNeighbour);
    }
    world.send(say(kLinkLocalsPerPort), kShopPort,
               {.reason = Reason::SpoofedSource, .moved = {{"link_locals_without_room", 1}}});
    world.send(say(kLinkLocalsPerPort), kBankPort, kNeighbour);
    world.send(say(0), kShopPort, kNeighbour);
}

BOOST_AUTO_TEST_CASE(the_pods_of_a_wire_share_no_link_with_those_of_another) {
    Pipeline::Config config = World::default_config();
    config.ports[kShopPort].has_node = config.ports[kBankPort].has_node = true;
    World world({}, config);
    const auto say =
        local("fe80::5", "ff02::1", support::neighbour(kAdvertisement, "fe80::5", kMac));
    world.send(say, kShopPort, kNeighbour);
    world.send(say, kBankPort, kNeighbour);
    world.send(say, kUplink, kNeighbour);
    world.send(say, kShopPort, kSpoofed);
}

BOOST_AUTO_TEST_CASE(only_routers_ask_for_listeners) {
    World world;
    const auto query =
        local("fe80::5", "ff02::1", support::icmpv6({.type = 130, .payload = support::Bytes(16)}));
    world.send(query, kShopPort, {.reason = Reason::RogueRouterAdvert});
    world.send(query, kUplink, kNeighbour);
}

BOOST_AUTO_TEST_CASE(routers_and_redirects_are_at_the_uplink) {
    World world;
    const auto advert = local("fe80::99", "ff02::1", support::router_advertisement());
    world.send(advert, kShopPort, {.reason = Reason::RogueRouterAdvert});
    world.send(advert, kUplink, kNeighbour);
    support::Bytes targets;
    support::put(targets, support::address("fe80::99"));
    support::put(targets, support::address(kCast6.stranger));
    const auto redirect =
        local("fe80::99", kCast6.shop, support::icmpv6({.type = 137, .payload = targets}));
    world.send(redirect, kShopPort, {.reason = Reason::RogueRedirect});
    world.send(redirect, kUplink, kNeighbour);
    const auto about = support::ip({.source = kCast4.bank, .destination = kCast4.stranger},
                                   support::udp({.source_port = 1, .destination_port = 2}));
    const auto v4 = frame({.source = kCast4.shop, .destination = kCast4.bank},
                          support::icmp_error(5, 1, about));
    world.send(v4, kShopPort, {.reason = Reason::RogueRedirect});
    const auto from_router = frame({.source = kCast4.stranger, .destination = kCast4.bank},
                                   support::icmp_error(5, 1, about));
    world.send(from_router, kUplink, {.reason = Reason::Policy, .tier = base::kTierDefault});
}

BOOST_AUTO_TEST_CASE(neighbour_discovery_from_afar_is_malformed) {
    World world;
    const auto ask = support::neighbour(kSolicitation, kCast6.bank, kMac);
    const auto routed =
        frame({.source = kCast6.stranger, .destination = kCast6.bank, .hop_limit = 254}, ask);
    world.send(routed, kUplink, {.reason = Reason::Malformed});
    const auto report = support::icmpv6({.type = 143, .rest = 1, .payload = support::Bytes(20, 0)});
    world.send(local("fe80::5", "ff02::16", report), kShopPort, kNeighbour);
    world.send(local("::", "ff02::16", report), kShopPort, kNeighbour);
    world.send(frame({.source = "fe80::5", .destination = "ff02::16", .hop_limit = 2}, report),
               kShopPort, {.reason = Reason::Malformed});
}

BOOST_AUTO_TEST_CASE(router_solicitations_need_no_address) {
    World world;
    const auto ask = support::icmpv6({.type = 133});
    world.send(local("::", "ff02::2", ask), kShopPort, kNeighbour);
    world.send(local("fe80::5", "ff02::2", ask), kShopPort, kNeighbour);
    world.send(local(kCast6.stranger, "ff02::2", ask), kShopPort, kUnknown);
}

BOOST_AUTO_TEST_CASE(dhcp_clients_ask_from_anywhere_and_servers_answer_from_the_uplink) {
    World world;
    const Expect dhcp{.reason = Reason::Dhcp};
    const Expect rogue{.reason = Reason::RogueDhcp};
    const Expect passed{.reason = Reason::Policy, .tier = base::kTierNotSubject};
    world.send(ports("0.0.0.0", "255.255.255.255", 68, 67), kShopPort, dhcp);
    world.send(ports("fe80::5", "ff02::1:2", 546, 547), kShopPort, dhcp);
    world.send(ports(kCast4.shop, "255.255.255.255", 67, 68), kShopPort, rogue);
    world.send(ports("fe80::5", "fe80::6", 547, 546), kShopPort, rogue);
    world.send(ports(kCast4.shop, kCast4.bank, 67, 68), kShopPort, rogue);
    world.send(ports(kCast4.other_node, "255.255.255.255", 67, 68), kUplink, passed);
    // What only looks like a client is judged as anybody else.
    world.send(ports("0.0.0.0", kCast4.far_pod, 68, 67), kShopPort, kUnknown);
    world.send(ports("0.0.0.0", "255.255.255.255", 69, 67), kShopPort, kUnknown);
    world.send(ports("0.0.0.0", "255.255.255.255", 68, 69), kShopPort, kUnknown);
    world.send(ports(kCast6.stranger, "ff02::1:2", 546, 547), kShopPort, kUnknown);
    world.send(ports("fe80::5", kCast6.far_pod, 546, 547), kShopPort, kUnknown);
}
