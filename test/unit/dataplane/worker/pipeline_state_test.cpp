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
namespace flag = parse::tcp_flag;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};
constexpr std::uint8_t kSynAck = flag::kSyn | flag::kAck;

const Moved kCreated{{"flows_created", 1}};
const Moved kRejudged{{"flows_rejudged", 1}};
const Moved kRevoked{{"flows_revoked", 1}};
const Expect kEstablished{.reason = Reason::Established};
const Expect kOpened{.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated};
const Expect kDenied7{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7};
const Expect kMidStream7{.reason = Reason::MidStream, .tier = base::kTierAdmin, .rule = 7};

/// Nobody may open anything to shop.
const Policy kClosedShop{.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}};
/// Shop may not open anything.
const Policy kMuteShop{
    .rules = {
        {.direction = Direction::Egress, .subject = kShop, .action = Action::Deny, .rule = 7}}};

/// A TCP packet between bank:40000 and shop:80.
support::Bytes to_shop(const Cast& cast, std::uint8_t flags, std::uint16_t port = 40000) {
    return frame({.source = cast.bank, .destination = cast.shop},
                 support::tcp({.source_port = port, .destination_port = 80, .flags = flags}));
}
support::Bytes to_bank(const Cast& cast, std::uint8_t flags, std::uint16_t port = 40000) {
    return frame({.source = cast.shop, .destination = cast.bank},
                 support::tcp({.source_port = 80, .destination_port = port, .flags = flags}));
}
support::Bytes datagram(const std::string& from, std::uint16_t from_port, const std::string& to,
                        std::uint16_t to_port) {
    return frame({.source = from, .destination = to},
                 support::udp({.source_port = from_port, .destination_port = to_port}));
}

Pipeline::Config with_pickup() {
    Pipeline::Config config = World::default_config();
    config.pickup_s = 60;
    return config;
}

Pipeline::Config small_table(std::uint32_t flows_max) {
    Pipeline::Config config = World::default_config();
    config.flows_max = flows_max;
    return config;
}

}  // namespace

BOOST_DATA_TEST_CASE(replies_pass_whatever_the_reverse_direction_says, data::make(kFamilies),
                     family) {
    World world(kMuteShop);
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(to_bank(cast, kSynAck), kShopPort, kEstablished);
    world.send(to_shop(cast, flag::kAck), kBankPort, kEstablished);
    world.send(to_bank(cast, flag::kAck), kShopPort, kEstablished);
    world.send(to_bank(cast, flag::kSyn, 40001), kShopPort, kDenied7);
}

BOOST_DATA_TEST_CASE(a_syn_against_the_direction_of_its_flow_is_judged_for_itself,
                     data::make(kFamilies), family) {
    World world(kMuteShop);
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(to_bank(cast, flag::kSyn), kShopPort, kDenied7);
    world.send(to_bank(cast, kSynAck), kShopPort, kEstablished);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 1);
}

BOOST_DATA_TEST_CASE(an_allowed_syn_against_the_direction_leaves_the_flow_as_it_is,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(to_bank(cast, flag::kSyn), kShopPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault});
    BOOST_CHECK(world.pipeline->flows().view(0)->source() == support::address(cast.bank));
}

BOOST_DATA_TEST_CASE(an_echo_request_is_no_reply, data::make(kFamilies), family) {
    World world(kMuteShop);
    const Cast& cast = cast_of(family);
    const auto ping = [&](const std::string& from, const std::string& to, bool reply) {
        return frame({.source = from, .destination = to}, support::echo(family, reply, 7));
    };
    world.send(ping(cast.bank, cast.shop, false), kBankPort, kOpened);
    world.send(ping(cast.shop, cast.bank, true), kShopPort, kEstablished);
    world.send(ping(cast.shop, cast.bank, false), kShopPort, kDenied7);
}

BOOST_DATA_TEST_CASE(a_denied_packet_leaves_no_state, data::make(kFamilies), family) {
    World world(kClosedShop);
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kDenied7);
    world.send(to_shop(cast, flag::kAck), kBankPort, kMidStream7);
    // Judged as what it is: shop may send to bank.
    world.send(to_bank(cast, kSynAck), kShopPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault});
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
}

BOOST_DATA_TEST_CASE(a_packet_from_mid_stream_that_policy_allows_gets_a_flow, data::make(kFamilies),
                     family) {
    World world(kMuteShop);
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kAck), kBankPort, kOpened);
    BOOST_CHECK(world.pipeline->flows().view(0)->picked_up());
    world.send(to_bank(cast, flag::kAck), kShopPort, kEstablished);
}

