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
using support::tcp;
using support::udp;
namespace flag = parse::tcp_flag;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};

support::Bytes syn(const std::string& from, const std::string& to, std::uint16_t port) {
    return frame({.source = from, .destination = to},
                 tcp({.source_port = 40000, .destination_port = port, .flags = flag::kSyn}));
}

/// Who may open TCP port 80 to shop, under one policy.
struct Row {
    const char* name;
    Policy policy;
    Expect expect;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const Moved kCreated{{"flows_created", 1}};

const std::vector<Row> kBankToShop{
    {"without_policy_everything_is_allowed",
     {},
     {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated}},
    {"an_admin_deny_is_a_policy_deny",
     {.rules = {{.tier = base::kTierAdmin, .subject = kShop, .action = Action::Deny, .rule = 7}}},
     {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7}},
    {"a_rule_of_another_port_does_not_count",
     {.rules = {{.subject = kShop,
                 .protocol = base::kIpTcp,
                 .port_first = 81,
                 .port_last = 81,
                 .action = Action::Deny,
                 .rule = 7}}},
     {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated}},
    {"egress_at_the_source_is_asked",
     {.rules = {{.direction = Direction::Egress,
                 .subject = kBank,
                 .peer = kShop,
                 .action = Action::Deny,
                 .rule = 8}}},
     {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 8}},
    {"of_two_denials_the_egress_one_is_named",
     {.rules =
          {{.direction = Direction::Egress, .subject = kBank, .action = Action::Deny, .rule = 8},
           {.subject = kShop, .action = Action::Deny, .rule = 7}}},
     {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 8}},
    {"an_allowed_egress_does_not_excuse_ingress",
     {.rules = {{.direction = Direction::Egress, .subject = kBank, .rule = 8},
                {.subject = kShop, .action = Action::Deny, .rule = 7}}},
     {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7}},
    {"an_isolated_subject_without_rules_is_isolated",
     {.isolations = {{.subject = kShop, .rule = 9}}},
     {.reason = Reason::Isolated, .tier = base::kTierNetworkPolicy, .rule = 9}},
    {"a_network_policy_rule_opens_an_isolated_subject",
     {.rules = {{.tier = base::kTierNetworkPolicy, .subject = kShop, .peer = kBank, .rule = 10}},
      .isolations = {{.subject = kShop, .rule = 9}}},
     {.reason = Reason::Policy, .tier = base::kTierNetworkPolicy, .rule = 10, .moved = kCreated}},
    {"baseline_denies_who_is_not_isolated",
     {.rules =
          {{.tier = base::kTierBaseline, .subject = kShop, .action = Action::Deny, .rule = 11}}},
     {.reason = Reason::PolicyDeny, .tier = base::kTierBaseline, .rule = 11}},
    {"a_reject_drops_the_packet",
     {.rules = {{.subject = kShop, .action = Action::Reject, .rule = 7}}},
     {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7}},
};

}  // namespace

BOOST_DATA_TEST_CASE(both_directions_of_both_subjects_decide,
                     data::make(kFamilies) * data::make(kBankToShop), family, row) {
    World world(row.policy);
    const Cast& cast = cast_of(family);
    world.send(syn(cast.bank, cast.shop, 80), kBankPort, row.expect);
    const bool denied = !base::passes(row.expect.reason);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), denied ? 0 : 1);
    verdict::Event events[2];
    BOOST_CHECK_EQUAL(world.pipeline->events().pop(events), denied ? 1 : 0);
    if (denied) {
        BOOST_CHECK(events[0].tuple == world.headers[0].tuple);
        BOOST_CHECK_EQUAL(events[0].port, kBankPort);
        BOOST_CHECK_EQUAL(events[0].time_ms, world.now_ms);
        BOOST_CHECK_EQUAL(base::name(events[0].verdict.reason), base::name(row.expect.reason));
    }
}

BOOST_DATA_TEST_CASE(between_two_ends_that_are_no_subjects_policy_has_no_say, data::make(kFamilies),
                     family) {
    World world({.rules = {{.subject = kFarPod, .action = Action::Deny, .rule = 7}}});
    const Cast& cast = cast_of(family);
    world.send(syn(cast.stranger, cast.far_pod, 80), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierNotSubject, .moved = kCreated});
}

BOOST_DATA_TEST_CASE(an_address_that_talks_to_itself_is_not_judged, data::make(kFamilies), family) {
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}});
    const Cast& cast = cast_of(family);
    world.send(syn(cast.shop, cast.shop, 80), kShopPort,
               {.reason = Reason::Policy, .tier = base::kTierSelf});
}

BOOST_DATA_TEST_CASE(only_the_own_node_reaches_an_isolated_pod, data::make(kFamilies), family) {
    World world({.isolations = {{.subject = kShop, .rule = 9}}});
    const Cast& cast = cast_of(family);
    world.send(syn(cast.own_node, cast.shop, 80), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierOwnNode, .moved = kCreated});
    world.send(syn(cast.other_node, cast.shop, 80), kUplink,
               {.reason = Reason::Isolated, .tier = base::kTierNetworkPolicy, .rule = 9});
}

