// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/table.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <ostream>
#include <vector>

namespace data = boost::unit_test::data;
namespace flow = tierwall::flow;
namespace parse = tierwall::parse;
namespace base = tierwall::base;
using flow::kNoFlow;
using flow::State;

namespace {

constexpr std::uint32_t kOneBucket = 7;  ///< a table of so many has everybody in reach

parse::Tuple from_port(std::uint32_t number, std::uint8_t protocol) {
    return {base::parse_address("10.0.0.1").value(), base::parse_address("10.0.0.2").value(),
            static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(80 + (number >> 16)),
            protocol};
}

std::uint32_t add(flow::Table& flows, std::uint32_t number, std::uint8_t protocol, State state,
                  std::uint32_t now_s) {
    const parse::Tuple tuple = from_port(number, protocol);
    const std::uint32_t index = flows.insert(tuple, flows.find(tuple).hash, now_s);
    if (index != kNoFlow) flows.at(index).set_state(state);
    return index;
}

bool has(const flow::Table& flows, std::uint32_t number, std::uint8_t protocol = base::kIpTcp) {
    return flows.find(from_port(number, protocol)).index != kNoFlow;
}

std::unique_ptr<flow::Table> full_of(State state, std::uint32_t flows_max,
                                     std::uint8_t protocol = base::kIpTcp) {
    auto created = flow::Table::create(flows_max, flow::Timeouts{});
    BOOST_REQUIRE(created.ok());
    for (std::uint32_t n = 0; n < flows_max; ++n) {
        BOOST_REQUIRE_NE(add(**created, n, protocol, state, 100), kNoFlow);
    }
    return *std::move(created);
}

struct Row {
    std::uint8_t protocol;
    State state;
    bool yields;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << int{row.protocol} << " " << flow::name(row.state);
}

const Row kRows[] = {
    {base::kIpTcp, State::Single, true},      {base::kIpTcp, State::SynSent, true},
    {base::kIpTcp, State::SynReceived, true}, {base::kIpTcp, State::Established, false},
    {base::kIpTcp, State::HalfClosed, false}, {base::kIpTcp, State::Closing, true},
    {base::kIpTcp, State::Closed, true},      {base::kIpUdp, State::Single, true},
    {base::kIpUdp, State::Replied, false},    {base::kIpIcmp, State::Single, true},
    {base::kIpIcmp, State::Replied, false},   {base::kIpSctp, State::Single, true},
    {base::kIpSctp, State::Replied, false},
};

}  // namespace

BOOST_DATA_TEST_CASE(in_a_full_table_only_what_is_not_in_use_gives_way, data::make(kRows), row) {
    const auto flows = full_of(row.state, kOneBucket, row.protocol);
    const std::uint32_t index = add(*flows, 1000, base::kIpTcp, State::SynSent, 100);
    BOOST_TEST((index != kNoFlow) == row.yields);
    BOOST_TEST(flows->size() == kOneBucket);
    BOOST_TEST(flows->take_yielded() == (row.yields ? 1u : 0u));
    BOOST_TEST(flows->take_yielded() == 0u);
    BOOST_TEST(flows->expire(100, 0, 0) == 0u);  // giving way is not expiring
}

BOOST_DATA_TEST_CASE(a_mark_never_gives_way_before_its_time, data::make(kRows), row) {
    const auto flows = full_of(row.state, kOneBucket, row.protocol);
    for (std::uint32_t n = 0; n < kOneBucket; ++n) {
        flow::Flow& mark = flows->at(flows->find(from_port(n, row.protocol)).index);
        mark.set_decisions({base::Action::Allow, 0, base::kTierNone, 0}, {});
        BOOST_TEST(mark.is_mark());
    }
    BOOST_TEST(add(*flows, 1000, base::kIpTcp, State::SynSent, 100) == kNoFlow);
    const std::uint32_t later_s = 101 + flows->timeout_s(flows->at(0));
    BOOST_TEST(add(*flows, 1000, base::kIpTcp, State::SynSent, later_s) != kNoFlow);
}

