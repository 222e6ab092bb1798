// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/loop.hpp"

#include "dataplane/io/spread.hpp"
#include "dataplane/worker/distribution.hpp"
#include "test/support/bench.hpp"

#include <boost/test/unit_test.hpp>

#include <rte_mbuf.h>

namespace {

using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Reason;
using support::Bytes;
using support::Mac;

const Mac kShopMac{0x02, 0, 0, 0, 1, 1};
const Mac kBankMac{0x02, 0, 0, 0, 1, 2};
const Mac kOfficeMac{0x02, 0, 0, 0, 1, 9};
const Mac kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

Bytes udp_frame(const std::string& from, const std::string& to, const support::Link& link,
                std::uint16_t port = 53) {
    const support::Transport transport =
        support::udp({.source_port = 4000, .destination_port = port, .payload = Bytes(20, 7)});
    return support::frame(support::ip({.source = from, .destination = to}, transport), link);
}

struct SwitchBench : Bench {
    /// Everybody has spoken once, so that MACs are known and pods bound.
    void introduce() {
        send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", {kShopMac, kOfficeMac, {}}));
        send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", {kBankMac, kOfficeMac, {}}));
        send(kUplink, udp_frame("203.0.113.9", "10.0.0.1", {kOfficeMac, kShopMac, {}}));
    }
};

/// Configuration says which pod lives behind each port.
struct TiedBench : Bench {
    TiedBench() : Bench(DataplaneConfig::Mode::Switch, 1, {}, true) {
        world.bind("10.0.0.1", kShopPort);
        world.bind("10.0.0.2", kBankPort);
    }
};

Bytes arp_frame(std::uint16_t operation, const std::string& from, const std::string& to,
                const support::Link& link) {
    return support::arp(operation, from, to, link);
}

struct WireBench : Bench {
    WireBench() : Bench(DataplaneConfig::Mode::Wire) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(loop)

BOOST_FIXTURE_TEST_CASE(a_wire_ends_at_the_other_port_of_its_pair, WireBench) {
    const support::Link link{kShopMac, kOfficeMac, {}};
    BOOST_TEST(send(1, udp_frame("10.0.0.1", "203.0.113.9", link)) == "1 0 0 0");
    BOOST_TEST(send(0, udp_frame("203.0.113.9", "10.0.0.1", link)) == "0 1 0 0");
    BOOST_TEST(send(2, udp_frame("10.0.0.2", "203.0.113.9", link)) == "0 0 0 1");
    BOOST_TEST(pipelines[0]->counters().rx_packets.read() == 3u);
    BOOST_TEST(pipelines[0]->counters().tx_packets.read() == 3u);
    BOOST_TEST(pipelines[0]->counters().tx_bytes.read() ==
               pipelines[0]->counters().rx_bytes.read());
}

BOOST_FIXTURE_TEST_CASE(what_is_denied_does_not_leave, WireBench) {
    const unsigned free_before = rte_mempool_avail_count(pool());
    const support::Link link{kShopMac, kOfficeMac, {}};
    BOOST_TEST(send(1, udp_frame("192.0.2.7", "203.0.113.9", link)) == "0 0 0 0");
    BOOST_TEST(count(Reason::UnknownSource) == 1u);
    BOOST_TEST(pipelines[0]->counters().tx_packets.read() == 0u);
    BOOST_TEST(rte_mempool_avail_count(pool()) == free_before);
}

BOOST_FIXTURE_TEST_CASE(more_than_a_burst_in_one_turn_is_forwarded_whole, WireBench) {
    for (std::uint16_t queue = 0; queue < 4; ++queue) {
        for (int i = 0; i < 25; ++i) {
            put(1, udp_frame("10.0.0.1", "203.0.113.9", {}, static_cast<std::uint16_t>(i)), queue);
            put(3, udp_frame("203.0.113.9", "10.0.0.2", {}, static_cast<std::uint16_t>(i)), queue);
        }
    }
    turn();
    BOOST_TEST(everywhere() == "100 0 100 0");
}

BOOST_FIXTURE_TEST_CASE(a_full_port_is_counted_and_nothing_leaks, WireBench) {
    const unsigned free_before = rte_mempool_avail_count(pool());
    const Bytes frame = udp_frame("10.0.0.1", "203.0.113.9", {});
    // A ring of 1024 places holds 1023; one burst of 32 is taken out, and dropped, during the turn.
    for (int i = 0; i < 1023; ++i) put(0, support::ethernet({}, 0x88cc, Bytes(50, 0)));
    for (std::uint16_t queue = 0; queue < 2; ++queue) {
        for (int i = 0; i < 32; ++i) put(1, frame, queue);
    }
    turn();
    BOOST_TEST(count(Reason::PortFull) == 32u);
    BOOST_TEST(pipelines[0]->counters().tx_packets.read() == 32u);
    BOOST_TEST(everywhere() == "1023 0 0 0");
    BOOST_TEST(rte_mempool_avail_count(pool()) == free_before);
}

BOOST_FIXTURE_TEST_CASE(an_unknown_mac_is_flooded_and_then_learned, SwitchBench) {
    const support::Link link{kShopMac, kOfficeMac, {}};
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", link)) == "1 0 0 1 0");
    BOOST_TEST(pipelines[0]->counters().flood_copies.read() == 1u);
    send(kUplink, udp_frame("203.0.113.9", "10.0.0.1", {kOfficeMac, kShopMac, {}}));
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", link)) == "1 0 0 0 0");
}

BOOST_FIXTURE_TEST_CASE(what_would_go_back_is_dropped, SwitchBench) {
    introduce();
    const support::Link link{kOfficeMac, kOfficeMac, {}};
    BOOST_TEST(send(kUplink, udp_frame("203.0.113.9", "203.0.113.8", link)) == "0 0 0 0 0");
    BOOST_TEST(count(Reason::SamePort) == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_pod_cannot_take_a_mac_that_is_live_elsewhere, SwitchBench) {
    introduce();
    const support::Link stolen{kOfficeMac, kShopMac, {}};
    BOOST_TEST(send(kBankPort, udp_frame("10.0.0.2", "10.0.0.1", stolen)) == "0 0 0 0 0");
    BOOST_TEST(count(Reason::SpoofedMac) == 1u);
    const support::Link honest{kShopMac, kOfficeMac, {}};
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", honest)) == "1 0 0 0 0");
}

/// After a restart nobody has spoken yet, and the hostile one is first.
BOOST_FIXTURE_TEST_CASE(a_pod_that_speaks_first_with_anothers_mac_does_not_cut_it_off, TiedBench) {
    const support::Link own{kBankMac, kOfficeMac, {}};
    const support::Link stolen{kShopMac, kOfficeMac, {}};
    for (const bool has_own : {false, true}) {
        if (has_own) send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", own));
        send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", stolen));
        for (int i = 0; i < 3; ++i) {
            BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9",
                                                 {kShopMac, kOfficeMac, {}})) == "1 0 0 1 0");
        }
    }
    BOOST_TEST(count(Reason::SpoofedMac) == 0u);
    now_us += 1'000'000 * (io::kMacLifetime_s + 1);
    send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", own));
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", {kShopMac, kOfficeMac, {}})) ==
               "1 0 0 1 0");
    BOOST_TEST(send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", stolen)) == "0 0 0 0 0");
    BOOST_TEST(count(Reason::SpoofedMac) == 1u);
}