BOOST_DATA_TEST_CASE(an_address_of_several_nodes_is_the_own_node_of_each, data::make(kFamilies),
                     family) {
    World world({.isolations = {{.subject = kShop, .rule = 9}}});
    const Cast& cast = cast_of(family);
    using namespace identity;
    const auto share = [&](std::vector<std::uint32_t> nodes, unsigned flags) {
        world.set(cast.other_node, kOtherNode, 2,
                  static_cast<std::uint8_t>(flags | kEntryKnown | kEntryShared));
        world.shared = {{world.entry(cast.other_node).slot, std::move(nodes), 0}};
        world.touch(cast.other_node);
        world.republish();
    };
    const auto request = syn(cast.other_node, cast.shop, 80);
    const Expect isolated{.reason = Reason::Isolated, .tier = base::kTierNetworkPolicy, .rule = 9};
    world.send(request, kUplink, isolated);
    share({1, 2}, kEntryNode);
    world.send(request, kUplink,
               {.reason = Reason::Policy, .tier = base::kTierOwnNode, .moved = kCreated});
    // The connection ends with what let it in.
    share({2, 3}, kEntryNode);
    const Outcome revoked = world.judge({{request, kUplink}})[0];
    BOOST_CHECK(revoked.verdict.action == Action::Deny);
}

BOOST_DATA_TEST_CASE(a_pod_that_has_a_nodes_address_is_not_that_node, data::make(kFamilies),
                     family) {
    World world({.isolations = {{.subject = kShop, .rule = 9}}});
    const Cast& cast = cast_of(family);
    using namespace identity;
    world.set(cast.far_pod, kFarPod, 2, kEntryKnown | kEntryPod | kEntryShared);
    world.shared = {{world.entry(cast.far_pod).slot, {1}, 0}};
    world.republish();
    world.send(syn(cast.far_pod, cast.shop, 80), kUplink,
               {.reason = Reason::Isolated, .tier = base::kTierNetworkPolicy, .rule = 9});
}

BOOST_DATA_TEST_CASE(a_pod_reaches_its_other_addresses, data::make(kFamilies), family) {
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}});
    const Cast& cast = cast_of(family);
    using namespace identity;
    const std::uint8_t flags = kEntryKnown | kEntryPod | kEntrySubject | kEntryShared;
    world.set(cast.shop, kShop, 1, flags);
    world.set(cast.bank, kShop, 1, flags);
    world.shared = {{world.entry(cast.shop).slot, {}, 1}, {world.entry(cast.bank).slot, {}, 2}};
    world.republish();
    world.send(syn(cast.shop, cast.bank, 80), kShopPort,
               {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7});
    world.shared[1].pod = 1;
    world.republish();
    world.send(syn(cast.shop, cast.bank, 80), kShopPort,
               {.reason = Reason::Policy, .tier = base::kTierSelf, .moved = kCreated});
}

BOOST_DATA_TEST_CASE(a_pod_has_no_exemption_towards_its_own_node, data::make(kFamilies), family) {
    World world({.isolations = {{.direction = Direction::Egress, .subject = kShop, .rule = 9}}});
    const Cast& cast = cast_of(family);
    world.send(syn(cast.shop, cast.own_node, 80), kShopPort,
               {.reason = Reason::Isolated, .tier = base::kTierNetworkPolicy, .rule = 9});
}

BOOST_DATA_TEST_CASE(an_address_that_only_a_block_knows_has_the_blocks_identity,
                     data::make(kFamilies), family) {
    World world(
        {.rules = {{.subject = kShop, .peer = kOffice, .action = Action::Deny, .rule = 7}}});
    const Cast& cast = cast_of(family);
    world.send(syn(cast.office, cast.shop, 80), kUplink,
               {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7});
    world.send(syn(cast.stranger, cast.shop, 80), kUplink,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
}

BOOST_DATA_TEST_CASE(icmp_is_matched_by_rules_without_protocols_only, data::make(kFamilies),
                     family) {
    World world(
        {.rules = {
             {.subject = kShop, .protocol = base::kIpTcp, .action = Action::Deny, .rule = 7}}});
    const Cast& cast = cast_of(family);
    const auto ping =
        frame({.source = cast.bank, .destination = cast.shop}, support::echo(family, false, 7));
    world.send(ping, kBankPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
    world.publish({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 8}}}, {cast.shop});
    const auto other =
        frame({.source = cast.bank, .destination = cast.shop}, support::echo(family, false, 8));
    world.send(other, kBankPort,
               {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 8});
}