BOOST_DATA_TEST_CASE(neither_a_stray_answer_nor_a_reset_opens_a_flow, data::make(kFamilies),
                     family) {
    World world(kClosedShop);
    const Cast& cast = cast_of(family);
    const Expect passed{.reason = Reason::Policy, .tier = base::kTierDefault};
    world.send(to_bank(cast, kSynAck), kShopPort, passed);
    world.send(to_bank(cast, flag::kRst | flag::kAck), kShopPort, passed);
    world.send(
        frame({.source = cast.shop, .destination = cast.bank}, support::echo(family, true, 7)),
        kShopPort, passed);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
    world.send(to_shop(cast, flag::kAck), kBankPort, kMidStream7);
}

BOOST_DATA_TEST_CASE(within_pickup_time_an_allowed_reply_is_picked_up, data::make(kFamilies),
                     family) {
    World world(kMuteShop, with_pickup());
    const Cast& cast = cast_of(family);
    world.judge({});  // starts the clock
    world.now_ms += 59'999;
    world.send(to_bank(cast, flag::kAck), kShopPort,
               {.reason = Reason::PickedUp, .tier = base::kTierDefault, .moved = kCreated});
    const auto flow = world.pipeline->flows().view(0);
    BOOST_CHECK(flow->source() == support::address(cast.bank));
    BOOST_CHECK_EQUAL(flow->destination_port(), 80);
    BOOST_CHECK(flow->picked_up());
    world.send(to_shop(cast, flag::kAck), kBankPort, kEstablished);
    // A SYN,ACK is a reply like another.
    world.send(to_bank(cast, kSynAck, 40001), kShopPort,
               {.reason = Reason::PickedUp, .tier = base::kTierDefault, .moved = kCreated});
    // A reset passes, but is not worth a flow.
    world.send(to_bank(cast, flag::kRst, 40002), kShopPort,
               {.reason = Reason::PickedUp, .tier = base::kTierDefault});
    // Only of TCP it can be seen that something went before.
    world.send(
        frame({.source = cast.shop, .destination = cast.bank}, support::echo(family, true, 7)),
        kShopPort, kDenied7);
}

BOOST_DATA_TEST_CASE(after_pickup_time_a_reply_without_a_flow_is_mid_stream, data::make(kFamilies),
                     family) {
    World world(kMuteShop, with_pickup());
    const Cast& cast = cast_of(family);
    world.judge({});
    world.now_ms += 60'000;
    world.send(to_bank(cast, flag::kAck), kShopPort, kMidStream7);
    world.send(to_bank(cast, kSynAck), kShopPort, kMidStream7);
    world.send(to_bank(cast, flag::kRst), kShopPort, kMidStream7);
    // An echo reply has no stream to be in the middle of.
    world.send(
        frame({.source = cast.shop, .destination = cast.bank}, support::echo(family, true, 7)),
        kShopPort, kDenied7);
}

BOOST_AUTO_TEST_CASE(pickup_time_goes_by_at_a_worker_that_nobody_sends_to) {
    World world(kMuteShop, with_pickup());
    world.pipeline->expire(world.now_ms);
    world.now_ms += 60'000;
    world.send(to_bank(cast_of(Family::IPv4), flag::kAck), kShopPort, kMidStream7);
}

BOOST_DATA_TEST_CASE(what_is_denied_both_ways_or_opens_a_connection_is_not_picked_up,
                     data::make(kFamilies), family) {
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7},
                           {.subject = kBank, .action = Action::Deny, .rule = 8}}},
                with_pickup());
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kAck), kBankPort, kMidStream7);
    World mute(kMuteShop, with_pickup());
    mute.send(to_bank(cast, flag::kSyn), kShopPort, kDenied7);
    mute.send(datagram(cast.shop, 80, cast.bank, 40000), kShopPort, kDenied7);
}

BOOST_DATA_TEST_CASE(a_flow_is_judged_again_when_its_own_end_changed_only, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(datagram(cast.stranger, 1, cast.far_pod, 2), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierNotSubject, .moved = kCreated});
    world.publish({}, {cast.far_pod});
    world.send(to_bank(cast, kSynAck), kShopPort, kEstablished);
    world.send(datagram(cast.stranger, 1, cast.far_pod, 2), kUplink,
               {.reason = Reason::Established, .tier = base::kTierNotSubject, .moved = kRejudged});
    world.send(datagram(cast.stranger, 1, cast.far_pod, 2), kUplink, kEstablished);
}

