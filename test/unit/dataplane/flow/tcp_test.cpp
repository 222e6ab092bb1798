// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/tcp.hpp"

#include "dataplane/flow/table.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace data = boost::unit_test::data;
namespace flow = tierwall::flow;
namespace parse = tierwall::parse;
namespace base = tierwall::base;
using flow::State;

namespace {

std::unique_ptr<flow::Table> table() {
    auto created = flow::Table::create(64, flow::Timeouts{});
    BOOST_REQUIRE(created.ok());
    return *std::move(created);
}

parse::Tuple tuple(std::uint8_t protocol) {
    return {base::parse_address("10.0.0.1").value(), base::parse_address("10.0.0.2").value(), 1000,
            80, protocol};
}

parse::Headers packet(std::uint8_t flags) {
    parse::Headers headers;
    headers.kind = parse::Kind::Ip;
    headers.has_transport = true;
    headers.tcp_flags = flags;
    return headers;
}

/// "S" SYN, "SA" SYN and ACK, "A", "F" FIN and ACK, "R" RST; '<' in front: reply direction.
struct Step {
    std::string packet;
    State after;
};
struct Story {
    const char* name;
    std::vector<Step> steps;
};
std::ostream& operator<<(std::ostream& out, const Story& story) { return out << story.name; }

std::uint8_t flags_of(const std::string& packet) {
    using namespace parse::tcp_flag;
    unsigned flags = 0;
    for (const char letter : packet) {
        if (letter == 'S') flags |= kSyn;
        if (letter == 'A') flags |= kAck;
        if (letter == 'F') flags |= kFin | kAck;
        if (letter == 'R') flags |= kRst;
    }
    return static_cast<std::uint8_t>(flags);
}

const std::vector<Step> kHandshake{
    {"S", State::SynSent}, {"<SA", State::SynReceived}, {"A", State::Established}};

std::vector<Step> after_handshake(const std::vector<Step>& steps) {
    std::vector<Step> all = kHandshake;
    all.insert(all.end(), steps.begin(), steps.end());
    return all;
}

const Story kStories[] = {
    {"handshake_and_data",
     after_handshake({{"<A", State::Established}, {"A", State::Established}})},
    {"repeated_syn", {{"S", State::SynSent}, {"S", State::SynSent}}},
    {"challenge_to_a_syn", {{"S", State::SynSent}, {"<A", State::SynSent}}},
    {"data_before_the_answer", {{"S", State::SynSent}, {"A", State::SynSent}}},
    {"repeated_syn_ack",
     {{"S", State::SynSent}, {"<SA", State::SynReceived}, {"<SA", State::SynReceived}}},
    {"refused", {{"S", State::SynSent}, {"<RA", State::Closed}}},
    {"orderly_close", after_handshake({{"F", State::Closing},
                                       {"<A", State::Closing},
                                       {"<F", State::Closing},
                                       {"A", State::Closed}})},
    {"both_fins_cross", after_handshake({{"F", State::Closing},
                                         {"<F", State::Closing},
                                         {"A", State::Closed},
                                         {"<A", State::Closed}})},
    {"repeated_fin_is_no_second_fin",
     after_handshake({{"F", State::Closing}, {"F", State::Closing}, {"A", State::Closing}})},
    {"half_closed_goes_on", after_handshake({{"F", State::Closing},
                                             {"<A", State::Closing},
                                             {"<A", State::Closing},
                                             {"A", State::Closing}})},
    {"fin_right_after_syn_ack",
     {{"S", State::SynSent}, {"<SA", State::SynReceived}, {"F", State::Closing}}},
    {"reset", after_handshake({{"R", State::Closed}, {"<A", State::Closed}, {"R", State::Closed}})},
    {"forged_reset", after_handshake({{"R", State::Closed}, {"A", State::Established}})},
    {"forged_reset_of_the_reply_side",
     after_handshake({{"<R", State::Closed}, {"A", State::Closed}, {"<A", State::Established}})},
    {"forged_reset_while_closing",
     after_handshake({{"F", State::Closing}, {"<R", State::Closed}, {"<A", State::Closing}})},
    {"closed_by_fins_stays_closed", after_handshake({{"F", State::Closing},
                                                     {"<F", State::Closing},
                                                     {"A", State::Closed},
                                                     {"A", State::Closed},
                                                     {"<A", State::Closed},
                                                     {"<F", State::Closed}})},
    {"syn_does_not_unsettle",
     after_handshake(
         {{"S", State::Established}, {"<S", State::Established}, {"<SA", State::Established}})},
    {"picked_up", {{"A", State::SynSent}, {"A", State::SynSent}, {"<A", State::Established}}},
    {"picked_up_from_a_reply",
     {{"<A", State::SynReceived}, {"<A", State::SynReceived}, {"A", State::Established}}},
    {"picked_up_from_a_syn_ack", {{"<SA", State::SynReceived}, {"A", State::Established}}},
    {"picked_up_at_a_fin", {{"F", State::Closing}, {"<F", State::Closing}, {"A", State::Closed}}},
    {"stray_reset", {{"R", State::Closed}}},
};

}  // namespace

