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

constexpr Family kBothFamilies[] = {Family::IPv4, Family::IPv6};

const Policy kShutShop{.rules = {{.subject = kShop, .action = Action::Deny, .rule = 7}}};
const Expect kOpen{
    .reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_created", 1}}};
const Expect kKept{.reason = Reason::Established, .moved = {{"flows_rejudged", 1}}};
const Expect kLive{.reason = Reason::Established};
const Expect kCut{.reason = Reason::PolicyDeny,
                  .tier = base::kTierAdmin,
                  .rule = 7,
                  .moved = {{"flows_revoked", 1}}};
const Expect kShut{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7};

Pipeline::Config keeping() {
    Pipeline::Config config = World::default_config();
    config.keep_established = true;
    return config;
}

support::Bytes segment(const std::string& from, const std::string& to, std::uint8_t flags,
                       std::uint16_t client = 40000, bool reply = false) {
    return frame({.source = from, .destination = to},
                 support::tcp({.source_port = reply ? std::uint16_t{80} : client,
                               .destination_port = reply ? client : std::uint16_t{80},
                               .flags = flags}));
}

/// bank:40000 -> shop:80 is open, and shop is shut since.
void open_then_shut(World& world, const Cast& cast) {
    world.send(segment(cast.bank, cast.shop, flag::kSyn), kBankPort, kOpen);
    world.publish(kShutShop, {cast.shop});
}

constexpr std::uint8_t kPod = identity::kEntryKnown | identity::kEntryPod | identity::kEntrySubject;

}  // namespace

BOOST_DATA_TEST_CASE(a_kept_flow_lives_in_both_directions_and_nothing_new_is_let_in,
                     data::make(kBothFamilies), family) {
    World world({}, keeping());
    const Cast& cast = cast_of(family);
    open_then_shut(world, cast);
    world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kKept);
    world.send(segment(cast.shop, cast.bank, flag::kAck, 40000, true), kShopPort, kLive);
    world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kLive);
    world.send(segment(cast.bank, cast.shop, flag::kSyn, 40001), kBankPort, kShut);
}

BOOST_DATA_TEST_CASE(a_kept_flow_outlives_any_number_of_changes, data::make(kBothFamilies),
                     family) {
    World world({}, keeping());
    const Cast& cast = cast_of(family);
    open_then_shut(world, cast);
    for (int i = 0; i < 5; ++i) {
        world.publish(kShutShop, {cast.shop, cast.bank});
        world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kKept);
    }
    // Another identity, by other labels, is still the same pod.
    world.set(cast.shop, kOffice, 1, kPod);
    Policy shut_office = kShutShop;
    shut_office.rules[0].subject = kOffice;
    world.publish(shut_office);
    world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kKept);
}

BOOST_DATA_TEST_CASE(a_flow_is_cut_when_a_change_of_policy_is_asked_about,
                     data::make(kBothFamilies), family) {
    World world;  // rejudge
    const Cast& cast = cast_of(family);
    open_then_shut(world, cast);
    world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kCut);
}

BOOST_DATA_TEST_CASE(a_flow_is_not_kept_for_the_next_owner_of_either_address,
                     data::make(kBothFamilies), family) {
    const Cast& cast = cast_of(family);
    for (const std::string& address : {cast.shop, cast.bank}) {
        World world({}, keeping());
        open_then_shut(world, cast);
        world.addresses->remove(support::address(address), world.generation + 1);
        world.set(address, address == cast.shop ? kShop : kBank, 1, kPod);
        world.republish();
        world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kCut);
        world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kShut);
    }
}

BOOST_DATA_TEST_CASE(a_flow_that_was_cut_is_not_kept, data::make(kBothFamilies), family) {
    World world({}, keeping());
    const Cast& cast = cast_of(family);
    open_then_shut(world, cast);
    world.addresses->remove(support::address(cast.bank), world.generation + 1);
    world.set(cast.bank, kBank, 1, kPod);
    world.republish();
    world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, kCut);
    world.publish(kShutShop, {cast.shop});
    Expect still = kShut;
    still.moved = {{"flows_rejudged", 1}};
    world.send(segment(cast.bank, cast.shop, flag::kAck), kBankPort, still);
}

BOOST_DATA_TEST_CASE(a_flow_with_a_foreigner_is_kept_until_a_pod_gets_the_address,
                     data::make(kBothFamilies), family) {
    World world({}, keeping());
    const Cast& cast = cast_of(family);
    world.send(segment(cast.stranger, cast.shop, flag::kSyn), kUplink, kOpen);
    world.publish(kShutShop, {cast.shop});
    world.addresses->touch_unknown(world.generation + 1);
    world.republish();
    world.send(segment(cast.stranger, cast.shop, flag::kAck), kUplink, kKept);
    world.set(cast.stranger, kFarPod, 2, identity::kEntryKnown | identity::kEntryPod);
    world.republish();
    world.send(segment(cast.stranger, cast.shop, flag::kAck), kUplink, kCut);
}

BOOST_DATA_TEST_CASE(a_new_connection_on_the_tuple_of_a_kept_one_is_judged,
                     data::make(kBothFamilies), family) {
    World world({}, keeping());
    const Cast& cast = cast_of(family);
    open_then_shut(world, cast);
    world.send(segment(cast.bank, cast.shop, flag::kRst), kBankPort, kKept);
    world.send(segment(cast.bank, cast.shop, flag::kSyn), kBankPort, kShut);
}
