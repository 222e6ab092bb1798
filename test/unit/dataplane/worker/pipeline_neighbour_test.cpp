// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/trust_world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <sstream>
#include <utility>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using namespace tierwall::worker::testing::trust;
using base::Family;
using base::Reason;
using support::frame;

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

/// Whoever hands out addresses asks before a pod has spoken whether its address is free.
BOOST_DATA_TEST_CASE(asking_at_the_uplink_whether_an_address_is_free_takes_nothing,
                     data::make(kFamilies), family) {
    const Cast& cast = cast_of(family);
    const auto probe = [family](const std::string& target) {
        return family == Family::IPv4 ? support::arp(1, "0.0.0.0", target)
                                      : solicitation("::", target);
    };
    const auto bound = [&cast](const World& world) {
        return world.addresses->bound_port(world.entry(cast.shop));
    };
    World world;
    for (const std::uint16_t uplink : {kUplink, kOtherUplink}) {
        world.send(probe(cast.shop), uplink, kNeighbour);
        BOOST_CHECK_EQUAL(bound(world), identity::kUnbound);
    }
    // The pod's own question takes it, and then the uplink may not even ask.
    world.send(probe(cast.shop), kShopPort, kNeighbour);
    BOOST_CHECK_EQUAL(bound(world), kShopPort);
    world.send(probe(cast.shop), kUplink, kSpoofed);
    world.send(probe(cast.shop), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    // What the uplink uses is its own, to ask about as well, and no pod's.
    world.send(datagram(cast.far_pod, cast.shop), kUplink, kOpened);
    world.send(probe(cast.far_pod), kOtherUplink, kNeighbour);
    world.send(probe(cast.far_pod), kShopPort, kSpoofed);
    // No pod asks its way to what it could not use.
    world.send(probe(cast.other_node), kShopPort, kSpoofed);
    world.send(probe(cast.other_node), kUplink, kNeighbour);
    world.send(probe(cast.stranger), kShopPort, kUnknown);
    World placed;
    placed.set(cast.shop, kShop, 1, kSubject | identity::kEntryPlaced);
    placed.republish();
    placed.send(probe(cast.shop), kUplink, kNeighbour);
    placed.send(probe(cast.shop), kShopPort, kNeighbour);
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
        world.now_ms += kUplinkLinkLocalLifetime_s * 1000ull;
        world.send(say, kShopPort, kSpoofed);
        world.now_ms += 1000;
        world.send(say, kShopPort, kNeighbour);
        world.send(say, kOtherUplink, kNeighbour);
        world.send(say, kShopPort, kSpoofed);
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

BOOST_AUTO_TEST_CASE(a_port_with_too_many_link_local_addresses_keeps_its_service_and_takes_none) {
    World world;
    const auto ask = support::icmpv6({.type = 133});
    const auto name = [](std::uint32_t i) { return "fe80::1:" + std::to_string(i); };
    for (std::uint32_t i = 0; i < kLinkLocalsPerPort; ++i) {
        world.send(local(name(i), "ff02::2", ask), kShopPort, kNeighbour);
    }
    const Expect passed{.reason = Reason::NeighbourDiscovery,
                        .moved = {{"link_locals_without_room", 1}}};
    const Expect refused{.reason = Reason::SpoofedSource,
                         .moved = {{"link_locals_without_room", 1}}};
    const std::string more = name(kLinkLocalsPerPort);
    const auto say = support::neighbour(kAdvertisement, more, kMac);
    const auto report = support::icmpv6({.type = 143, .rest = 1, .payload = support::Bytes(20, 0)});
    world.send(local(more, "ff02::2", ask), kShopPort, passed);
    world.send(local(more, "ff02::16", report), kShopPort, passed);
    world.send(local(more, "fe80::99", support::neighbour(kSolicitation, "fe80::99", kMac)),
               kShopPort, passed);
    world.send(local(kCast6.shop, "fe80::99", say), kShopPort, passed);
    // To everybody: nobody who asks whether it is free is told that it is not.
    world.send(solicitation("::", more), kShopPort, refused);
    world.send(local(kCast6.shop, "ff02::1", say), kShopPort, refused);
    // Whose it is nobody knows yet: the first who finds room has it.
    world.send(local(more, "ff02::2", ask), kBankPort, kNeighbour);
    world.send(local(more, "ff02::2", ask), kShopPort, kSpoofed);
    world.send(local(kCast6.shop, "fe80::99", say), kShopPort, kSpoofed);
    world.send(local(name(0), "ff02::2", ask), kShopPort, kNeighbour);
    world.send(local("fe80::99", "ff02::1", support::router_advertisement()), kUplink, kNeighbour);
    world.send(local("fe80::99", "ff02::2", ask), kShopPort, kSpoofed);
}

BOOST_AUTO_TEST_CASE(many_link_local_addresses_at_the_uplink_cost_no_pod_its_own) {
    World world;
    const auto ask = support::icmpv6({.type = 133});
    const auto advert = local("fe80::99", "ff02::1", support::router_advertisement());
    world.send(local("fe80::5", "ff02::2", ask), kShopPort, kNeighbour);
    world.send(advert, kUplink, kNeighbour);
    world.now_ms += 1000;
    for (std::uint32_t i = 0; i < 10 * kUplinkLinkLocalsMax; ++i) {
        std::ostringstream source;
        source << std::hex << "fe80::1:" << (i >> 8) << ':' << (i & 0xff);
        world.judge({{local(source.str(), "ff02::2", ask), kUplink}});
    }
    BOOST_TEST(world.pipeline->counters().link_locals_without_room.read() > 0u);
    world.send(local("fe80::5", "ff02::2", ask), kShopPort, kNeighbour);
    world.send(local("fe80::5", "ff02::2", ask), kBankPort, kSpoofed);
    world.send(local("fe80::6", "ff02::2", ask), kBankPort, kNeighbour);
    world.send(local("fe80::99", "ff02::2", ask), kBankPort, kSpoofed);
}

BOOST_AUTO_TEST_CASE(the_pods_of_a_wire_share_no_link_with_those_of_another) {
    Pipeline::Config config = World::default_config();
    config.ports[kShopPort].wire = config.ports[kBankPort].wire = true;
    World world({}, config);
    const auto say =
        local("fe80::5", "ff02::1", support::neighbour(kAdvertisement, "fe80::5", kMac));
    world.send(say, kShopPort, kNeighbour);
    world.send(say, kBankPort, kNeighbour);
    world.send(say, kUplink, kNeighbour);
    world.send(say, kShopPort, kSpoofed);
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