/// The router has been silent since the start, and a pod has used its MAC address.
BOOST_FIXTURE_TEST_CASE(a_pod_with_the_routers_mac_gets_nothing_that_is_for_elsewhere, TiedBench) {
    BOOST_TEST(send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9",
                                         {kOfficeMac, kOfficeMac, {}})) == "1 0 0 1 0");
    for (const char* destination : {"203.0.113.9", "192.0.2.7", "10.0.1.3", "172.16.0.2"}) {
        BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", destination,
                                             {kShopMac, kOfficeMac, {}})) == "1 0 0 1 0");
    }
    // The router speaks, and has it.
    send(kUplink, udp_frame("203.0.113.9", "10.0.0.1", {kOfficeMac, kShopMac, {}}));
    BOOST_TEST(send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9",
                                         {kOfficeMac, kOfficeMac, {}})) == "0 0 0 0 0");
    BOOST_TEST(count(Reason::SpoofedMac) == 1u);
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", {kShopMac, kOfficeMac, {}})) ==
               "1 0 0 0 0");
}

BOOST_FIXTURE_TEST_CASE(an_answer_to_an_arp_question_goes_by_its_address, SwitchBench) {
    introduce();
    // From the bank to the shop, with the router's MAC on it; and to one that nobody knows.
    BOOST_TEST(send(kBankPort, arp_frame(2, "10.0.0.2", "10.0.0.1", {kBankMac, kOfficeMac, {}})) ==
               "0 1 0 0 0");
    BOOST_TEST(send(kBankPort, arp_frame(2, "10.0.0.2", "203.0.113.1", {kBankMac, kShopMac, {}})) ==
               "1 0 0 1 0");
}

