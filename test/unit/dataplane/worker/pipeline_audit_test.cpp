// SPDX-License-Identifier: Apache-2.0
// Audited policies: what they would deny passes, is counted under its rule and noted once.
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
using support::tcp;
namespace flag = parse::tcp_flag;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};

support::Bytes segment(const std::string& from, const std::string& to, std::uint16_t port,
                       std::uint8_t flags) {
    return frame({.source = from, .destination = to},
                 tcp({.source_port = 40000, .destination_port = port, .flags = flags}));
}
support::Bytes open(const std::string& from, const std::string& to, std::uint16_t port = 80) {
    return segment(from, to, port, flag::kSyn);
}

const Policy kNoShop{.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}};
const Moved kCreated{{"flows_created", 1}};
const Moved kAudited{{"flows_created", 1}, {"would_deny", 1}};

std::size_t events_of(World& world, std::array<verdict::Event, 8>& events) {
    return world.pipeline->events().pop(events);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_DATA_TEST_CASE(what_an_audited_rule_denies_passes_and_is_told_once, data::make(kFamilies),
                     family) {
    World world;
    world.publish_audit({}, kNoShop);
    const Cast& cast = cast_of(family);
    world.send(open(cast.bank, cast.shop), kBankPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kAudited});
    std::array<verdict::Event, 8> events;
    BOOST_REQUIRE_EQUAL(events_of(world, events), 1);
    BOOST_CHECK(events[0].audit);
    BOOST_CHECK(events[0].tuple == world.headers[0].tuple);
    BOOST_CHECK_EQUAL(base::name(events[0].verdict.reason), "policy_deny");
    BOOST_CHECK_EQUAL(events[0].verdict.tier, base::kTierAdmin);
    BOOST_CHECK_EQUAL(events[0].verdict.rule, 7);
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 1);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(7), 0);
    // The connection is as good as any other.
    world.send(segment(cast.bank, cast.shop, 80, flag::kAck), kBankPort,
               {.reason = Reason::Established});
    BOOST_CHECK_EQUAL(events_of(world, events), 0);
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 1);
    // To others nothing is audited.
    world.send(open(cast.shop, cast.bank, 81), kShopPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
}

BOOST_DATA_TEST_CASE(an_audited_isolation_is_told_as_isolation_and_spares_the_own_node,
                     data::make(kFamilies), family) {
    World world;
    world.publish_audit({}, {.isolations = {{.subject = kShop, .rule = 9}}});
    const Cast& cast = cast_of(family);
    world.send(open(cast.own_node, cast.shop), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
    world.send(open(cast.other_node, cast.shop), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kAudited});
    std::array<verdict::Event, 8> events;
    BOOST_REQUIRE_EQUAL(events_of(world, events), 1);
    BOOST_CHECK_EQUAL(base::name(events[0].verdict.reason), "isolated");
    BOOST_CHECK_EQUAL(events[0].verdict.rule, 9);
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(9), 1);
}

BOOST_AUTO_TEST_CASE(what_is_denied_anyhow_is_not_audited) {
    World world;
    world.publish_audit(
        {.rules =
             {{.tier = base::kTierBaseline, .subject = kShop, .action = Action::Deny, .rule = 8}}},
        kNoShop);
    world.send(open(kCast4.bank, kCast4.shop), kBankPort,
               {.reason = Reason::PolicyDeny, .tier = base::kTierBaseline, .rule = 8});
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 0);
    std::array<verdict::Event, 8> events;
    BOOST_REQUIRE_EQUAL(events_of(world, events), 1);
    BOOST_CHECK(!events[0].audit);
    // One direction's denial is enough.
    world.publish_audit({.rules = {{.direction = Direction::Egress,
                                    .subject = kBank,
                                    .action = Action::Deny,
                                    .rule = 6}}},
                        kNoShop);
    world.send(open(kCast4.bank, kCast4.shop), kBankPort,
               {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 6});
}

