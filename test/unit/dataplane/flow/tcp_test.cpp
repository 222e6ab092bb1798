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
    {"refused", {{"S", State::SynSent}, {"<RA", State::SynSent}}},
    {"forged_refusal",
     {{"S", State::SynSent},
      {"<R", State::SynSent},
      {"<SA", State::SynReceived},
      {"R", State::SynReceived},
      {"A", State::Established}}},
    {"forged_fin_before_the_answer",
     {{"S", State::SynSent},
      {"<F", State::SynSent},
      {"<SA", State::SynReceived},
      {"A", State::Established}}},
    {"orderly_close", after_handshake({{"F", State::HalfClosed},
                                       {"<A", State::HalfClosed},
                                       {"<F", State::Closing},
                                       {"A", State::Closed}})},
    {"both_fins_cross", after_handshake({{"F", State::HalfClosed},
                                         {"<F", State::Closing},
                                         {"A", State::Closed},
                                         {"<A", State::Closed}})},
    {"repeated_fin_is_no_second_fin",
     after_handshake(
         {{"F", State::HalfClosed}, {"F", State::HalfClosed}, {"A", State::HalfClosed}})},
    {"half_closed_goes_on", after_handshake({{"F", State::HalfClosed},
                                             {"<A", State::HalfClosed},
                                             {"<A", State::HalfClosed},
                                             {"A", State::HalfClosed}})},
    {"fin_right_after_syn_ack",
     {{"S", State::SynSent}, {"<SA", State::SynReceived}, {"F", State::HalfClosed}}},
    {"reset", after_handshake({{"R", State::Closing}, {"R", State::Closing}})},
    {"reset_of_both", after_handshake({{"R", State::Closing}, {"<R", State::Closed}})},
    {"data_on_the_way_into_a_reset",
     after_handshake({{"R", State::Closing}, {"<A", State::Established}, {"R", State::Closing}})},
    {"forged_reset", after_handshake({{"R", State::Closing}, {"A", State::Established}})},
    {"forged_reset_of_the_reply_side",
     after_handshake(
         {{"<R", State::Closing}, {"A", State::Established}, {"<A", State::Established}})},
    {"fin_answered_by_a_reset", after_handshake({{"F", State::HalfClosed},
                                                 {"<A", State::HalfClosed},
                                                 {"<R", State::Closed},
                                                 {"F", State::Closed}})},
    {"reset_answered_by_a_fin", after_handshake({{"R", State::Closing}, {"<F", State::Closed}})},
    {"reset_after_its_own_fin",
     after_handshake({{"F", State::HalfClosed}, {"R", State::Closing}, {"<A", State::HalfClosed}})},
    {"forged_reset_while_half_closed",
     after_handshake({{"F", State::HalfClosed}, {"<R", State::Closed}, {"<A", State::HalfClosed}})},
    {"closed_by_fins_stays_closed", after_handshake({{"F", State::HalfClosed},
                                                     {"<F", State::Closing},
                                                     {"A", State::Closed},
                                                     {"A", State::Closed},
                                                     {"<R", State::Closed},
                                                     {"<A", State::Closed},
                                                     {"<F", State::Closed}})},
    {"ports_used_again", after_handshake({{"F", State::HalfClosed},
                                          {"<F", State::Closing},
                                          {"A", State::Closed},
                                          {"S", State::Closing},
                                          {"<SA", State::SynReceived},
                                          {"A", State::Established},
                                          {"<F", State::HalfClosed}})},
    {"ports_used_again_after_an_old_ack", after_handshake({{"F", State::HalfClosed},
                                                           {"<F", State::Closing},
                                                           {"A", State::Closed},
                                                           {"S", State::Closing},
                                                           {"<A", State::Closed},
                                                           {"R", State::Closed},
                                                           {"S", State::Closing},
                                                           {"<SA", State::SynReceived}})},
    {"ports_used_again_after_a_reset", after_handshake({{"<R", State::Closing},
                                                        {"S", State::Closing},
                                                        {"<SA", State::SynReceived},
                                                        {"A", State::Established}})},
    {"forged_fin_and_syn", after_handshake({{"F", State::HalfClosed},
                                            {"S", State::HalfClosed},
                                            {"<A", State::HalfClosed},
                                            {"A", State::HalfClosed}})},
    {"forged_reset_and_syn",
     after_handshake({{"R", State::Closing}, {"S", State::Closing}, {"<A", State::Established}})},
    {"forged_fin_and_syn_ack",
     after_handshake(
         {{"<F", State::HalfClosed}, {"<SA", State::HalfClosed}, {"A", State::HalfClosed}})},
    {"forged_fin_and_a_syn_against_the_direction", after_handshake({{"<F", State::HalfClosed},
                                                                    {"<S", State::HalfClosed},
                                                                    {"SA", State::HalfClosed},
                                                                    {"<SA", State::HalfClosed}})},
    {"syn_does_not_unsettle",
     after_handshake(
         {{"S", State::Established}, {"<S", State::Established}, {"<SA", State::Established}})},
    {"picked_up", {{"A", State::SynSent}, {"A", State::SynSent}, {"<A", State::Established}}},
    {"picked_up_from_a_reply",
     {{"<A", State::SynReceived}, {"<A", State::SynReceived}, {"A", State::Established}}},
    {"picked_up_from_a_syn_ack", {{"<SA", State::SynReceived}, {"A", State::Established}}},
    {"picked_up_at_a_fin", {{"F", State::SynSent}, {"<F", State::Closing}, {"A", State::Closed}}},
    {"stray_fins_of_one_end", {{"F", State::SynSent}, {"F", State::SynSent}}},
    {"stray_reset", {{"R", State::Single}}},
};

