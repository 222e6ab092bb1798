// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/trust_world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using namespace tierwall::worker::testing::trust;
using base::Family;
using base::Reason;
using support::frame;

BOOST_DATA_TEST_CASE(the_first_port_that_claims_a_pod_keeps_it, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.send(datagram(cast.shop, cast.bank, 54), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank, 54), kUplink, kSpoofed);
    world.send(datagram(cast.shop, cast.bank, 54), kShopPort, kOpened);
}

BOOST_DATA_TEST_CASE(a_configured_port_needs_no_claim, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.bind(cast.shop, kShopPort);
    world.send(datagram(cast.shop, cast.bank), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
}

BOOST_DATA_TEST_CASE(a_spoofed_packet_of_a_live_flow_does_not_pass, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kBankPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kEstablished);
    // The reply direction has its own port, learned from its first packet.
    world.send(reply(cast.bank, cast.shop), kBankPort, kEstablished);
    world.send(reply(cast.bank, cast.shop), kEmptyPort, kSpoofed);
    world.send(reply(cast.bank, cast.shop), kUplink, kSpoofed);
    world.send(reply(cast.bank, cast.shop), kBankPort, kEstablished);
}

BOOST_DATA_TEST_CASE(a_pod_that_was_given_another_port_goes_on_there, data::make(kFamilies),
                     family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.bind(cast.shop, kEmptyPort);
    // At once, and also for the flow that remembers the old port.
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kRejudged);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.republish();
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kRejudged);
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kEstablished);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(a_port_that_is_no_longer_configured_has_no_more_right_than_others,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.bind(cast.shop, kShopPort);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.bind(cast.shop, identity::kUnbound);
    world.republish();
    world.send(datagram(cast.shop, cast.bank, 54), kEmptyPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

/// The other end's packet makes the flow current again, and says nothing about this end's port.
BOOST_DATA_TEST_CASE(a_flow_that_its_other_end_renewed_asks_for_this_ends_port_again,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    world.send(reply(cast.bank, cast.shop), kBankPort, kEstablished);
    // The shop is made again behind another port.
    world.addresses->remove(support::address(cast.shop), world.generation + 1);
    world.set(cast.shop, kShop, 1, kSubject);
    world.republish();
    world.send(reply(cast.bank, cast.shop), kBankPort, kRejudged);
    world.send(datagram(cast.shop, cast.bank, 54), kEmptyPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank), kEmptyPort, kEstablished);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

/// Whose address it was may still be judged by a worker that has not taken the new generation.
BOOST_DATA_TEST_CASE(a_worker_that_lags_behind_claims_nothing_for_the_next_owner,
                     data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
    const base::Address address = support::address(cast.shop);
    world.addresses->remove(address, world.generation + 1);
    world.set(cast.shop, kShop, 1, kSubject);
    // The next generation is written, and the worker still holds the one before.
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.bank, 54), kBankPort, kSpoofed);
    world.republish();
    world.send(datagram(cast.shop, cast.bank, 55), kEmptyPort, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(all_uplinks_are_one_place, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.far_pod, cast.shop), kUplink, kOpened);
    world.send(datagram(cast.far_pod, cast.shop), kOtherUplink, kEstablished);
    world.send(datagram(cast.far_pod, cast.shop), kBankPort, kSpoofed);
    world.send(datagram(cast.other_node, cast.shop), kOtherUplink, kOpened);
    world.send(datagram(cast.other_node, cast.shop, 54), kUplink, kOpened);
    world.send(datagram(cast.other_node, cast.shop), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(nobody_unknown_speaks_from_a_pods_port, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(datagram(cast.stranger, cast.far_pod), kShopPort, kUnknown);
    world.send(datagram(cast.office, cast.far_pod), kShopPort, kUnknown);
    const std::string nobody = family == Family::IPv4 ? "0.0.0.0" : "::";
    world.send(datagram(nobody, cast.far_pod), kShopPort, kUnknown);
    world.send(datagram(cast.stranger, cast.far_pod), kUplink, kOutside);
}

BOOST_AUTO_TEST_CASE(a_link_local_source_is_unknown_outside_neighbour_discovery) {
    World world;
    world.send(datagram("fe80::1", kCast6.shop), kShopPort, kUnknown);
    world.send(datagram("169.254.1.1", kCast4.shop), kShopPort, kUnknown);
}

BOOST_AUTO_TEST_CASE(a_pod_whose_address_is_free_again_may_be_claimed_elsewhere) {
    World world;
    world.send(datagram(kCast4.shop, kCast4.bank), kShopPort, kOpened);
    world.addresses->remove(support::address(kCast4.shop), world.generation + 1);
    world.republish();
    world.send(datagram(kCast4.shop, kCast4.bank, 54), kShopPort, kUnknown);
    world.addresses->reclaim(world.generation);
    world.set(kCast4.shop, kShop, 1, kSubject);
    world.republish();
    world.send(datagram(kCast4.shop, kCast4.bank, 55), kEmptyPort, kOpened);
}

/// NetworkPolicy admits whatever a pod's own node sends.
BOOST_DATA_TEST_CASE(a_pod_that_speaks_first_does_not_become_its_node, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    World world;
    const std::uint8_t node = identity::kEntryKnown | identity::kEntryNode;
    world.set(cast.own_node, kOwnNode, 1, node | identity::kEntryLocalNode);
    world.republish();
    world.send(datagram(cast.own_node, cast.bank), kShopPort, kSpoofed);
    BOOST_CHECK_EQUAL(world.addresses->bound_port(world.entry(cast.own_node)), identity::kUnbound);

    Pipeline::Config config = World::default_config();
    config.ports[kShopPort].wire = true;
    World wire({}, config);
    wire.set(cast.own_node, kOwnNode, 1, node | identity::kEntryLocalNode);
    wire.republish();
    BOOST_CHECK(wire.judge({{datagram(cast.own_node, cast.bank), kShopPort}})[0].verdict.action ==
                base::Action::Allow);
    // The other node is out of scope: it lives elsewhere.
    wire.send(datagram(cast.other_node, cast.bank), kShopPort, kSpoofed);
}

BOOST_DATA_TEST_CASE(a_pod_of_another_node_is_not_claimed_by_a_pods_port, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    World world;
    world.send(datagram(cast.far_pod, cast.bank), kShopPort, kSpoofed);
    world.send(datagram(cast.far_pod, cast.bank), kUplink, kOpened);
}

/// The scope is one node: where its pods live is known, and that is not the network.
BOOST_DATA_TEST_CASE(the_uplink_does_not_become_a_silent_pod_of_the_node_in_scope,
                     data::make(kFamilies), family) {
    const Cast& cast = cast_of(family);
    for (const bool wire : {false, true}) {
        World world({}, wire ? wire_config() : World::default_config());
        world.set(cast.shop, kShop, 1, kSubject | identity::kEntryPlaced);
        world.republish();
        world.send(datagram(cast.shop, cast.bank), kUplink, kSpoofed);
        BOOST_CHECK_EQUAL(world.addresses->bound_port(world.entry(cast.shop)), identity::kUnbound);
        world.send(datagram(cast.shop, cast.bank), kShopPort, kOpened);
        world.send(datagram(cast.shop, cast.bank), kUplink, kSpoofed);
        // Others come from there as ever.
        world.send(datagram(cast.far_pod, cast.shop), kUplink, kOpened);
        world.send(datagram(cast.other_node, cast.shop), kUplink, kOpened);
    }
}

BOOST_DATA_TEST_CASE(without_a_scope_a_pod_may_be_at_the_uplink, data::make(kFamilies), family) {
    const Cast& cast = cast_of(family);
    World world({}, wire_config());
    world.send(datagram(cast.shop, cast.bank), kUplink, kOpened);
    world.send(datagram(cast.shop, cast.bank), kShopPort, kSpoofed);
}

/// On a wire it is behind the pods side. In switch mode it is at the uplink, and its probes pass.
BOOST_DATA_TEST_CASE(the_uplink_of_a_wire_does_not_become_the_node_in_scope, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    const std::uint8_t node = identity::kEntryKnown | identity::kEntryNode |
                              identity::kEntryLocalNode | identity::kEntryPlaced;
    World wire({}, wire_config());
    wire.set(cast.own_node, kOwnNode, 1, node);
    wire.republish();
    wire.send(datagram(cast.own_node, cast.bank), kUplink, kSpoofed);
    BOOST_CHECK(wire.judge({{datagram(cast.own_node, cast.bank), kShopPort}})[0].verdict.action ==
                base::Action::Allow);
    wire.send(datagram(cast.own_node, cast.bank, 54), kUplink, kSpoofed);

    World world;
    world.set(cast.own_node, kOwnNode, 1, node);
    world.republish();
    world.send(datagram(cast.own_node, cast.bank), kShopPort, kSpoofed);
    BOOST_CHECK(world.judge({{datagram(cast.own_node, cast.bank), kUplink}})[0].verdict.action ==
                base::Action::Allow);
}

/// Without a pods port everything lives at the uplinks, whatever the scope.
BOOST_DATA_TEST_CASE(where_all_ports_are_uplinks_they_may_claim_whom_they_like,
                     data::make(kFamilies), family) {
    const Cast& cast = cast_of(family);
    Pipeline::Config config = wire_config();
    for (PortFacts& port : config.ports) port.side = Side::Uplink;
    World world({}, config);
    world.set(cast.shop, kShop, 1, kSubject | identity::kEntryPlaced);
    world.republish();
    world.send(datagram(cast.shop, cast.bank), kUplink, kOpened);
}

BOOST_DATA_TEST_CASE(a_port_with_configured_addresses_claims_no_others, data::make(kFamilies),
                     family) {
    const Cast& cast = cast_of(family);
    Pipeline::Config config = World::default_config();
    config.ports[kShopPort].reserved = true;
    World world({}, config);
    world.bind(cast.shop, kShopPort);
    world.send(datagram(cast.bank, cast.far_pod), kShopPort, kSpoofed);
    world.send(datagram(cast.shop, cast.far_pod), kShopPort, kOpened);
    world.send(datagram(cast.bank, cast.far_pod), kBankPort, kOpened);
}