BOOST_DATA_TEST_CASE(a_revoked_connection_dies_at_its_next_packet_and_only_that_one,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(to_bank(cast, kSynAck), kShopPort, kEstablished);
    world.send(datagram(cast.bank, 1, cast.far_pod, 2), kBankPort, kOpened);
    world.publish(kClosedShop, {cast.shop});
    Expect revoked = kDenied7;
    revoked.moved = kRevoked;
    world.send(to_shop(cast, flag::kAck), kBankPort, revoked);
    world.send(to_shop(cast, flag::kAck), kBankPort, kDenied7);
    world.send(datagram(cast.bank, 1, cast.far_pod, 2), kBankPort, kEstablished);
}

BOOST_DATA_TEST_CASE(the_other_end_cannot_open_a_revoked_connection_again, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(to_bank(cast, kSynAck), kShopPort, kEstablished);
    world.publish(kClosedShop, {cast.shop});
    // Its first packet after the change is a reply: judged in the flow's own direction.
    Expect revoked = kDenied7;
    revoked.moved = kRevoked;
    world.send(to_bank(cast, flag::kAck), kShopPort, revoked);
    world.send(to_bank(cast, flag::kAck), kShopPort, kDenied7);
    world.send(to_shop(cast, flag::kAck), kBankPort, kDenied7);
    // A new connection of its own is another matter.
    Expect opened = kOpened;
    opened.moved = {{"flows_created", 1}, {"flows_closed", 1}};
    world.send(to_bank(cast, flag::kSyn), kShopPort, opened);
    world.send(to_shop(cast, kSynAck), kBankPort, kEstablished);
}

BOOST_DATA_TEST_CASE(a_revoked_connection_lives_again_when_policy_allows_it_again,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.publish({.isolations = {{.subject = kShop, .rule = 9}}}, {cast.shop});
    const Expect isolated{.reason = Reason::Isolated, .tier = base::kTierNetworkPolicy, .rule = 9};
    Expect revoked = isolated;
    revoked.moved = kRevoked;
    world.send(to_shop(cast, flag::kAck), kBankPort, revoked);
    world.send(to_shop(cast, flag::kAck), kBankPort, isolated);
    // Judged again and denied again is no second revocation.
    world.publish(kClosedShop, {cast.shop});
    Expect again = kDenied7;
    again.moved = kRejudged;
    world.send(to_shop(cast, flag::kAck), kBankPort, again);
    world.publish({}, {cast.shop});
    world.send(to_bank(cast, flag::kAck), kShopPort,
               {.reason = Reason::Established, .tier = base::kTierDefault, .moved = kRejudged});
    world.send(to_shop(cast, flag::kAck), kBankPort, kEstablished);
}

BOOST_DATA_TEST_CASE(a_reply_is_judged_again_in_the_direction_of_its_flow, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, 1000, cast.bank, 53), kShopPort, kOpened);
    // Only shop -> bank:53 stays allowed; bank -> shop:1000 would be denied.
    world.publish(
        {.rules =
             {{.direction = Direction::Egress,
               .subject = kShop,
               .protocol = base::kIpUdp,
               .port_first = 53,
               .port_last = 53,
               .rule = 8},
              {.direction = Direction::Egress, .subject = kShop, .action = Action::Deny, .rule = 6},
              {.subject = kShop, .action = Action::Deny, .rule = 7}}},
        {cast.shop});
    world.send(
        datagram(cast.bank, 53, cast.shop, 1000), kBankPort,
        {.reason = Reason::Established, .tier = base::kTierAdmin, .rule = 8, .moved = kRejudged});
    world.send(datagram(cast.bank, 54, cast.shop, 1000), kBankPort, kDenied7);
}

BOOST_DATA_TEST_CASE(a_relabelled_pod_has_its_flows_judged_by_its_new_identity,
                     data::make(kFamilies), family) {
    const Policy policy{
        .rules = {{.subject = kShop, .peer = 10, .action = Action::Deny, .rule = 7}}};
    World world(policy);
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.set(cast.bank, 10, 1,
              identity::kEntryKnown | identity::kEntryPod | identity::kEntrySubject);
    // The worker still holds the generation before: judged by that, and not stamped current.
    Expect meanwhile{.reason = Reason::Established, .tier = base::kTierDefault, .moved = kRejudged};
    world.send(to_shop(cast, flag::kAck), kBankPort, meanwhile);
    world.send(to_shop(cast, flag::kAck), kBankPort, meanwhile);
    world.republish();
    Expect revoked = kDenied7;
    revoked.moved = kRevoked;
    world.send(to_shop(cast, flag::kAck), kBankPort, revoked);
}