BOOST_AUTO_TEST_CASE(the_longest_idle_gives_way_first_and_the_closing_last) {
    const auto flows = full_of(State::Established, kOneBucket);
    const auto set = [&](std::uint32_t number, State state, std::uint32_t seen_s) {
        flow::Flow& subject = flows->at(flows->find(from_port(number, base::kIpTcp)).index);
        subject.set_state(state);
        subject.touch(seen_s);
    };
    set(1, State::Closing, 90);
    set(2, State::SynSent, 99);
    set(3, State::SynReceived, 97);
    set(4, State::Closed, 98);
    std::uint32_t fresh = 1000;
    for (const std::uint32_t next : {3u, 4u, 2u, 1u}) {
        BOOST_TEST(has(*flows, next));
        BOOST_TEST(add(*flows, fresh++, base::kIpTcp, State::Established, 100) != kNoFlow);
        BOOST_TEST(!has(*flows, next));
    }
    BOOST_TEST(add(*flows, fresh, base::kIpTcp, State::Established, 100) == kNoFlow);
    for (const std::uint32_t kept : {0u, 5u, 6u}) BOOST_TEST(has(*flows, kept));
}

BOOST_AUTO_TEST_CASE(an_expired_flow_gives_way_before_all_others) {
    const auto flows = full_of(State::SynSent, kOneBucket);
    flow::Flow& old = flows->at(flows->find(from_port(4, base::kIpTcp)).index);
    old.set_state(State::Established);
    BOOST_TEST(add(*flows, 1000, base::kIpTcp, State::SynSent, 100) != kNoFlow);
    BOOST_TEST(has(*flows, 4));
    const std::uint32_t later_s = 100 + 7201;
    for (std::uint32_t n = 0; n < kOneBucket + 1; ++n) {
        const flow::Lookup lookup = flows->find(from_port(n < 7 ? n : 1000, base::kIpTcp));
        if (lookup.index != kNoFlow && n != 4) flows->at(lookup.index).touch(later_s - 1);
    }
    BOOST_TEST(add(*flows, 1001, base::kIpTcp, State::SynSent, later_s) != kNoFlow);
    BOOST_TEST(!has(*flows, 4));
    BOOST_TEST(flows->expire(later_s, 0, 0) == 1u);
    BOOST_TEST(flows->take_yielded() == 1u);
}

BOOST_AUTO_TEST_CASE(a_flood_displaces_no_answered_flow_and_stops_no_new_one) {
    constexpr std::uint32_t kSize = 4096;
    for (const std::uint32_t answered : {0u, kSize / 8, kSize / 4}) {
        const auto flows = full_of(State::Established, kSize);
        for (std::uint32_t n = answered; n < kSize; ++n) {
            flows->erase(flows->find(from_port(n, base::kIpTcp)).index);
        }
        std::uint32_t refused = 0;
        for (std::uint32_t n = 0; n < 10 * kSize; ++n) {
            refused += add(*flows, n, base::kIpUdp, State::Single, 100 + n / kSize) == kNoFlow;
            if (n % 100 != 0 || n / 100 >= kSize / 8) continue;
            // An honest one is answered at once, and stays from then on.
            const std::uint32_t honest = 100'000 + n;
            refused += add(*flows, honest, base::kIpTcp, State::Established, 100) == kNoFlow;
        }
        BOOST_TEST(refused == 0u);
        BOOST_TEST(flows->size() == kSize);
        std::uint32_t lost = 0;
        for (std::uint32_t n = 0; n < answered; ++n) lost += !has(*flows, n);
        for (std::uint32_t n = 0; n < 10 * kSize; n += 100) {
            lost += n / 100 < kSize / 8 && !has(*flows, 100'000 + n);
        }
        BOOST_TEST(lost == 0u);
    }
}
