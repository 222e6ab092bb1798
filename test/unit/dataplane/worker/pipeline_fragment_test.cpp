// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/fragment_table.hpp"
#include "test/unit/dataplane/worker/world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Action;
using base::Family;
using base::Reason;
using support::frame;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};

const Policy kClosedPort53{.rules = {{.subject = kShop,
                                      .protocol = base::kIpUdp,
                                      .port_first = 53,
                                      .port_last = 53,
                                      .action = Action::Deny,
                                      .rule = 7}}};
const Expect kOpened{
    .reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_created", 1}}};
const Expect kFollows{.reason = Reason::FragmentFollows, .tier = base::kTierDefault};
const Expect kUnknown{.reason = Reason::FragmentUnknown};
const Expect kDenied7{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7};

/// A datagram to shop in three pieces.
std::vector<support::Bytes> pieces(const Cast& cast, std::uint16_t port, std::uint32_t id = 1) {
    std::vector<support::Bytes> frames;
    for (const auto& packet :
         support::fragments({.source = cast.bank, .destination = cast.shop, .id = id},
                            support::udp({.source_port = 1000,
                            .destination_port = port,
                            .payload = support::Bytes(150, 0)}),
                            64)) {
        frames.push_back(frame(packet));
    }
    return frames;
}

}  // namespace

BOOST_DATA_TEST_CASE(later_fragments_follow_an_allowed_first_one, data::make(kFamilies), family) {
    World world(kClosedPort53);
    const auto parts = pieces(cast_of(family), 80);
    world.send(parts[0], kBankPort, kOpened);
    world.send(parts[2], kBankPort, kFollows);
    world.send(parts[1], kBankPort, kFollows);
}

BOOST_DATA_TEST_CASE(later_fragments_follow_a_denied_first_one, data::make(kFamilies), family) {
    World world(kClosedPort53);
    const auto parts = pieces(cast_of(family), 53);
    world.send(parts[0], kBankPort, kDenied7);
    world.send(parts[1], kBankPort, kDenied7);
    BOOST_CHECK_EQUAL(world.pipeline->rule_hits(7), 2);
}

BOOST_DATA_TEST_CASE(a_spoofed_first_fragment_is_not_remembered, data::make(kFamilies), family) {
    World world;
    const auto parts = pieces(cast_of(family), 80);
    world.send(parts[0], kBankPort, kOpened);
    world.send(parts[0], kShopPort, {.reason = Reason::SpoofedSource});
    world.send(parts[1], kBankPort, kFollows);
    for (std::uint32_t id = 2; id < 5 * kFragmentsMax; ++id) {
        world.judge({{pieces(cast_of(family), 80, id)[0], kShopPort}});
    }
    BOOST_CHECK_EQUAL(world.pipeline->fragments_replaced(), 0);
    world.send(parts[2], kBankPort, kFollows);
}

BOOST_DATA_TEST_CASE(later_fragments_of_an_established_flow_follow, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(pieces(cast, 80, 1)[0], kBankPort, kOpened);
    const auto parts = pieces(cast, 80, 2);
    world.send(parts[0], kBankPort, {.reason = Reason::Established});
    world.send(parts[1], kBankPort, {.reason = Reason::FragmentFollows});
}

BOOST_DATA_TEST_CASE(a_later_fragment_without_a_first_one_is_unknown, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(pieces(cast, 80, 1)[1], kBankPort, kUnknown);
    world.send(pieces(cast, 80, 1)[0], kBankPort, kOpened);
    world.send(pieces(cast, 80, 2)[1], kBankPort, kUnknown);
}

BOOST_DATA_TEST_CASE(fragments_in_one_burst_follow_in_any_order, data::make(kFamilies), family) {
    World world;
    const auto parts = pieces(cast_of(family), 80);
    const auto outcomes =
        world.judge({{parts[2], kBankPort}, {parts[0], kBankPort}, {parts[1], kBankPort}});
    BOOST_CHECK_EQUAL(base::name(outcomes[0].verdict.reason), "fragment_follows");
    BOOST_CHECK_EQUAL(base::name(outcomes[1].verdict.reason), "policy");
    BOOST_CHECK_EQUAL(base::name(outcomes[2].verdict.reason), "fragment_follows");
}

BOOST_DATA_TEST_CASE(a_fragment_from_another_port_does_not_follow, data::make(kFamilies), family) {
    World world;
    const auto parts = pieces(cast_of(family), 80);
    world.send(parts[0], kBankPort, kOpened);
    world.send(parts[1], kShopPort, kUnknown);
    world.send(parts[1], kUplink, kUnknown);
    world.send(parts[1], kBankPort, kFollows);
}

BOOST_DATA_TEST_CASE(a_verdict_is_forgotten_after_its_timeout, data::make(kFamilies), family) {
    World world;
    const auto parts = pieces(cast_of(family), 80);
    world.send(parts[0], kBankPort, kOpened);
    world.now_ms += kFragmentTimeoutS * 1000 - 1000;
    world.send(parts[1], kBankPort, kFollows);
    world.now_ms += 1000;
    world.send(parts[1], kBankPort, kUnknown);
}

BOOST_DATA_TEST_CASE(a_verdict_does_not_outlive_a_change_of_its_ends, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    const auto parts = pieces(cast, 80);
    world.send(parts[0], kBankPort, kOpened);
    world.publish({}, {cast.far_pod});
    world.send(parts[1], kBankPort, kFollows);
    world.publish({}, {cast.shop});
    world.send(parts[1], kBankPort, kUnknown);
}

BOOST_DATA_TEST_CASE(nothing_follows_a_spoofed_first_fragment, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.bind(cast.bank, kBankPort);
    const auto parts = pieces(cast, 80);
    world.send(parts[0], kShopPort, {.reason = Reason::SpoofedSource});
    world.send(parts[1], kShopPort, kUnknown);
}