BOOST_AUTO_TEST_CASE(a_pod_that_has_not_spoken_is_not_where_another_is_named) {
    for (const bool tied : {false, true}) {
        Bench bench(DataplaneConfig::Mode::Switch, 1, {}, tied);
        bench.world.bind("10.0.0.2", kBankPort);
        bench.send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", {kShopMac, kOfficeMac, {}}));
        const Bytes packet = udp_frame("203.0.113.9", "10.0.0.1", {kOfficeMac, kShopMac, {}});
        BOOST_TEST(bench.send(kUplink, packet) == (tied ? "0 0 0 1 0" : "0 0 1 0 0"));
    }
}

BOOST_FIXTURE_TEST_CASE(macs_above_a_ports_share_are_counted, SwitchBench) {
    for (std::uint32_t i = 0; i <= io::kMacsPerPodsPort; ++i) {
        const Mac mac{
            0x02, 0, 0, 7, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
        send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", {mac, kOfficeMac, {}}));
    }
    BOOST_TEST(pipelines[0]->counters().macs_without_room.read() == 1u);
    BOOST_TEST(count(Reason::SpoofedMac) == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_was_denied_teaches_nothing, SwitchBench) {
    const Mac liar{0x02, 0, 0, 0, 9, 9};
    send(kBankPort, udp_frame("192.0.2.7", "203.0.113.9", {liar, kOfficeMac, {}}));
    BOOST_TEST(fabric->macs().find(liar, static_cast<std::uint32_t>(now_us / 1'000'000)) ==
               io::kFlood);
}

BOOST_FIXTURE_TEST_CASE(a_bound_address_decides_over_the_mac, SwitchBench) {
    introduce();
    // The bank's MAC address on a packet for the shop, and the other way round with broadcast.
    BOOST_TEST(send(kUplink, udp_frame("203.0.113.9", "10.0.0.1", {kOfficeMac, kBankMac, {}})) ==
               "0 1 0 0 0");
    BOOST_TEST(send(kUplink, udp_frame("203.0.113.9", "10.0.0.2", {kOfficeMac, kBroadcast, {}})) ==
               "0 0 1 0 0");
}

BOOST_FIXTURE_TEST_CASE(an_address_bound_to_the_uplink_never_leaves_to_pods, SwitchBench) {
    introduce();
    const Mac far_mac{0x02, 0, 0, 0, 1, 3};
    send(kUplink, udp_frame("10.0.1.3", "10.0.0.1", {far_mac, kShopMac, {}}));
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "10.0.1.3", {kShopMac, far_mac, {}})) ==
               "1 0 0 0 0");
    // With a MAC of a pod, or of nobody, every uplink gets it and no pod does.
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "10.0.1.3", {kShopMac, kBankMac, {}})) ==
               "1 0 0 1 0");
    BOOST_TEST(send(kShopPort, udp_frame("10.0.0.1", "10.0.1.3",
                                         {kShopMac, {0x02, 0, 0, 0, 7, 7}, {}})) == "1 0 0 1 0");
}

BOOST_FIXTURE_TEST_CASE(arp_questions_reach_everybody_but_the_asker, SwitchBench) {
    Bytes arp;
    support::put32(arp, 0x00010800);
    support::put32(arp, 0x06040001);
    for (const std::uint8_t byte : kShopMac) support::put8(arp, byte);
    support::put(arp, support::address("10.0.0.1"));
    for (int i = 0; i < 6; ++i) support::put8(arp, 0);
    support::put(arp, support::address("10.0.0.2"));
    BOOST_TEST(send(kShopPort, support::ethernet({kShopMac, kBroadcast, {}}, 0x0806, arp)) ==
               "1 0 1 1 1");
}