using Packets = std::vector<const char*>;

/// Seconds that the flow may be silent after a handshake and these packets.
std::uint16_t patience(const Packets& packets) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    for (const Step& step : kHandshake) {
        flow::track(subject, packet(flags_of(step.packet)), step.packet[0] == '<', 1);
    }
    for (const char* text : packets) {
        flow::track(subject, packet(flags_of(text)), text[0] == '<', 1);
    }
    return flows->timeout_s(subject);
}

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
    for (const char* text : {"<R", "R", "F", "<F"}) {
        flow::track(subject, packet(flags_of(text)), text[0] == '<', now_s + 3);
        BOOST_TEST(subject.last_seen_s() == now_s);
    }
    for (const char* text : {"A", "<A"}) {
        flow::track(subject, packet(flags_of(text)), text[0] == '<', ++now_s);
        BOOST_TEST(subject.last_seen_s() == now_s);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_flow_is_not_kept_by_refusals) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    flow::track(subject, packet(flags_of("S")), false, 1);
    flow::track(subject, packet(flags_of("R")), true, 9);
    BOOST_TEST(subject.last_seen_s() == 1);
}

BOOST_AUTO_TEST_CASE(a_syn_restarts_only_what_is_closing_closed_or_refused) {
    const auto flows = table();
    flow::Flow& subject = flows->at(flows->insert(tuple(base::kIpTcp), 1, 0));
    const flow::Flow fresh = subject;
    for (const bool refused : {false, true}) {
        for (std::size_t i = 0; i < flow::kStateCount; ++i) {
            const auto state = static_cast<State>(i);
            const bool opening = state < State::Established;
            const bool over = opening ? refused : state != State::Established;
            subject = fresh;
            subject.set_state(state);
            if (refused) subject.set_rst_seen(true);
            BOOST_TEST(flow::restarts(subject, packet(flags_of("S"))) == over);
            for (const char* other : {"A", "SA", "F", "R"}) {
                BOOST_TEST(!flow::restarts(subject, packet(flags_of(other))));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_one_end_can_forge_leaves_a_connection_its_time) {
    const flow::Timeouts limits;
    const char* const ends[2][3] = {{"F", "R", "S"}, {"<F", "<R", "<S"}};
    for (const auto& [fin, rst, syn] : ends) {
        for (const Packets& forged :
             std::vector<Packets>{{fin}, {fin, syn}, {fin, fin, syn, syn}}) {
            BOOST_TEST(patience(forged) == limits.tcp_established_s);
        }
        for (const Packets& forged : std::vector<Packets>{
                 {rst}, {rst, rst, rst}, {rst, syn}, {fin, rst}, {fin, rst, syn, rst}}) {
            BOOST_TEST(patience(forged) == limits.tcp_closing_s);
            for (const char* alive : {"A", "<A"}) {
                Packets revived = forged;
                revived.push_back(alive);
                BOOST_TEST(patience(revived) == limits.tcp_established_s);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_close_of_both_ends_frees_the_place_soon) {
    const flow::Timeouts limits;
    for (const Packets& packets : std::vector<Packets>{{"F", "<A", "<F", "A"},
                                                       {"<F", "F", "<A"},
                                                       {"F", "<R"},
                                                       {"<F", "R"},
                                                       {"R", "<R"},
                                                       {"F", "<F", "A", "<R", "A"}}) {
        BOOST_TEST(patience(packets) == limits.tcp_closed_s);
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