BOOST_AUTO_TEST_CASE(of_two_directions_that_would_deny_egress_is_told) {
    World world;
    Policy audit = kNoShop;
    audit.rules.push_back(
        {.direction = Direction::Egress, .subject = kBank, .action = Action::Deny, .rule = 6});
    world.publish_audit({}, audit);
    world.send(open(kCast4.bank, kCast4.shop), kBankPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kAudited});
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(6), 1);
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 0);
    world.send(open(kCast4.far_pod, kCast4.shop), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kAudited});
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 1);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_judged_again_is_audited_again) {
    World world;
    world.send(open(kCast4.bank, kCast4.shop), kBankPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
    world.publish_audit({}, kNoShop, {kCast4.shop});
    world.send(segment(kCast4.bank, kCast4.shop, 80, flag::kAck), kBankPort,
               {.reason = Reason::Established,
                .tier = base::kTierDefault,
                .moved = {{"flows_rejudged", 1}, {"would_deny", 1}}});
    world.send(segment(kCast4.bank, kCast4.shop, 80, flag::kAck), kBankPort,
               {.reason = Reason::Established});
    // Enforced, it is cut; audited once more, it lives again.
    world.publish(kNoShop, {kCast4.shop});
    world.send(segment(kCast4.bank, kCast4.shop, 80, flag::kAck), kBankPort,
               {.reason = Reason::PolicyDeny,
                .tier = base::kTierAdmin,
                .rule = 7,
                .moved = {{"flows_revoked", 1}}});
    world.publish_audit({}, kNoShop, {kCast4.shop});
    world.send(segment(kCast4.bank, kCast4.shop, 80, flag::kAck), kBankPort,
               {.reason = Reason::Established,
                .tier = base::kTierDefault,
                .moved = {{"flows_rejudged", 1}, {"would_deny", 1}}});
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 2);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(7), 1);
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_picked_up_is_audited_as_the_connection_that_it_answers) {
    Pipeline::Config config = World::default_config();
    config.pickup_s = 60;
    const Policy mute_bank{.isolations = {{.subject = kBank, .rule = 5}}};
    World world(mute_bank, config);
    world.publish_audit(mute_bank, {.rules = {{.direction = Direction::Egress,
                                               .subject = kBank,
                                               .action = Action::Deny,
                                               .rule = 6}}});
    world.send(segment(kCast4.shop, kCast4.bank, 80, flag::kAck), kShopPort,
               {.reason = Reason::PickedUp, .tier = base::kTierDefault, .moved = kAudited});
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(6), 1);
}

BOOST_AUTO_TEST_CASE(audited_packets_that_find_no_room_for_their_event_are_counted_all_the_same) {
    Pipeline::Config config = World::default_config();
    config.events_max = 2;
    World world({}, config);
    world.publish_audit({}, kNoShop);
    for (std::uint16_t port = 1; port <= 5; ++port) {
        world.judge({{open(kCast4.bank, kCast4.shop, port), kBankPort}});
    }
    BOOST_CHECK_EQUAL(world.pipeline->counters().would_deny.read(), 5);
    BOOST_CHECK_EQUAL(world.pipeline->counters().events_lost.read(), 3);
    BOOST_CHECK_EQUAL(world.pipeline->rule_would_deny(7), 5);
}

BOOST_AUTO_TEST_CASE(a_packet_that_cannot_go_on_is_not_told_as_let_through) {
    World world;
    world.publish_audit({}, kNoShop);
    const support::Bytes bytes = open(kCast4.bank, kCast4.shop);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    const std::array<Frame, 1> frames{{{bytes.data(), length, length, kBankPort}}};
    std::array<parse::Headers, 1> headers;
    std::array<Outcome, 1> outcomes;
    const Moment moment{world.snapshot.get(), world.now_ms};
    world.pipeline->decide(frames, moment, headers, outcomes);
    BOOST_CHECK_EQUAL(outcomes[0].audit.rule, 7);
    outcomes[0].verdict = {Action::Deny, Reason::NoPort, base::kTierNone, base::kNoRule};
    world.pipeline->account(frames, moment, headers, outcomes);
    BOOST_CHECK_EQUAL(world.pipeline->counters().would_deny.read(), 0);
}

BOOST_AUTO_TEST_SUITE_END()
