// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/trust_world.hpp"

#include <utility>

using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using namespace tierwall::worker::testing::trust;
using base::Reason;
using support::frame;

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

/// A client listens at its port, whatever port it is told from.
BOOST_AUTO_TEST_CASE(no_source_port_makes_a_pod_a_dhcp_server) {
    constexpr std::uint16_t kV4[] = {1, 66, 67, 68, 1067, 65535};
    constexpr std::uint16_t kV6[] = {1, 545, 546, 547, 1547, 65535};
    World world;
    const Expect rogue{.reason = Reason::RogueDhcp};
    for (const std::uint16_t source : kV4) {
        world.send(ports(kCast4.shop, "255.255.255.255", source, 68), kShopPort, rogue);
        world.send(ports(kCast4.shop, kCast4.bank, source, 68), kShopPort, rogue);
        world.send(ports("0.0.0.0", "255.255.255.255", source, 68), kShopPort, rogue);
    }
    for (const std::uint16_t source : kV6) {
        world.send(ports("fe80::5", "fe80::6", source, 546), kShopPort, rogue);
        world.send(ports(kCast6.shop, kCast6.bank, source, 546), kShopPort, rogue);
        world.send(ports(kCast6.shop, "ff02::1", source, 546), kShopPort, rogue);
    }
    world.send(ports(kCast4.shop, kCast4.bank, 67, 69), kShopPort, rogue);
    world.send(ports(kCast6.shop, kCast6.bank, 547, 545), kShopPort, rogue);
    // The ports of one family mean nothing in the other.
    world.send(ports(kCast4.shop, kCast4.bank, 547, 546), kShopPort, kOpened);
    world.send(ports(kCast6.shop, kCast6.bank, 67, 68), kShopPort, kOpened);
}

BOOST_AUTO_TEST_CASE(dhcp_clients_and_relays_are_judged_by_policy_and_the_uplink_answers_them) {
    const std::pair<std::uint16_t, std::uint16_t> kPorts[] = {{68, 67}, {546, 547}};
    for (const auto& [client, server] : kPorts) {
        World world;
        const Cast& cast = client == 68 ? kCast4 : kCast6;
        // An address is renewed with the server itself, and the flow takes its answer.
        world.send(ports(cast.shop, cast.far_pod, client, server), kShopPort, kOpened);
        world.send(ports(cast.far_pod, cast.shop, server, client), kUplink, kEstablished);
        world.send(ports(cast.shop, cast.far_pod, server, server), kShopPort, kOpened);
        // Nobody minds what port the uplink's servers use.
        world.send(ports(cast.stranger, cast.bank, 1067, client), kUplink, kOpened);
        world.send(ports(cast.stranger, cast.bank, server, client), kUplink, kOpened);
    }
}

BOOST_AUTO_TEST_CASE(routers_of_ipv4_are_at_the_uplink_too) {
    World world;
    const Expect rogue{.reason = Reason::RogueRouterAdvert};
    const auto message = [](std::string_view source, std::string_view to, std::uint8_t type) {
        return frame({.source = source, .destination = to, .hop_limit = 1},
                     support::icmp({.type = type, .payload = support::Bytes(8, 0)}));
    };
    world.send(message(kCast4.shop, "224.0.0.1", 9), kShopPort, rogue);
    world.send(message(kCast4.shop, "255.255.255.255", 9), kShopPort, rogue);
    world.send(message(kCast4.shop, kCast4.bank, 9), kShopPort, rogue);
    const auto allowed = [&world](const support::Bytes& bytes, std::uint16_t port) {
        return world.judge({{bytes, port}})[0].verdict.action == base::Action::Allow;
    };
    BOOST_TEST(allowed(message(kCast4.stranger, "224.0.0.1", 9), kUplink));
    BOOST_TEST(allowed(message(kCast4.shop, "224.0.0.2", 10), kShopPort));  // a solicitation
    // ICMPv6 has other numbers.
    BOOST_TEST(allowed(
        frame({.source = kCast6.shop, .destination = kCast6.bank}, support::icmpv6({.type = 9})),
        kShopPort));
}
