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

constexpr Family kFamiliesToClose[] = {Family::IPv4, Family::IPv6};
constexpr std::uint8_t kAnswer = flag::kSyn | flag::kAck;
constexpr std::uint8_t kFinish = flag::kFin | flag::kAck;

const Expect kPasses{.reason = Reason::Established};
const Expect kOpens{
    .reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_created", 1}}};
const Expect kOpensAgain{.reason = Reason::Policy, .tier = base::kTierDefault};
const Expect kDeniedBy7{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7};

/// Shop may only answer.
const Policy kSilentShop{
    .rules = {
        {.direction = Direction::Egress, .subject = kShop, .action = Action::Deny, .rule = 7}}};
const Policy kNobodyToShop{.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}};

/// A connection of far pod:40000 to shop:80. The far pod may be anybody beyond the uplink.
struct Talk {
    World& world;
    const Cast& cast;

    void ask(std::uint8_t flags, const Expect& expect = kPasses) const {
        const auto bytes =
            support::tcp({.source_port = 40000, .destination_port = 80, .flags = flags});
        world.send(frame({.source = cast.far_pod, .destination = cast.shop}, bytes), kUplink,
                   expect);
    }
    void answer(std::uint8_t flags, const Expect& expect = kPasses) const {
        const auto bytes =
            support::tcp({.source_port = 80, .destination_port = 40000, .flags = flags});
        world.send(frame({.source = cast.shop, .destination = cast.far_pod}, bytes), kShopPort,
                   expect);
    }
    void shake_hands() const {
        ask(flag::kSyn, kOpens);
        answer(kAnswer);
        ask(flag::kAck);
    }
    void wait_s(std::uint64_t seconds) const { world.now_ms += seconds * 1000; }
    flow::State state() const { return world.pipeline->flows().view(0)->state(); }
};

support::Bytes query(const Cast& cast, std::uint16_t port = 1) {
    return frame({.source = cast.bank, .destination = cast.shop},
                 support::udp({.source_port = port, .destination_port = 53}));
}
support::Bytes response(const Cast& cast) {
    return frame({.source = cast.shop, .destination = cast.bank},
                 support::udp({.source_port = 53, .destination_port = 1}));
}

}  // namespace

BOOST_DATA_TEST_CASE(a_forged_fin_and_syn_cost_an_idle_connection_nothing,
                     data::make(kFamiliesToClose), family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.ask(kFinish);
    talk.ask(flag::kSyn, kOpensAgain);
    talk.wait_s(7000);
    talk.answer(flag::kAck);
    talk.ask(flag::kAck);
}

BOOST_DATA_TEST_CASE(a_forged_reset_costs_a_connection_nothing_that_speaks_in_time,
                     data::make(kFamiliesToClose), family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.ask(flag::kRst);
    talk.ask(flag::kSyn, kOpensAgain);
    talk.wait_s(290);
    talk.answer(flag::kAck);
    talk.wait_s(7000);
    talk.answer(flag::kAck);
}

BOOST_DATA_TEST_CASE(a_reset_connection_is_gone_when_nobody_speaks, data::make(kFamiliesToClose),
                     family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.ask(flag::kRst);
    talk.wait_s(301);
    talk.answer(flag::kAck, {.reason = Reason::MidStream,
                             .tier = base::kTierAdmin,
                             .rule = 7,
                             .moved = {{"flows_expired", 1}}});
}

BOOST_DATA_TEST_CASE(a_pods_own_reset_needs_no_confirmation, data::make(kFamiliesToClose), family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.answer(flag::kRst);
    BOOST_CHECK(talk.state() == flow::State::Closed);
    talk.ask(flag::kAck);  // was on its way
    BOOST_CHECK(talk.state() == flow::State::Closed);
    talk.wait_s(6);
    Expect fresh = kOpens;
    fresh.moved["flows_expired"] = 1;
    talk.ask(flag::kSyn, fresh);
}

BOOST_DATA_TEST_CASE(a_pod_that_goes_on_after_its_reset_has_not_sent_it,
                     data::make(kFamiliesToClose), family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.answer(flag::kRst);  // another pod's, behind the same port
    talk.ask(flag::kAck);
    talk.answer(flag::kAck);
    BOOST_CHECK(talk.state() == flow::State::Established);
    talk.wait_s(600);
    talk.answer(flag::kPsh | flag::kAck);
}

BOOST_DATA_TEST_CASE(a_port_used_again_makes_a_connection_that_lives, data::make(kFamiliesToClose),
                     family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.ask(kFinish);
    talk.answer(kFinish);
    talk.ask(flag::kAck);
    BOOST_CHECK(talk.state() == flow::State::Closed);
    talk.ask(flag::kSyn, kOpensAgain);
    talk.answer(kAnswer);
    talk.ask(flag::kAck);
    BOOST_CHECK(talk.state() == flow::State::Established);
    talk.wait_s(7000);
    talk.answer(flag::kAck);
}

BOOST_DATA_TEST_CASE(a_closed_connection_is_gone_soon, data::make(kFamiliesToClose), family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.answer(kFinish);
    talk.ask(flag::kRst);
    talk.wait_s(6);
    Expect fresh = kOpens;
    fresh.moved["flows_expired"] = 1;
    talk.ask(flag::kSyn, fresh);
}

