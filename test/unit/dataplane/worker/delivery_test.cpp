// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Action;
using base::Direction;
using base::Family;
using base::Reason;
using support::frame;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};
constexpr std::uint8_t kSubject =
    identity::kEntryKnown | identity::kEntryPod | identity::kEntrySubject;

const Policy kClosedShop{.rules = {{.subject = kShop,
                                    .peer = kBank,
                                    .protocol = base::kIpUdp,
                                    .port_first = 5353,
                                    .port_last = 5353,
                                    .action = Action::Deny,
                                    .rule = 7}}};

support::Bytes datagram(const std::string& from, const std::string& to, std::uint16_t port) {
    return frame({.source = from, .destination = to},
                 support::udp({.source_port = 1000, .destination_port = port}));
}

/// Judges the frame and asks for its delivery to `port`.
base::Verdict deliver(World& world, const support::Bytes& bytes, std::uint16_t from,
                      std::uint16_t to) {
    const Outcome outcome = world.judge({{bytes, from}})[0];
    BOOST_REQUIRE(outcome.verdict.action == Action::Allow);
    const Moved before = all_of(world.pipeline->counters());
    const auto verdict = world.pipeline->judge_delivery(world.headers[0], world.snapshot.get(), to);
    BOOST_CHECK_EQUAL(text_of(difference(before, all_of(world.pipeline->counters()))), "");
    return verdict;
}

void speak(World& world, const Cast& cast) {
    world.judge({{datagram(cast.shop, cast.far_pod, 1), kShopPort},
                 {datagram(cast.bank, cast.far_pod, 1), kBankPort}});
}

#define CHECK_VERDICT(verdict, wanted)                                           \
    BOOST_CHECK_EQUAL(base::name((verdict).reason), base::name(Reason::wanted)); \
    BOOST_CHECK_EQUAL((verdict).action == Action::Allow, base::passes(Reason::wanted))

}  // namespace

BOOST_DATA_TEST_CASE(a_multicast_packet_is_judged_by_the_pods_behind_each_port,
                     data::make(kFamilies), family) {
    World world(kClosedShop);
    const Cast& cast = cast_of(family);
    speak(world, cast);
    const auto denied = datagram(cast.bank, cast.group, 5353);
    const auto verdict = deliver(world, denied, kBankPort, kShopPort);
    CHECK_VERDICT(verdict, PolicyDeny);
    BOOST_CHECK_EQUAL(verdict.rule, 7);
    BOOST_CHECK_EQUAL(verdict.tier, base::kTierAdmin);
    CHECK_VERDICT(deliver(world, denied, kBankPort, kUplink), Policy);
    CHECK_VERDICT(deliver(world, denied, kBankPort, kEmptyPort), NoPort);
    CHECK_VERDICT(deliver(world, datagram(cast.bank, cast.group, 5354), kBankPort, kShopPort),
                  Policy);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 2);
}

BOOST_DATA_TEST_CASE(the_senders_egress_is_asked_when_it_sends, data::make(kFamilies), family) {
    World world({.rules = {{.direction = Direction::Egress,
                            .subject = kBank,
                            .action = Action::Deny,
                            .rule = 8}}});
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.bank, cast.group, 5353), kBankPort,
               {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 8});
}

BOOST_DATA_TEST_CASE(a_multicast_packet_makes_no_flow_and_is_judged_each_time,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    const Expect passed{.reason = Reason::Policy, .tier = base::kTierDefault};
    world.send(datagram(cast.bank, cast.group, 5353), kBankPort, passed);
    world.send(datagram(cast.bank, cast.group, 5353), kBankPort, passed);
}

BOOST_DATA_TEST_CASE(a_packet_for_a_pod_goes_to_its_own_port_only, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    const auto to_shop = datagram(cast.bank, cast.shop, 80);
    CHECK_VERDICT(deliver(world, to_shop, kBankPort, kEmptyPort), Policy);  // nobody knows yet
    speak(world, cast);
    CHECK_VERDICT(deliver(world, to_shop, kBankPort, kShopPort), Policy);
    CHECK_VERDICT(deliver(world, to_shop, kBankPort, kEmptyPort), NoPort);
    CHECK_VERDICT(deliver(world, to_shop, kBankPort, kUplink), NoPort);
    world.judge({{datagram(cast.far_pod, cast.shop, 1), kUplink}});
    const auto to_far_pod = datagram(cast.bank, cast.far_pod, 80);
    CHECK_VERDICT(deliver(world, to_far_pod, kBankPort, kOtherUplink), Policy);
    CHECK_VERDICT(deliver(world, to_far_pod, kBankPort, kShopPort), NoPort);
}

