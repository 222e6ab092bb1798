// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/world.hpp"

#include <string>
#include <vector>

using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Action;
using base::Direction;
using base::Reason;
using support::frame;
namespace flag = parse::tcp_flag;

namespace {

const Policy kMuteShop{
    .rules = {
        {.direction = Direction::Egress, .subject = kShop, .action = Action::Deny, .rule = 7}}};

support::Bytes segment(const std::string& from, const std::string& to, std::uint8_t flags) {
    const bool opens = from == kCast4.bank;
    return frame({.source = from, .destination = to},
                 support::tcp({.source_port = static_cast<std::uint16_t>(opens ? 40000 : 80),
                               .destination_port = static_cast<std::uint16_t>(opens ? 80 : 40000),
                               .flags = flags}));
}

std::string reasons(const std::vector<Outcome>& outcomes) {
    std::string text;
    for (const Outcome& outcome : outcomes) {
        text += std::string(base::name(outcome.verdict.reason)) + " ";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_reply_in_the_burst_of_its_first_packet_is_a_reply) {
    World world(kMuteShop);
    const auto outcomes =
        world.judge({{segment(kCast4.bank, kCast4.shop, flag::kSyn), kBankPort},
                     {segment(kCast4.shop, kCast4.bank, flag::kSyn | flag::kAck), kShopPort},
                     {segment(kCast4.bank, kCast4.shop, flag::kAck), kBankPort}});
    BOOST_CHECK_EQUAL(reasons(outcomes), "policy established established ");
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_created.read(), 1);
    BOOST_CHECK_EQUAL(world.pipeline->counters().of(Reason::Established).read(), 2);
}

BOOST_AUTO_TEST_CASE(a_burst_of_one_new_flow_makes_one_flow) {
    World world;
    std::vector<std::pair<support::Bytes, std::uint16_t>> burst;
    for (std::size_t i = 0; i < kBurst; ++i) {
        burst.push_back({segment(kCast4.bank, kCast4.shop, flag::kSyn), kBankPort});
    }
    const auto outcomes = world.judge(burst);
    BOOST_CHECK_EQUAL(base::name(outcomes[0].verdict.reason), "policy");
    for (std::size_t i = 1; i < kBurst; ++i) {
        BOOST_CHECK_EQUAL(base::name(outcomes[i].verdict.reason), "established");
    }
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 1);
}

BOOST_AUTO_TEST_CASE(a_burst_of_new_flows_makes_as_many_flows) {
    World world;
    std::vector<std::pair<support::Bytes, std::uint16_t>> burst;
    for (std::uint16_t i = 0; i < kBurst; ++i) {
        burst.push_back({frame({.source = kCast4.bank, .destination = kCast4.shop},
                               support::udp({.source_port = i, .destination_port = 53})),
                         kBankPort});
    }
    for (const Outcome& outcome : world.judge(burst)) {
        BOOST_CHECK_EQUAL(base::name(outcome.verdict.reason), "policy");
    }
    for (const Outcome& outcome : world.judge(burst)) {
        BOOST_CHECK_EQUAL(base::name(outcome.verdict.reason), "established");
    }
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), kBurst);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_created.read(), kBurst);
}

BOOST_AUTO_TEST_CASE(a_burst_of_revoked_packets_is_one_revocation) {
    World world;
    world.judge({{segment(kCast4.bank, kCast4.shop, flag::kSyn), kBankPort}});
    world.publish({.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}},
                  {kCast4.shop});
    const auto outcomes = world.judge({{segment(kCast4.bank, kCast4.shop, flag::kAck), kBankPort},
                                       {segment(kCast4.shop, kCast4.bank, flag::kAck), kShopPort},
                                       {segment(kCast4.bank, kCast4.shop, flag::kAck), kBankPort}});
    BOOST_CHECK_EQUAL(reasons(outcomes), "policy_deny policy_deny policy_deny ");
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_revoked.read(), 1);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_rejudged.read(), 0);
}

BOOST_AUTO_TEST_CASE(a_connection_closed_and_opened_again_in_one_burst_has_one_flow) {
    World world;
    const auto outcomes =
        world.judge({{segment(kCast4.bank, kCast4.shop, flag::kSyn), kBankPort},
                     {segment(kCast4.shop, kCast4.bank, flag::kRst | flag::kAck), kShopPort},
                     {segment(kCast4.bank, kCast4.shop, flag::kSyn), kBankPort},
                     {segment(kCast4.shop, kCast4.bank, flag::kSyn | flag::kAck), kShopPort}});
    BOOST_CHECK_EQUAL(reasons(outcomes), "policy established policy established ");
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 1);
    BOOST_CHECK_EQUAL(world.pipeline->counters().flows_created.read(), 1);
    BOOST_CHECK(world.pipeline->flows().view(0)->state() == flow::State::SynReceived);
}

BOOST_AUTO_TEST_CASE(a_burst_of_everything_keeps_verdicts_apart) {
    World world(kMuteShop);
    const support::IpFields bad{.source = kCast4.far_pod, .destination = kCast4.shop};
    const auto outcomes = world.judge(
        {{support::arp(1, kCast4.bank, kCast4.shop), kBankPort},
         {frame(bad, support::udp({.source_port = 1, .destination_port = 2})), kUplink},
         {support::Bytes(10, 0), kUplink},
         {segment(kCast4.bank, kCast4.shop, flag::kSyn), kBankPort},
         {support::ethernet({}, 0x88cc, support::Bytes(50, 0)), kUplink},
         {frame(bad, support::udp({.source_port = 1, .destination_port = 2})), kBankPort},
         {segment(kCast4.shop, kCast4.bank, flag::kAck), kShopPort}});
    BOOST_CHECK_EQUAL(outcomes.size(), 7);
    BOOST_CHECK_EQUAL(reasons({outcomes[0], outcomes[1]}), "neighbour_discovery policy ");
    BOOST_CHECK(!base::passes(outcomes[2].verdict.reason));
    BOOST_CHECK_EQUAL(reasons({outcomes.begin() + 3, outcomes.end()}),
                      "policy non_ip spoofed_source established ");
}