BOOST_DATA_TEST_CASE(tcp_packets_move_the_state, data::make(kStories), story) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    std::uint32_t now_s = 100;
    for (const Step& step : story.steps) {
        flow::track(subject, packet(flags_of(step.packet)), step.packet[0] == '<', ++now_s);
        BOOST_TEST_CONTEXT(step.packet) {
            BOOST_TEST(flow::name(subject.state()) == flow::name(step.after));
        }
    }
}

BOOST_AUTO_TEST_CASE(only_a_flow_that_begins_without_its_syn_is_picked_up) {
    for (const Story& story : kStories) {
        const auto flows = table();
        flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
        for (const Step& step : story.steps) {
            flow::track(subject, packet(flags_of(step.packet)), step.packet[0] == '<', 1);
        }
        const std::string& first = story.steps.front().packet;
        if (first != "R") BOOST_TEST(subject.picked_up() == (first != "S"));
    }
}

BOOST_AUTO_TEST_CASE(packets_keep_a_flow_alive_until_it_is_closed) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    std::uint32_t now_s = 0;
    for (const char* text : {"S", "<SA", "A", "<A", "F", "<F", "A"}) {
        flow::track(subject, packet(flags_of(text)), text[0] == '<', ++now_s);
        BOOST_TEST(subject.last_seen_s() == now_s);
    }
    BOOST_TEST((subject.state() == State::Closed));
    for (const char* text : {"A", "<A", "<R", "R"}) {
        flow::track(subject, packet(flags_of(text)), text[0] == '<', now_s + 3);
        BOOST_TEST(subject.last_seen_s() == now_s);
    }
}

BOOST_AUTO_TEST_CASE(a_syn_restarts_only_what_is_closing_or_closed) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    for (std::size_t i = 0; i < flow::kStateCount; ++i) {
        const auto state = static_cast<State>(i);
        const bool over = state == State::Closing || state == State::Closed;
        subject.set_state(state);
        BOOST_TEST(flow::restarts(subject, packet(flags_of("S"))) == over);
        for (const char* other : {"A", "SA", "F", "R"}) {
            BOOST_TEST(!flow::restarts(subject, packet(flags_of(other))));
        }
    }
}

BOOST_AUTO_TEST_CASE(other_protocols_are_single_until_answered) {
    for (const std::uint8_t protocol : {base::kIpUdp, base::kIpIcmp, base::kIpSctp}) {
        const auto flows = table();
        flow::Flow& subject = flows->at(flows->insert(tuple(protocol), 1, 0));
        flow::track(subject, packet(0), false, 5);
        BOOST_TEST((subject.state() == State::Single));
        flow::track(subject, packet(0), true, 6);
        BOOST_TEST((subject.state() == State::Replied));
        flow::track(subject, packet(flags_of("R")), false, 7);
        BOOST_TEST((subject.state() == State::Replied));
        BOOST_TEST(subject.last_seen_s() == 7);
        BOOST_TEST(!flow::restarts(subject, packet(flags_of("S"))));
    }
}

BOOST_AUTO_TEST_CASE(a_packet_without_tcp_header_changes_nothing) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    parse::Headers later = packet(0);
    later.has_transport = false;
    flow::track(subject, later, true, 9);
    BOOST_TEST((subject.state() == State::Single));
    BOOST_TEST(subject.last_seen_s() == 0);
}