BOOST_DATA_TEST_CASE(a_packet_to_an_unknown_address_is_judged_like_a_broadcast,
                     data::make(kFamilies), family) {
    World world(kClosedShop);
    const Cast& cast = cast_of(family);
    speak(world, cast);
    const auto lost = datagram(cast.bank, cast.stranger, 5353);
    CHECK_VERDICT(deliver(world, lost, kBankPort, kShopPort), PolicyDeny);
    CHECK_VERDICT(deliver(world, lost, kBankPort, kUplink), Policy);
}

BOOST_DATA_TEST_CASE(all_pods_behind_a_port_must_allow, data::make(kFamilies), family) {
    World world({.rules = {{.subject = 10, .action = Action::Deny, .rule = 7}}});
    const Cast& cast = cast_of(family);
    const std::string second = family == Family::IPv4 ? "10.0.0.9" : "fd00::9";
    world.set(second, 10, 1, kSubject);
    world.republish();
    speak(world, cast);
    const auto packet = datagram(cast.bank, cast.group, 5353);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), Policy);
    world.judge({{datagram(second, cast.far_pod, 1), kShopPort}});
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), PolicyDeny);
    // Once it is gone, it has no say.
    world.addresses->remove(support::address(second), world.generation + 1);
    world.republish();
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), Policy);
}

BOOST_AUTO_TEST_CASE(a_pod_that_has_not_spoken_in_a_family_is_asked_by_its_other_address) {
    World world(kClosedShop);
    speak(world, kCast4);
    world.judge({{datagram(kCast6.bank, kCast6.far_pod, 1), kBankPort}});
    const auto packet = datagram(kCast6.bank, kCast6.group, 5353);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), PolicyDeny);
    CHECK_VERDICT(deliver(world, datagram(kCast6.bank, kCast6.group, 5354), kBankPort, kShopPort),
                  Policy);
}

/// The shop forbids, and has spoken in one family only; its neighbour behind the same port allows,
/// and has spoken in the other one, or in both.
BOOST_AUTO_TEST_CASE(pods_that_share_a_port_are_all_asked_whichever_family_they_spoke_in) {
    for (const Family family : kFamilies) {
        World world(kClosedShop);
        const bool v4 = family == Family::IPv4;
        const Cast& cast = cast_of(family);
        const Cast& other = v4 ? kCast6 : kCast4;
        const std::string neighbour = v4 ? "10.0.0.9" : "fd00::9";
        world.set(neighbour, 10, 1, kSubject);
        world.republish();
        world.judge({{datagram(other.shop, other.far_pod, 1), kShopPort},
                     {datagram(neighbour, cast.far_pod, 1), kShopPort},
                     {datagram(cast.bank, cast.far_pod, 1), kBankPort}});
        const auto packet = datagram(cast.bank, cast.group, 5353);
        CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), PolicyDeny);
        CHECK_VERDICT(deliver(world, datagram(cast.bank, cast.group, 5354), kBankPort, kShopPort),
                      Policy);
        world.judge({{datagram(cast.shop, cast.far_pod, 1), kShopPort}});
        CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), PolicyDeny);
    }
}

/// Who shares a port and has said nothing at all gets what those get who have.
BOOST_DATA_TEST_CASE(a_silent_pod_is_not_asked_before_it_speaks, data::make(kFamilies), family) {
    World world(kClosedShop);
    const Cast& cast = cast_of(family);
    const std::string neighbour = family == Family::IPv4 ? "10.0.0.9" : "fd00::9";
    world.set(neighbour, 10, 1, kSubject);
    world.republish();
    world.judge({{datagram(neighbour, cast.far_pod, 1), kShopPort},
                 {datagram(cast.bank, cast.far_pod, 1), kBankPort}});
    const auto packet = datagram(cast.bank, cast.group, 5353);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), Policy);
    world.judge({{datagram(cast.shop, cast.far_pod, 1), kShopPort}});
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), PolicyDeny);
}

BOOST_AUTO_TEST_CASE(a_pods_silent_address_is_reached_where_its_other_one_spoke) {
    World world(kClosedShop);
    speak(world, kCast4);
    world.judge({{datagram(kCast6.bank, kCast6.far_pod, 1), kBankPort}});
    // To the shop's IPv6 address, which nobody has used: its own policy was asked on the way in.
    const auto packet = datagram(kCast6.bank, kCast6.shop, 80);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), Policy);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kEmptyPort), Policy);
    world.judge({{datagram(kCast6.shop, kCast6.far_pod, 1), kShopPort}});
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), Policy);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kEmptyPort), NoPort);
}