BOOST_DATA_TEST_CASE(an_address_that_becomes_a_pod_has_its_flows_judged_again,
                     data::make(kFamilies), family) {
    World world(kClosedShop);
    const Cast& cast = cast_of(family);
    const auto to_stranger = datagram(cast.far_pod, 1, cast.stranger, 2);
    world.send(to_stranger, kUplink,
               {.reason = Reason::Policy, .tier = base::kTierNotSubject, .moved = kCreated});
    world.set(cast.stranger, kShop, 1,
              identity::kEntryKnown | identity::kEntryPod | identity::kEntrySubject);
    world.republish();
    Expect revoked = kDenied7;
    revoked.moved = kRevoked;
    world.send(to_stranger, kUplink, revoked);
}

BOOST_DATA_TEST_CASE(a_removed_pod_has_its_flows_judged_again, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.addresses->remove(support::address(cast.bank), world.generation + 1);
    world.republish();
    world.send(to_shop(cast, flag::kAck), kBankPort, {.reason = Reason::UnknownSource});
    // The other end may still be talking to it; the flow is now one of a stranger.
    world.send(to_bank(cast, flag::kAck), kShopPort,
               {.reason = Reason::Established, .tier = base::kTierDefault, .moved = kRejudged});
}

BOOST_DATA_TEST_CASE(a_silent_flow_ends_by_its_timeout, data::make(kFamilies), family) {
    World world(kMuteShop);
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.bank, 1, cast.shop, 53), kBankPort, kOpened);
    world.now_ms += 30'000;
    world.send(datagram(cast.shop, 53, cast.bank, 1), kShopPort, kEstablished);
    world.now_ms += 181'000;
    Expect expired = kDenied7;
    expired.moved = {{"flows_expired", 1}};
    world.send(datagram(cast.shop, 53, cast.bank, 1), kShopPort, expired);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
}

BOOST_AUTO_TEST_CASE(expire_ends_silent_flows_and_counts_them) {
    World world;
    for (std::uint16_t port = 1001; port <= 1100; ++port) {
        world.judge({{datagram(kCast4.bank, port, kCast4.shop, 53), kBankPort}});
    }
    world.pipeline->expire(world.now_ms);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 100);
    world.now_ms += 31'000;
    for (int i = 0; i < 20; ++i) world.pipeline->expire(world.now_ms += 1000);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_expired.read(), 100);
}

BOOST_DATA_TEST_CASE(a_closed_connection_may_be_opened_again_by_either_end, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(to_bank(cast, flag::kRst | flag::kAck), kShopPort, kEstablished);
    Expect reopened = kOpened;
    reopened.moved = {{"flows_created", 1}, {"flows_closed", 1}};
    world.send(to_bank(cast, flag::kSyn), kShopPort, reopened);
    BOOST_CHECK(world.pipeline->flows().view(0)->source() == support::address(cast.shop));
}

BOOST_DATA_TEST_CASE(a_full_flow_table_denies_new_flows_and_keeps_the_old_ones,
                     data::make(kFamilies), family) {
    World world({}, small_table(2));
    const Cast& cast = cast_of(family);
    for (std::uint16_t port = 1; port <= 2; ++port) {
        world.send(to_shop(cast, flag::kSyn, port), kBankPort, kOpened);
        world.send(to_bank(cast, kSynAck, port), kShopPort, kEstablished);
        world.send(to_shop(cast, flag::kAck, port), kBankPort, kEstablished);
    }
    world.send(to_shop(cast, flag::kSyn, 3), kBankPort, {.reason = Reason::FlowTableFull});
    world.send(to_shop(cast, flag::kAck, 1), kBankPort, kEstablished);
    world.send(to_bank(cast, flag::kAck, 2), kShopPort, kEstablished);
}

BOOST_DATA_TEST_CASE(a_checksum_left_to_hardware_is_found_in_first_packets, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    const support::IpFields ip{.source = cast.bank, .destination = cast.shop};
    const auto partial = frame(ip, support::tcp({.source_port = 40000,
                                                 .destination_port = 80,
                                                 .flags = flag::kSyn,
                                                 .sum = support::Sum::Partial}));
    world.send(partial, kBankPort, {.reason = Reason::PartialChecksum});
    const auto datagram_partial = frame(ip, support::udp({.source_port = 40000,
                                                          .destination_port = 80,
                                                          .payload = {1, 2, 3, 4},
                                                          .sum = support::Sum::Partial}));
    world.send(datagram_partial, kBankPort, {.reason = Reason::PartialChecksum});
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.send(partial, kBankPort, kEstablished);
}

BOOST_DATA_TEST_CASE(forgotten_flows_are_gone, data::make(kFamilies), family) {
    World world(kMuteShop);
    const Cast& cast = cast_of(family);
    world.send(to_shop(cast, flag::kSyn), kBankPort, kOpened);
    world.pipeline->forget_flows();
    world.send(to_bank(cast, kSynAck), kShopPort, kMidStream7);
}
