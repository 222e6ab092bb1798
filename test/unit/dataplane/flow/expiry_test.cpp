// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/table.hpp"
#include "dataplane/flow/tcp.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
namespace flow = tierwall::flow;
namespace parse = tierwall::parse;
namespace base = tierwall::base;
using flow::kNoFlow;
using flow::State;

namespace {

constexpr std::uint32_t kEverything = 0xffffffff;
const flow::Timeouts kTimeouts{11, 2000, 13, 3, 17, 190, 23, 29 * 30, 31};

std::unique_ptr<flow::Table> table(std::uint32_t flows_max) {
    auto created = flow::Table::create(flows_max, kTimeouts);
    BOOST_REQUIRE(created.ok());
    return *std::move(created);
}

parse::Tuple tuple(std::uint8_t protocol, std::uint16_t port = 1000) {
    return {base::parse_address("2001:db8::1").value(), base::parse_address("2001:db8::2").value(),
            port, 80, protocol};
}

std::uint32_t insert(flow::Table& flows, const parse::Tuple& key, std::uint32_t now_s) {
    return flows.insert(key, flows.find(key).hash, now_s);
}

struct Row {
    const char* name;
    std::uint8_t protocol;
    State state;
    std::uint16_t timeout_s;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const Row kRows[] = {
    {"tcp_untracked", base::kIpTcp, State::Single, 11},
    {"tcp_syn_sent", base::kIpTcp, State::SynSent, 11},
    {"tcp_syn_received", base::kIpTcp, State::SynReceived, 11},
    {"tcp_established", base::kIpTcp, State::Established, 2000},
    {"tcp_half_closed", base::kIpTcp, State::HalfClosed, 2000},
    {"tcp_closing", base::kIpTcp, State::Closing, 13},
    {"tcp_closed", base::kIpTcp, State::Closed, 3},
    {"udp_single", base::kIpUdp, State::Single, 17},
    {"udp_replied", base::kIpUdp, State::Replied, 190},
    {"icmp_single", base::kIpIcmp, State::Single, 23},
    {"icmp_replied", base::kIpIcmp, State::Replied, 23},
    {"icmpv6_replied", base::kIpIcmpv6, State::Replied, 23},
    {"sctp_single", base::kIpSctp, State::Single, 17},
    {"sctp_replied", base::kIpSctp, State::Replied, 29 * 30},
    {"gre_single", 47, State::Single, 31},
    {"gre_replied", 47, State::Replied, 31},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_flow_ends_after_the_timeout_of_its_state, data::make(kRows), row) {
    // The second start wraps the 16 bits on the way, the third the 32 bits.
    for (const std::uint32_t start_s : {100u, 0x1ffffu, 0xfffffffdu}) {
        const auto flows = table(8);
        const std::uint32_t index = insert(*flows, tuple(row.protocol), start_s);
        flows->at(index).set_state(row.state);
        BOOST_TEST(flows->timeout_s(flows->at(index)) == row.timeout_s);
        BOOST_TEST(flows->expire(start_s, kEverything, 0) == 0u);
        BOOST_TEST(!flows->expired(flows->at(index), start_s + row.timeout_s));
        BOOST_TEST(flows->expire(start_s + row.timeout_s, kEverything, 0) == 0u);
        BOOST_TEST(flows->find(tuple(row.protocol)).index == index);
        BOOST_TEST(flows->expired(flows->at(index), start_s + row.timeout_s + 1));
        BOOST_TEST(flows->expire(start_s + row.timeout_s + 1, kEverything, 0) == 1u);
        BOOST_TEST(flows->find(tuple(row.protocol)).index == kNoFlow);
        BOOST_TEST(flows->size() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_sweep_looks_at_no_more_than_its_budget_and_reaches_everything) {
    const auto flows = table(100);
    for (std::uint16_t port = 0; port < 100; ++port) insert(*flows, tuple(base::kIpUdp, port), 0);
    for (int call = 0; call < 9; ++call) BOOST_TEST(flows->expire(1000, 11, 0) == 11u);
    BOOST_TEST(flows->expire(1000, 11, 0) == 1u);
    BOOST_TEST(flows->expire(1000, 11, 0) == 0u);
    BOOST_TEST(flows->size() == 0u);
    BOOST_TEST(flows->expire(1000, 0, 0) == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_table_takes_the_place_of_an_expired_flow) {
    const auto flows = table(7);  // one bucket: every flow is a neighbour
    const auto answered = [&](std::uint16_t port, std::uint32_t now_s) {
        const std::uint32_t index = insert(*flows, tuple(base::kIpUdp, port), now_s);
        if (index != kNoFlow) flows->at(index).set_state(State::Replied);
        return index != kNoFlow;
    };
    for (std::uint16_t port = 0; port < 7; ++port) BOOST_TEST(answered(port, port));
    BOOST_TEST(!answered(100, 190));
    BOOST_TEST(answered(100, 191));
    BOOST_TEST(!answered(101, 191));
    BOOST_TEST(flows->find(tuple(base::kIpUdp, 0)).index == kNoFlow);
    for (std::uint16_t port = 1; port < 7; ++port) {
        BOOST_TEST(flows->find(tuple(base::kIpUdp, port)).index != kNoFlow);
    }
    BOOST_TEST(flows->size() == 7u);
    BOOST_TEST(flows->expire(191, kEverything, 0) == 1u);
    BOOST_TEST(flows->expire(191, kEverything, 0) == 0u);
    BOOST_TEST(flows->take_yielded() == 0u);
}

BOOST_AUTO_TEST_CASE(a_gap_longer_than_any_timeout_ends_everything) {
    const auto flows = table(10);
    for (const std::uint32_t gap_s : {32768u, 65536u, 65537u, 1'000'000u}) {
        const std::uint32_t now_s = 0xffff0000;
        for (std::uint16_t port = 0; port < 10; ++port) {
            const std::uint32_t index = insert(*flows, tuple(base::kIpTcp, port), now_s);
            flows->at(index).set_state(State::Established);
        }
        BOOST_TEST(flows->expire(now_s, 1, 0) == 0u);
        BOOST_TEST(flows->expire(now_s + gap_s, 1, 0) == 10u);
        BOOST_TEST(flows->size() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_flow_judged_long_ago_is_marked_before_generations_wrap) {
    const auto flows = table(4);
    for (const std::uint32_t judged : {0u, 5u, 0xfffffff0u}) {
        const std::uint32_t index = insert(*flows, tuple(base::kIpTcp), 0);
        flow::Flow& subject = flows->at(index);
        subject.set_judged(judged);
        flows->expire(0, kEverything, judged + (1u << 30) - 1);
        BOOST_TEST(!subject.stale());
        flows->expire(0, kEverything, judged - 1);  // a worker may hold an older generation
        BOOST_TEST(!subject.stale());
        flows->expire(0, kEverything, judged + (1u << 30));
        BOOST_TEST(subject.stale());
        BOOST_TEST(!subject.is_current(judged, judged));
        flows->expire(0, kEverything, judged + (1u << 31) + 7);
        BOOST_TEST(subject.stale());
        flows->erase(index);
    }
}

BOOST_AUTO_TEST_CASE(a_new_flow_inherits_nothing_from_the_line_it_takes) {
    const auto flows = table(1);
    const std::uint32_t index = insert(*flows, tuple(base::kIpTcp), 5);
    flow::Flow& old = flows->at(index);
    old.set_state(State::Closed);
    old.set_fin_seen(true);
    old.set_picked_up();
    old.mark_stale();
    old.set_port(true, 4);
    old.set_slots(8, 9);
    old.set_decisions({base::Action::Allow, 0, base::kTierAdmin, 3},
                      {base::Action::Allow, 0, base::kTierBaseline, 4});
    flows->erase(index);
    BOOST_TEST(insert(*flows, tuple(base::kIpUdp), 6) == index);
    const flow::Flow& fresh = flows->at(index);
    BOOST_TEST((fresh.state() == State::Single));
    BOOST_TEST(!fresh.fin_seen(true));
    BOOST_TEST(!fresh.picked_up());
    BOOST_TEST(!fresh.stale());
    BOOST_TEST(fresh.port(true) == flow::kNoPort);
    BOOST_TEST(fresh.source_slot() == 0u);
    BOOST_TEST(fresh.egress().rule == base::kNoRule);
    BOOST_TEST(fresh.last_seen_s() == 6);
}