BOOST_AUTO_TEST_CASE(a_port_with_more_pods_than_can_be_noted_gets_no_broadcasts) {
    World world;
    const auto pod = [](std::size_t i) { return "10.0.7." + std::to_string(i + 1); };
    for (std::size_t i = 0; i <= kPodsPerPortMax; ++i) {
        world.set(pod(i), static_cast<std::uint32_t>(kShop), 1, kSubject);
    }
    world.republish();
    const auto packet = datagram(kCast4.bank, kCast4.group, 5353);
    for (std::size_t i = 0; i < kPodsPerPortMax; ++i) {
        world.judge({{datagram(pod(i), kCast4.far_pod, 1), kShopPort}});
        CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), Policy);
    }
    world.judge({{datagram(pod(kPodsPerPortMax), kCast4.far_pod, 1), kShopPort}});
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), NoPort);
    // What is for one pod still gets there.
    CHECK_VERDICT(deliver(world, datagram(kCast4.bank, pod(3), 1), kBankPort, kShopPort), Policy);
}

BOOST_AUTO_TEST_CASE(a_pod_that_went_makes_room_for_another) {
    World world(kClosedShop);
    const auto pod = [](std::size_t i) { return "10.0.7." + std::to_string(i + 1); };
    for (std::size_t i = 0; i < kPodsPerPortMax; ++i) world.set(pod(i), 10, 1, kSubject);
    world.republish();
    for (std::size_t i = 0; i < kPodsPerPortMax; ++i) {
        world.judge({{datagram(pod(i), kCast4.far_pod, 1), kShopPort}});
    }
    world.addresses->remove(support::address(pod(2)), world.generation + 1);
    world.republish();
    speak(world, kCast4);
    const auto packet = datagram(kCast4.bank, kCast4.group, 5353);
    CHECK_VERDICT(deliver(world, packet, kBankPort, kShopPort), PolicyDeny);
}

BOOST_AUTO_TEST_CASE(workers_that_share_bindings_know_each_others_pods) {
    Pipeline::Config config = World::default_config();
    config.bindings = std::make_shared<Bindings>(config.ports.size());
    World world(kClosedShop, config);
    auto other = Pipeline::create(config, *world.addresses);
    BOOST_REQUIRE(other.ok());
    speak(world, kCast4);
    world.judge({{datagram(kCast4.bank, kCast4.group, 5353), kBankPort}});
    const auto verdict =
        (*other)->judge_delivery(world.headers[0], world.snapshot.get(), kShopPort);
    CHECK_VERDICT(verdict, PolicyDeny);
}

BOOST_AUTO_TEST_CASE(dhcp_answers_reach_clients_whatever_their_policy) {
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}});
    speak(world, kCast4);
    const auto offer = frame({.source = kCast4.other_node, .destination = "255.255.255.255"},
                             support::udp({.source_port = 67, .destination_port = 68}));
    CHECK_VERDICT(deliver(world, offer, kUplink, kShopPort), Dhcp);
    const auto other = frame({.source = kCast4.other_node, .destination = "255.255.255.255"},
                             support::udp({.source_port = 66, .destination_port = 68}));
    CHECK_VERDICT(deliver(world, other, kUplink, kShopPort), PolicyDeny);
}

BOOST_AUTO_TEST_CASE(neighbours_are_delivered_everywhere) {
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}});
    speak(world, kCast4);
    CHECK_VERDICT(deliver(world, support::arp(1, kCast4.bank, kCast4.shop), kBankPort, kShopPort),
                  NeighbourDiscovery);
}

BOOST_AUTO_TEST_CASE(without_a_snapshot_delivery_follows_the_boot_setting) {
    for (const bool open : {false, true}) {
        Pipeline::Config config = World::default_config();
        config.boot_open = open;
        World world({}, config);
        world.snapshot = nullptr;
        world.judge({{datagram(kCast4.bank, kCast4.group, 1), kBankPort}});
        const auto verdict = world.pipeline->judge_delivery(world.headers[0], nullptr, kShopPort);
        const Reason wanted = open ? Reason::OpenBoot : Reason::NoSnapshot;
        BOOST_CHECK_EQUAL(base::name(verdict.reason), base::name(wanted));
        BOOST_CHECK_EQUAL(verdict.action == Action::Allow, open);
    }
}