BOOST_FIXTURE_TEST_CASE(a_dhcp_request_reaches_the_uplinks_and_no_other_pod, SwitchBench) {
    introduce();
    const Bytes request = support::ip({.source = "0.0.0.0", .destination = "255.255.255.255"},
                                      support::udp({.source_port = 68, .destination_port = 67}));
    BOOST_TEST(send(kShopPort, support::frame(request, {kShopMac, kBroadcast, {}})) == "1 0 0 1 0");
    // Nor in a frame to the other pod alone.
    BOOST_TEST(send(kShopPort, support::frame(request, {kShopMac, kBankMac, {}})) == "0 0 0 0 0");
}

BOOST_AUTO_TEST_CASE(a_flooded_packet_spares_the_ports_whose_pods_may_not_have_it) {
    Policy policy;
    policy.rules = {{.tier = base::kTierAdmin,
                     .direction = base::Direction::Ingress,
                     .subject = kBank,
                     .action = base::Action::Deny,
                     .rule = 5}};
    Bench bench(DataplaneConfig::Mode::Switch, 1, policy);
    // Both pods speak, so that their ports are known.
    bench.send(kShopPort, udp_frame("10.0.0.1", "203.0.113.9", {kShopMac, kOfficeMac, {}}));
    bench.send(kBankPort, udp_frame("10.0.0.2", "203.0.113.9", {kBankMac, kOfficeMac, {}}));
    const support::Link group{kOfficeMac, {0x01, 0, 0x5e, 1, 1, 1}, {}};
    BOOST_TEST(bench.send(kUplink, udp_frame("203.0.113.9", "239.1.1.1", group)) == "0 1 0 1 0");
}

BOOST_AUTO_TEST_CASE(both_directions_of_a_connection_meet_on_one_worker) {
    Bench bench(DataplaneConfig::Mode::Wire, 2);
    std::size_t hops = 0;
    for (int pod = 1; pod <= 20; ++pod) {
        const std::string far = "203.0.113." + std::to_string(pod);
        const Bytes there = udp_frame(far, "10.0.0.1", {});
        const Bytes back = support::frame(
            {.source = "10.0.0.1", .destination = far},
            support::udp({.source_port = 53, .destination_port = 4000, .payload = {}}));
        const std::uint32_t owner = io::spread_worker(*address_pair_hash(there), 2);
        const base::Counters& counters = bench.pipelines[owner]->counters();
        const std::uint64_t created_before = counters.flows_created.read();
        // Each direction arrives at both workers.
        for (std::uint16_t queue = 0; queue < 2; ++queue) bench.put(0, there, queue);
        bench.settle();
        for (std::uint16_t queue = 0; queue < 2; ++queue) bench.put(1, back, queue);
        bench.settle();
        BOOST_TEST(counters.flows_created.read() == created_before + 1);
    }
    for (const auto& pipeline : bench.pipelines) {
        hops += pipeline->counters().ring_hops.read();
        BOOST_TEST(pipeline->counters().flows_created.read() > 0u);
    }
    BOOST_TEST(hops > 0u);
    BOOST_TEST(bench.count(Reason::Policy) == 20u);
    BOOST_TEST(bench.count(Reason::Established) == 60u);
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_keep_up_is_counted) {
    Bench bench(DataplaneConfig::Mode::Wire, 2);
    const unsigned free_before = rte_mempool_avail_count(bench.pool());
    const Bytes frame = udp_frame("203.0.113.9", "10.0.0.1", {});
    const std::uint32_t owner = io::spread_worker(*address_pair_hash(frame), 2);
    const std::uint32_t other = 1 - owner;
    // Only the worker that does not own the connection runs; queue `other` of port 0 is its own.
    for (std::uint32_t sent = 0; sent < kRingPlaces + 32; sent += 32) {
        for (int i = 0; i < 32; ++i) bench.put(0, frame, static_cast<std::uint16_t>(other));
        bench.loops[other]->turn(bench.now_us);
    }
    BOOST_TEST(bench.count(Reason::WorkerFull) == 33u);
    BOOST_TEST(bench.pipelines[other]->counters().ring_hops.read() == kRingPlaces - 1);
    for (int i = 0; i < 80; ++i) {
        bench.loops[owner]->turn(bench.now_us);
        bench.collect(1);
    }
    BOOST_TEST(bench.count(Reason::Established) + bench.count(Reason::Policy) == kRingPlaces - 1);
    BOOST_TEST(rte_mempool_avail_count(bench.pool()) == free_before);
}

BOOST_AUTO_TEST_SUITE_END()
