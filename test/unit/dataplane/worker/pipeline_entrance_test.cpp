// SPDX-License-Identifier: Apache-2.0
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
constexpr std::size_t kUdpHeader = 8;

const Expect kOpened{
    .reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_created", 1}}};

/// A datagram whose IP packet has `length` bytes.
support::Bytes sized(const Cast& cast, std::size_t length, const support::Link& link = {}) {
    const std::size_t headers = (cast.family == Family::IPv4 ? 20 : 40) + kUdpHeader;
    return frame({.source = cast.bank, .destination = cast.shop},
                 support::udp({.source_port = 1,
                               .destination_port = 2,
                               .payload = support::Bytes(length - headers, 0)}),
                 link);
}

Pipeline::Config with(bool boot_open, bool pass_non_ip) {
    Pipeline::Config config = World::default_config();
    config.boot_open = boot_open;
    config.pass_non_ip = pass_non_ip;
    return config;
}

}  // namespace

BOOST_DATA_TEST_CASE(the_mtu_counts_from_the_ip_header, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    world.send(sized(cast, 1500), kBankPort, kOpened);
    world.send(sized(cast, 1501), kBankPort, {.reason = Reason::OverMtu});
    world.send(sized(cast, 1500, {.vlans = {5}}), kBankPort, {.reason = Reason::Established});
    world.send(sized(cast, 1501, {.vlans = {5}}), kBankPort, {.reason = Reason::OverMtu});
    world.send(sized(cast, 1500, {.vlans = {5, 6}}), kBankPort, {.reason = Reason::Established});
    world.send(sized(cast, 1501, {.vlans = {5, 6}}), kBankPort, {.reason = Reason::OverMtu});
}

BOOST_AUTO_TEST_CASE(each_port_has_its_own_mtu) {
    Pipeline::Config config = World::default_config();
    config.ports[kBankPort].mtu = 9000;
    World world({}, config);
    world.send(sized(kCast4, 9000), kBankPort, kOpened);
    world.send(
        frame({.source = kCast4.shop, .destination = kCast4.bank},
              support::udp(
                  {.source_port = 2, .destination_port = 1, .payload = support::Bytes(1473, 0)})),
        kShopPort, {.reason = Reason::OverMtu});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_parsed_is_denied_for_the_parsers_reason) {
    World world;
    support::Bytes frame_bytes = sized(kCast4, 100);
    support::Bytes cut(frame_bytes.begin(), frame_bytes.begin() + 60);
    world.send(cut, kBankPort, {.reason = Reason::Truncated});
    support::Bytes wrong = frame_bytes;
    wrong[14] = 0x44;  // a header of 16 bytes
    world.send(wrong, kBankPort, {.reason = Reason::Malformed});
}

BOOST_AUTO_TEST_CASE(non_ip_is_dropped_unless_configured) {
    const auto lldp = support::ethernet({}, 0x88cc, support::Bytes(60, 0));
    World closed;
    closed.send(lldp, kUplink, {.reason = Reason::NonIp});
    World open({}, with(false, true));
    open.send(lldp, kShopPort, {.reason = Reason::NonIpAllowed});
}

BOOST_DATA_TEST_CASE(without_a_snapshot_a_closed_boot_passes_neighbours_only, data::make(kFamilies),
                     family) {
    World world({}, with(false, false));
    world.snapshot = nullptr;
    const Cast& cast = cast_of(family);
    world.send(sized(cast, 100), kBankPort, {.reason = Reason::NoSnapshot});
    world.send(support::arp(1, kCast4.stranger, kCast4.bank), kShopPort,
               {.reason = Reason::NeighbourDiscovery});
    world.send(support::Bytes(5, 0), kUplink, {.reason = Reason::Truncated});
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
}

BOOST_DATA_TEST_CASE(without_a_snapshot_an_open_boot_passes_what_parses, data::make(kFamilies),
                     family) {
    World world({}, with(true, false));
    world.snapshot = nullptr;
    const Cast& cast = cast_of(family);
    world.send(sized(cast, 100), kBankPort, {.reason = Reason::OpenBoot});
    const auto pieces = support::fragments(
        {.source = cast.stranger, .destination = cast.shop, .id = 7},
        support::udp({.source_port = 1, .destination_port = 2, .payload = support::Bytes(100, 0)}),
        64);
    world.send(frame(pieces[1]), kUplink, {.reason = Reason::OpenBoot});
    world.send(support::Bytes(5, 0), kUplink, {.reason = Reason::Truncated});
    world.send(sized(cast, 1501), kBankPort, {.reason = Reason::OverMtu});
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 0);
}

BOOST_AUTO_TEST_CASE(rogues_are_stopped_even_without_a_snapshot) {
    World world({}, with(true, false));
    world.snapshot = nullptr;
    world.send(frame({.source = "fe80::9", .destination = "ff02::1", .hop_limit = 255},
                     support::router_advertisement()),
               kShopPort, {.reason = Reason::RogueRouterAdvert});
    world.send(frame({.source = kCast4.shop, .destination = "255.255.255.255"},
                     support::udp({.source_port = 67, .destination_port = 68})),
               kShopPort, {.reason = Reason::RogueDhcp});
}

BOOST_AUTO_TEST_CASE(more_ports_than_a_flow_can_name_are_refused) {
    auto map = identity::AddressMap::create({.addresses_max = 64, .numa_socket = -1});
    BOOST_REQUIRE(map.ok());
    Pipeline::Config config;
    config.flows_max = 16;
    config.ports.resize(kPortsMax);
    BOOST_CHECK(Pipeline::create(config, **map).ok());
    config.ports.resize(kPortsMax + 1);
    const auto refused = Pipeline::create(config, **map);
    BOOST_REQUIRE(!refused.ok());
    BOOST_CHECK(refused.error().code == base::Errc::Limit);
}

BOOST_AUTO_TEST_CASE(an_empty_burst_is_nothing) {
    World world;
    const Moved before = all_of(world.pipeline->counters());
    BOOST_CHECK(world.judge({}).empty());
    BOOST_CHECK_EQUAL(text_of(difference(before, all_of(world.pipeline->counters()))), "");
}