BOOST_DATA_TEST_CASE(the_identifier_of_an_echo_is_no_port, data::make(kFamilies), family) {
    const std::uint8_t icmp = family == Family::IPv4 ? base::kIpIcmp : base::kIpIcmpv6;
    World world({.rules = {{.subject = kShop,
                            .protocol = icmp,
                            .port_first = 1,
                            .port_last = 65535,
                            .action = Action::Deny,
                            .rule = 7}}});
    const Cast& cast = cast_of(family);
    world.send(
        frame({.source = cast.bank, .destination = cast.shop}, support::echo(family, false, 80)),
        kBankPort, {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
}

BOOST_DATA_TEST_CASE(other_protocols_are_judged_and_remembered, data::make(kFamilies), family) {
    World world({.rules = {{.direction = Direction::Egress,
                            .subject = kShop,
                            .action = Action::Deny,
                            .rule = 7}}});
    const Cast& cast = cast_of(family);
    const auto sctp = support::sctp(1000, 2000);
    world.send(frame({.source = cast.bank, .destination = cast.shop}, sctp), kBankPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
    world.send(frame({.source = cast.shop, .destination = cast.bank}, support::sctp(2000, 1000, 2)),
               kShopPort, {.reason = Reason::Established});
    world.send(frame({.source = cast.shop, .destination = cast.bank}, support::sctp(2000, 1001)),
               kShopPort, {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7});
    // An INIT opens an association of its own, though its ports are those of a reply.
    world.send(frame({.source = cast.shop, .destination = cast.bank}, support::sctp(2000, 1000, 1)),
               kShopPort, {.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7});
    const auto gre = support::raw(99, support::Bytes(16, 1));
    world.send(frame({.source = cast.bank, .destination = cast.shop}, gre), kBankPort,
               {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = kCreated});
    world.send(frame({.source = cast.shop, .destination = cast.bank}, gre), kShopPort,
               {.reason = Reason::Established});
}

BOOST_DATA_TEST_CASE(a_service_address_is_counted_where_policy_is_asked, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    const std::string service = family == Family::IPv4 ? "10.96.0.10" : "fd00:96::10";
    world.send(syn(cast.shop, service, 80), kShopPort,
               {.reason = Reason::Policy,
                .tier = base::kTierDefault,
                .moved = {{"flows_created", 1}, {"service_address_seen", 1}}});
    world.send(syn(cast.shop, service, 80), kShopPort, {.reason = Reason::Established});
}

BOOST_AUTO_TEST_CASE(every_decision_hits_its_rules_once) {
    World world({.rules = {{.direction = Direction::Egress, .subject = kBank, .rule = 8},
                           {.subject = kShop,
                            .protocol = base::kIpTcp,
                            .port_first = 81,
                            .port_last = 81,
                            .action = Action::Deny,
                            .rule = 7},
                           {.subject = kShop, .rule = 9}}});
    world.judge({{syn(kCast4.bank, kCast4.shop, 80), kBankPort}});
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(8), 1);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(9), 1);
    // A packet of the flow hits nothing, and of a denied one only the rule that denied counts.
    world.judge({{syn(kCast4.bank, kCast4.shop, 80), kBankPort}});
    world.judge({{syn(kCast4.bank, kCast4.shop, 81), kBankPort}});
    world.judge({{syn(kCast4.bank, kCast4.shop, 81), kBankPort}});
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(8), 1);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(9), 1);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(7), 2);
}

BOOST_AUTO_TEST_CASE(rule_ids_above_the_limit_share_the_last_counter) {
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 100},
                           {.subject = kBank, .action = Action::Deny, .rule = 101}}});
    world.judge({{syn(kCast4.bank, kCast4.shop, 80), kBankPort}});
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(100), 1);
    world.judge({{syn(kCast4.shop, kCast4.bank, 80), kShopPort}});
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(100), 2);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(99), 0);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(70000), 2);
}

BOOST_AUTO_TEST_CASE(outcome_holds_both_directions_decisions) {
    World world({.rules = {{.direction = Direction::Egress, .subject = kBank, .rule = 8},
                           {.subject = kShop, .action = Action::Deny, .rule = 7}}});
    const Outcome outcome = world.judge({{syn(kCast4.bank, kCast4.shop, 80), kBankPort}})[0];
    BOOST_CHECK(outcome.judged);
    BOOST_CHECK(outcome.egress == (base::Decision{Action::Allow, 0, base::kTierAdmin, 8}));
    BOOST_CHECK(outcome.ingress == (base::Decision{Action::Deny, 0, base::kTierAdmin, 7}));
}

BOOST_AUTO_TEST_CASE(a_full_event_ring_loses_events_and_counts_them) {
    Pipeline::Config config = World::default_config();
    config.events_max = 2;
    World world({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}}, config);
    const Expect denied{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7};
    Expect lost = denied;
    lost.moved = {{"events_lost", 1}};
    world.send(syn(kCast4.bank, kCast4.shop, 80), kBankPort, denied);
    world.send(syn(kCast4.bank, kCast4.shop, 80), kBankPort, denied);
    world.send(syn(kCast4.bank, kCast4.shop, 80), kBankPort, lost);
    verdict::Event event;
    BOOST_CHECK_EQUAL(world.pipeline->events().pop({&event, 1}), 1);
    world.send(syn(kCast4.bank, kCast4.shop, 80), kBankPort, denied);
}