BOOST_DATA_TEST_CASE(a_denied_syn_leaves_a_closing_connection_as_it_is,
                     data::make(kFamiliesToClose), family) {
    World world(kSilentShop);
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.ask(kFinish);
    talk.answer(flag::kSyn, kDeniedBy7);
    BOOST_CHECK(talk.state() == flow::State::HalfClosed);
    talk.ask(kAnswer);
    BOOST_CHECK(talk.state() == flow::State::HalfClosed);
}

BOOST_DATA_TEST_CASE(a_syn_of_the_other_end_does_not_cut_the_old_connection_short,
                     data::make(kFamiliesToClose), family) {
    World world;
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    talk.answer(kFinish);
    Expect turned = kOpens;
    turned.moved["flows_closed"] = 1;
    talk.answer(flag::kSyn, turned);
    talk.ask(flag::kAck);
    BOOST_CHECK(talk.state() == flow::State::Established);
    talk.wait_s(7000);
    talk.answer(flag::kAck);
    talk.ask(flag::kAck);
}

BOOST_DATA_TEST_CASE(a_revoked_datagram_flow_ends_by_its_originators_silence,
                     data::make(kFamiliesToClose), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(query(cast), kBankPort, kOpens);
    world.send(response(cast), kShopPort, kPasses);
    world.publish(kNobodyToShop, {cast.shop});
    Expect revoked = kDeniedBy7;
    revoked.moved = {{"flows_revoked", 1}};
    world.send(query(cast), kBankPort, revoked);
    for (int i = 0; i < 5; ++i) {  // the originator keeps it
        world.now_ms += 100'000;
        world.send(query(cast), kBankPort, kDeniedBy7);
        world.send(response(cast), kShopPort, kDeniedBy7);
    }
    for (int i = 0; i < 3; ++i) {  // the other end does not
        world.now_ms += 60'000;
        world.send(response(cast), kShopPort, kDeniedBy7);
    }
    world.now_ms += 1000;
    Expect opened = kOpens;
    opened.moved["flows_expired"] = 1;
    world.send(response(cast), kShopPort, opened);
    BOOST_CHECK(world.pipeline->flows().view(0)->source() == support::address(cast.shop));
}

BOOST_DATA_TEST_CASE(nothing_keeps_the_mark_of_a_flow_that_was_never_answered,
                     data::make(kFamiliesToClose), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(query(cast), kBankPort, kOpens);
    world.publish(kNobodyToShop, {cast.shop});
    Expect revoked = kDeniedBy7;
    revoked.moved = {{"flows_revoked", 1}};
    world.send(query(cast), kBankPort, revoked);
    world.now_ms += 30'000;
    world.send(query(cast), kBankPort, kDeniedBy7);
    world.now_ms += 1000;
    Expect gone = kDeniedBy7;
    gone.moved = {{"flows_expired", 1}};
    world.send(query(cast), kBankPort, gone);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
}

BOOST_DATA_TEST_CASE(an_answer_to_a_revoked_flow_makes_its_mark_last, data::make(kFamiliesToClose),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(query(cast), kBankPort, kOpens);
    world.publish(kNobodyToShop, {cast.shop});
    Expect revoked = kDeniedBy7;
    revoked.moved = {{"flows_revoked", 1}};
    world.send(query(cast), kBankPort, revoked);
    world.now_ms += 20'000;
    world.send(response(cast), kShopPort, kDeniedBy7);
    world.now_ms += 20'000;
    world.send(response(cast), kShopPort, kDeniedBy7);
    world.send(query(cast), kBankPort, kDeniedBy7);
}

BOOST_DATA_TEST_CASE(a_packet_whose_flow_gave_way_in_its_burst_is_not_taken_for_anothers,
                     data::make(kFamiliesToClose), family) {
    Pipeline::Config config = World::default_config();
    config.flows_max = 1;
    World world({}, config);
    const Cast& cast = cast_of(family);
    world.send(query(cast, 1), kBankPort, kOpens);
    world.publish({.rules = {{.subject = kShop,
                              .protocol = base::kIpUdp,
                              .port_first = 54,
                              .port_last = 54,
                              .action = Action::Deny,
                              .rule = 7}}},
                  {cast.shop});
    const auto outcomes = world.judge({{query(cast, 2), kBankPort}, {query(cast, 1), kBankPort}});
    for (const Outcome& outcome : outcomes) {
        BOOST_CHECK_EQUAL(base::name(outcome.verdict.reason), base::name(Reason::Policy));
    }
    BOOST_CHECK_EQUAL(world.pipeline->flows().view(0)->source_port(), 1);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_created.read(), 3);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_rejudged.read(), 0);
    world.pipeline->expire(world.now_ms + 1000);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_yielded.read(), 2);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_expired.read(), 0);
}

BOOST_DATA_TEST_CASE(a_flood_neither_stops_new_connections_nor_ends_answered_ones,
                     data::make(kFamiliesToClose), family) {
    World world;
    const Talk talk{world, cast_of(family)};
    talk.shake_hands();
    for (std::uint32_t port = 1000; port < 6000; ++port) {
        const auto flood = query(talk.cast, static_cast<std::uint16_t>(port));
        BOOST_REQUIRE(world.judge({{flood, kBankPort}})[0].verdict.reason == Reason::Policy);
    }
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 1024);
    talk.answer(flag::kAck);
    world.send(frame({.source = talk.cast.other_node, .destination = talk.cast.shop},
                     support::tcp({.source_port = 1, .destination_port = 80, .flags = flag::kSyn})),
               kUplink, kOpens);
    BOOST_CHECK_EQUAL(world.pipeline->counters().of(Reason::FlowTableFull).read(), 0);
}
