// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/table.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flow = tierwall::flow;
namespace parse = tierwall::parse;
namespace base = tierwall::base;
using flow::kNoFlow;
using flow::State;

namespace {

std::unique_ptr<flow::Table> table(std::uint32_t flows_max, const flow::Timeouts& timeouts = {}) {
    auto created = flow::Table::create(flows_max, timeouts);
    BOOST_REQUIRE(created.ok());
    return *std::move(created);
}

std::uint32_t below(std::mt19937& random, std::uint32_t limit) {
    return static_cast<std::uint32_t>(random() % limit);
}

/// Connection number `n`: families, protocols and ports alternate.
parse::Tuple connection(std::uint32_t n) {
    std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
    for (unsigned i = 0; i < 4; ++i) bytes[12 + i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
    const bool v6 = n % 3 == 0;
    const auto make = [&] { return v6 ? base::Address::v6(bytes) : base::Address::v4(bytes + 12); };
    parse::Tuple tuple;
    tuple.source = make();
    bytes[12] = 0x7e;
    tuple.destination = make();
    tuple.source_port = static_cast<std::uint16_t>(n * 7);
    tuple.destination_port = n % 2 == 0 ? 80 : 443;
    tuple.protocol = n % 5 == 0 ? base::kIpUdp : base::kIpTcp;
    return tuple;
}

std::uint32_t insert(flow::Table& flows, const parse::Tuple& tuple, std::uint32_t now_s = 0) {
    const flow::Lookup lookup = flows.find(tuple);
    BOOST_REQUIRE_EQUAL(lookup.index, kNoFlow);
    const std::uint32_t index = flows.insert(tuple, lookup.hash, now_s);
    if (index != kNoFlow) flows.at(index).set_state(State::Established);  // gives way to nobody
    return index;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_flow_is_found_from_both_sides) {
    const auto flows = table(100);
    for (std::uint32_t n = 0; n < 100; ++n) {
        const std::uint32_t index = insert(*flows, connection(n));
        const flow::Lookup there = flows->find(connection(n));
        const flow::Lookup back = flows->find(connection(n).reversed());
        BOOST_TEST(there.index == index);
        BOOST_TEST(!there.reply);
        BOOST_TEST(back.index == index);
        BOOST_TEST(back.reply);
        BOOST_TEST(there.hash == back.hash);
        BOOST_TEST((flows->at(index).tuple() == connection(n)));
    }
}

BOOST_AUTO_TEST_CASE(every_part_of_the_tuple_tells_flows_apart) {
    const parse::Tuple tuple = connection(1);
    std::vector<parse::Tuple> others(7, tuple);
    others[0].source.bytes[15] ^= 1;
    others[1].destination.bytes[12] ^= 1;
    others[2].source_port ^= 1;
    others[3].destination_port ^= 0x8000;
    others[4].protocol = base::kIpSctp;
    std::swap(others[5].source, others[5].destination);
    std::swap(others[6].source_port, others[6].destination_port);
    const auto flows = table(64);
    insert(*flows, tuple);
    for (const parse::Tuple& other : others) BOOST_TEST(flows->find(other).index == kNoFlow);
    others.pop_back();  // the reverse of the one before it
    for (const parse::Tuple& other : others) BOOST_TEST(insert(*flows, other) != kNoFlow);
    BOOST_TEST(flows->size() == 7u);
}

BOOST_AUTO_TEST_CASE(ports_tell_flows_apart_also_where_their_hashes_look_the_same) {
    // Tags have 16 bits: among so many, dozens meet the tag of another connection.
    for (std::uint32_t round = 0; round < 8; ++round) {
        const auto flows = table(32768);
        parse::Tuple tuple = connection(round);
        const bool turned = round % 2 == 1;
        std::uint16_t& port = turned ? tuple.destination_port : tuple.source_port;
        for (std::uint32_t n = 0; n < 65536; n += 2) {
            port = static_cast<std::uint16_t>(n);
            flows->insert(tuple, flows->find(tuple).hash, 0);
        }
        std::size_t mistaken = 0;
        for (std::uint32_t n = 1; n < 65536; n += 2) {
            port = static_cast<std::uint16_t>(n);
            mistaken += flows->find(tuple).index != kNoFlow;
            mistaken += flows->find(tuple.reversed()).index != kNoFlow;
        }
        BOOST_TEST(mistaken == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_flow_of_one_endpoint_with_itself_runs_forward) {
    const auto flows = table(4);
    parse::Tuple land = connection(1);
    land.destination = land.source;
    land.destination_port = land.source_port;
    const std::uint32_t index = insert(*flows, land);
    BOOST_TEST(flows->find(land).index == index);
    BOOST_TEST(!flows->find(land).reply);
    flows->erase(index);
    BOOST_TEST(flows->find(land).index == kNoFlow);
}

BOOST_AUTO_TEST_CASE(every_table_holds_exactly_its_size) {
    for (const std::uint32_t flows_max : {1u, 2u, 6u, 7u, 8u, 14u, 15u, 100u, 1000u, 65536u}) {
        const auto flows = table(flows_max);
        BOOST_TEST(flows->capacity() == flows_max);
        std::set<std::uint32_t> indexes;
        for (std::uint32_t n = 0; n < flows_max; ++n) indexes.insert(insert(*flows, connection(n)));
        BOOST_TEST(indexes.size() == flows_max);
        BOOST_TEST(indexes.count(kNoFlow) == 0u);
        BOOST_TEST(*indexes.rbegin() == flows_max - 1);
        for (std::uint32_t n = 0; n < 3; ++n) {
            BOOST_TEST(insert(*flows, connection(flows_max + n)) == kNoFlow);
        }
        BOOST_TEST(flows->size() == flows_max);
        for (std::uint32_t n = 0; n < flows_max; ++n) {
            BOOST_REQUIRE_NE(flows->find(connection(n)).index, kNoFlow);
        }
        flows->erase(flows->find(connection(0)).index);
        BOOST_TEST(insert(*flows, connection(flows_max)) != kNoFlow);
        BOOST_TEST(insert(*flows, connection(flows_max + 1)) == kNoFlow);
    }
}

BOOST_AUTO_TEST_CASE(crowded_buckets_lose_nobody_when_flows_come_and_go) {
    // Seven flows share one bucket; fourteen live in two, so that they spill and wrap around.
    for (const std::uint32_t flows_max : {7u, 14u, 28u}) {
        const auto flows = table(flows_max);
        std::set<std::uint32_t> live;
        std::mt19937 random(flows_max);
        for (int round = 0; round < 20000; ++round) {
            const std::uint32_t n = below(random, flows_max * 2);
            const flow::Lookup lookup = flows->find(connection(n));
            BOOST_REQUIRE_EQUAL(lookup.index != kNoFlow, live.count(n) != 0);
            if (lookup.index != kNoFlow) {
                flows->erase(lookup.index);
                live.erase(n);
            } else if (insert(*flows, connection(n)) != kNoFlow) {
                live.insert(n);
            }
            BOOST_REQUIRE_EQUAL(flows->size(), live.size());
        }
        for (const std::uint32_t n : live) flows->erase(flows->find(connection(n)).index);
        BOOST_TEST(flows->size() == 0u);
        for (std::uint32_t n = 0; n < flows_max * 2; ++n) {
            BOOST_TEST(flows->find(connection(n)).index == kNoFlow);
        }
    }
}

BOOST_AUTO_TEST_CASE(bulk_and_single_lookups_agree) {
    const auto flows = table(3000);
    for (std::uint32_t n = 0; n < 6000; n += 2) insert(*flows, connection(n));
    std::mt19937 random(3);
    for (const std::size_t count : {0u, 1u, 31u, 32u, 63u, 64u, 65u, 128u, 1000u}) {
        std::vector<parse::Tuple> tuples;
        for (std::size_t i = 0; i < count; ++i) {
            const parse::Tuple tuple = connection(below(random, 7000));
            tuples.push_back(random() % 2 == 0 ? tuple : tuple.reversed());
        }
        std::vector<flow::Lookup> lookups(count, flow::Lookup{5, 5, true});
        flows->find(tuples, lookups);
        for (std::size_t i = 0; i < count; ++i) {
            const flow::Lookup single = flows->find(tuples[i]);
            BOOST_REQUIRE_EQUAL(lookups[i].index, single.index);
            BOOST_REQUIRE_EQUAL(lookups[i].hash, single.hash);
            BOOST_REQUIRE_EQUAL(lookups[i].reply, single.reply);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_million_random_steps_agree_with_a_plain_map) {
    constexpr std::uint32_t kConnections = 6000;
    const auto flows = table(4000);
    std::unordered_map<std::uint32_t, std::uint32_t> model;  // connection -> its generation
    std::mt19937 random(11);
    std::size_t refused = 0;
    for (std::uint32_t step = 0; step < 1'000'000; ++step) {
        const std::uint32_t n = below(random, kConnections);
        const bool reply = random() % 2 == 0;
        const parse::Tuple tuple = reply ? connection(n).reversed() : connection(n);
        const flow::Lookup lookup = flows->find(tuple);
        const auto known = model.find(n);
        BOOST_REQUIRE_EQUAL(lookup.index != kNoFlow, known != model.end());
        if (known != model.end()) {
            BOOST_REQUIRE_EQUAL(lookup.reply, reply);
            BOOST_REQUIRE_EQUAL(flows->at(lookup.index).judged(), known->second);
            if (random() % 2 != 0) continue;
            flows->erase(lookup.index);
            model.erase(known);
            continue;
        }
        const std::uint32_t index = insert(*flows, connection(n));
        BOOST_REQUIRE_EQUAL(index == kNoFlow, model.size() == flows->capacity());
        refused += index == kNoFlow ? 1 : 0;
        if (index == kNoFlow) continue;
        BOOST_REQUIRE_EQUAL(flows->at(index).judged(), 0u);
        flows->at(index).set_judged(step);
        model[n] = step;
    }
    BOOST_TEST(flows->size() == model.size());
    BOOST_TEST(refused > 0u);
}

BOOST_AUTO_TEST_CASE(the_version_changes_with_every_insert_and_erase) {
    const auto flows = table(4);
    const std::uint32_t start = flows->version();
    const std::uint32_t index = insert(*flows, connection(1));
    BOOST_TEST(flows->version() != start);
    const std::uint32_t inserted = flows->version();
    flows->find(connection(1));
    BOOST_TEST(flows->version() == inserted);
    flows->erase(index);
    BOOST_TEST(flows->version() != inserted);
    const std::uint32_t erased = flows->version();
    flows->erase(index);
    flows->erase(3);
    flows->erase(kNoFlow);
    BOOST_TEST(flows->version() == erased);
}

BOOST_AUTO_TEST_CASE(clearing_forgets_everything_and_leaves_a_usable_table) {
    const auto flows = table(50);
    for (int round = 0; round < 3; ++round) {
        for (std::uint32_t n = 0; n < 50; ++n) BOOST_TEST(insert(*flows, connection(n)) != kNoFlow);
        flows->erase(flows->find(connection(7)).index);
        flows->clear();
        BOOST_TEST(flows->size() == 0u);
        for (std::uint32_t n = 0; n < 50; ++n) {
            BOOST_TEST(flows->find(connection(n)).index == kNoFlow);
            BOOST_TEST(!flows->view(n).has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(no_table_needs_more_than_128_bytes_a_flow) {
    for (const std::uint32_t flows_max : {64u, 100u, 1000u, 1025u, 65536u, 1'000'000u}) {
        BOOST_TEST(table(flows_max)->bytes_per_flow() <= 84u);
    }
}

BOOST_AUTO_TEST_CASE(sizes_and_timeouts_out_of_range_are_refused) {
    BOOST_TEST(!flow::Table::create(0, {}).ok());
    BOOST_TEST(!flow::Table::create(flow::kFlowsMax + 1, {}).ok());
    flow::Timeouts too_long;
    too_long.tcp_established_s = flow::kTimeoutMax_s;
    BOOST_TEST(flow::Table::create(1, too_long).ok());
    ++too_long.tcp_established_s;
    BOOST_TEST((flow::Table::create(1, too_long).error().code == base::Errc::Invalid));
    flow::Timeouts none;
    none.icmp_s = 0;
    BOOST_TEST(!flow::Table::create(1, none).ok());
}

BOOST_AUTO_TEST_CASE(a_view_shows_a_flow_and_nothing_else) {
    const auto flows = table(8);
    const std::uint32_t index = insert(*flows, connection(3));
    flows->at(index).set_judged(77);
    const auto view = flows->view(index);
    BOOST_REQUIRE(view.has_value());
    BOOST_TEST((view->tuple() == connection(3)));
    BOOST_TEST(view->judged() == 77u);
    BOOST_TEST(flows->bound() == 1u);
    BOOST_TEST(!flows->view(index + 1).has_value());
    BOOST_TEST(!flows->view(kNoFlow).has_value());
    flows->erase(index);
    BOOST_TEST(!flows->view(index).has_value());
}

BOOST_AUTO_TEST_CASE(a_view_taken_while_flows_change_is_never_a_mixture) {
    const auto flows = table(2);
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop.load()) {
            const auto view = flows->view(0);
            if (!view) continue;
            const bool first = view->tuple() == connection(1) && view->source_slot() == 1;
            const bool second = view->tuple() == connection(2) && view->source_slot() == 2;
            const bool fresh = view->source_slot() == 0;
            if (!first && !second && !fresh) stop.store(true);
        }
    });
    for (std::uint32_t round = 0; round < 200'000 && !stop.load(); ++round) {
        const std::uint32_t n = 1 + round % 2;
        const std::uint32_t index = insert(*flows, connection(n));
        flows->at(index).set_slots(n, n);
        flows->erase(index);
    }
    BOOST_TEST(!stop.load());
    stop.store(true);
    reader.join();
}
