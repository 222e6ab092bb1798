// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/spread.hpp"
#include "bench/spread/deal.hpp"
#include "bench/spread/rings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace tierwall;
using namespace tierwall::bench;

std::vector<Connection> traffic_of(std::size_t count) {
    const Generated generated = generate(shape_of_rules(1'000));
    return Traffic(generated, 3).pick(count, [](const Connection&) { return true; });
}

BOOST_AUTO_TEST_CASE(both_directions_have_one_worker_and_a_card_finds_the_same) {
    const std::vector<Connection> connections = traffic_of(5'000);
    for (const std::uint32_t workers : {1u, 2u, 3u, 16u, 128u}) {
        const Deal dealt = deal(connections, workers);
        BOOST_TEST(dealt.same_both_ways == connections.size());
        BOOST_TEST(dealt.same_by_card == connections.size());
        for (const std::uint32_t owner : dealt.owner) BOOST_REQUIRE(owner < workers);
    }
}

BOOST_AUTO_TEST_CASE(a_card_counts_as_receive_side_scaling_is_specified) {
    // By hand: one bit set, the second of the source: the key from its second bit on.
    const auto source = base::parse_address("64.0.0.0").value();
    const auto destination = base::parse_address("0.0.0.0").value();
    const std::uint32_t hash = (io::kSpreadKey << 1 | io::kSpreadKey >> 15) & 0xffffu;
    BOOST_TEST(card_queue(source, destination, 128) == hash % 128);
}

BOOST_AUTO_TEST_CASE(balance_weighs_connections) {
    const Deal dealt{.owner = {0, 0, 1, 1}, .workers = 2};
    const Balance even = balance(dealt, std::vector<double>{1, 1, 1, 1});
    BOOST_TEST(even.max_over_mean == 1.0);
    BOOST_TEST(even.min_over_mean == 1.0);
    const Balance uneven = balance(dealt, std::vector<double>{3, 3, 1, 1});
    BOOST_TEST(uneven.max_over_mean == 1.5);
    BOOST_TEST(uneven.min_over_mean == 0.5);
    BOOST_TEST(uneven.largest_connection == 0.375);
}

BOOST_AUTO_TEST_CASE(a_heavy_tail_has_each_rank_once) {
    std::vector<double> weights = heavy_tail(1'000, 1);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    BOOST_TEST(sum == 7.485, boost::test_tools::tolerance(0.001));
    std::sort(weights.begin(), weights.end());
    BOOST_TEST(weights.back() == 1.0);
    BOOST_TEST(weights.front() == 0.001);
}

BOOST_AUTO_TEST_CASE(a_ring_holds_its_places_and_refuses_the_rest) {
    RingModel ring(64, 32);
    BOOST_TEST(ring.push(0, 100) == 36u);
    BOOST_TEST(ring.depth() == 64u);
}

BOOST_AUTO_TEST_CASE(a_worker_takes_bursts_and_needs_a_unit_a_packet) {
    RingModel ring(64, 32);
    BOOST_TEST(ring.push(0, 48) == 0u);
    // The first burst left at once, the other 16 wait until it is done.
    BOOST_TEST(ring.push(31, 1) == 0u);
    BOOST_TEST(ring.depth() == 17u);
    BOOST_TEST(ring.push(33, 0) == 0u);
    BOOST_TEST(ring.depth() == 0u);
    // It was busy until 49 and idle since.
    BOOST_TEST(ring.push(100, 2) == 0u);
    BOOST_TEST(ring.push(101, 1) == 0u);
    BOOST_TEST(ring.depth() == 1u);
}

BOOST_AUTO_TEST_CASE(rings_fill_when_a_worker_is_asked_for_more_than_it_can) {
    const std::vector<Connection> connections = traffic_of(5'000);
    const Deal dealt = deal(connections, 16);
    const std::vector<double> weights(connections.size(), 1.0);
    RingLoad load{.busiest = 0.5, .packets = 300'000};
    const RingDepths easy = simulate_rings(dealt, weights, load);
    BOOST_TEST(easy.refused == 0u);
    BOOST_TEST(easy.depth_p999 <= easy.depth_max);
    load.busiest = 1.5;
    const RingDepths hard = simulate_rings(dealt, weights, load);
    BOOST_TEST(hard.refused > 0u);
    BOOST_TEST(hard.depth_max == 2048u);
}

}  // namespace
