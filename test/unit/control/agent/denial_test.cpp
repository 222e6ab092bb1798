// SPDX-License-Identifier: Apache-2.0
#include "control/agent/denial_log.hpp"
#include "control/agent/denial_text.hpp"

#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::agent::testing;
using namespace std::chrono_literals;
using agent::DenialLog;
using agent::Enforcer;
using base::Action;
using base::Reason;

namespace {

constexpr std::uint32_t kNamed = 111;

/// The small snapshot, with one rule more that has a name.
std::unique_ptr<Enforcer> enforcer(const std::string& rule_name = "") {
    auto made = Enforcer::create({.addresses_max = 1000});
    BOOST_REQUIRE(made.ok());
    SmallSnapshot snapshot;
    v1::Rule rule = SmallSnapshot::rule_body(kNamed, kGuard, v1::DIRECTION_INGRESS);
    rule.set_action(v1::ACTION_DENY);
    rule.set_index(1);
    rule.set_name(rule_name);
    snapshot.put(rule);
    std::vector<base::Error> problems;
    BOOST_REQUIRE((*made)->apply(snapshot.resources, 1, problems).ok());
    return std::move(*made);
}

struct Case {
    const char* name;
    const char* source;
    const char* destination;
    std::uint16_t port;
    std::uint8_t protocol;
    base::Verdict verdict;
    const char* line;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

constexpr base::Verdict kByRule{Action::Deny, Reason::PolicyDeny, base::kTierAdmin, kNoSsh};

const Case kCases[] = {
    {"by_a_rule", "10.0.0.1", "10.0.0.3", 22, 6, kByRule,
     "denied tcp shop/web-0 (10.0.0.1) -> shop/db-0 (10.0.0.3):22: policy_deny by Admin "
     "ClusterNetworkPolicy/guard rule 0 (egress), from port p2"},
    {"by_a_named_rule",
     "10.0.0.3",
     "10.0.0.1",
     53,
     17,
     {Action::Deny, Reason::PolicyDeny, base::kTierAdmin, kNamed},
     "denied udp shop/db-0 (10.0.0.3) -> shop/web-0 (10.0.0.1):53: policy_deny by Admin "
     "ClusterNetworkPolicy/guard rule 1 \"keep out\" (ingress), from port p2"},
    {"by_isolation",
     "192.0.2.7",
     "10.0.0.2",
     80,
     132,
     {Action::Deny, Reason::Isolated, base::kTierNetworkPolicy, kIsolation},
     "denied sctp 192.0.2.7 -> shop/web-1 (10.0.0.2):80: isolated by NetworkPolicy "
     "NetworkPolicy/shop/web isolation (ingress), from port p2"},
    {"rejected",
     "10.0.0.1",
     "10.0.0.3",
     22,
     6,
     {Action::Reject, Reason::PolicyDeny, base::kTierAdmin, kNoSsh},
     "rejected tcp shop/web-0 (10.0.0.1) -> shop/db-0 (10.0.0.3):22: policy_deny by Admin "
     "ClusterNetworkPolicy/guard rule 0 (egress), from port p2"},
    {"a_rule_that_is_gone",
     "10.0.0.1",
     "192.0.2.7",
     22,
     6,
     {Action::Deny, Reason::PolicyDeny, base::kTierAdmin, 999},
     "denied tcp shop/web-0 (10.0.0.1) -> 192.0.2.7:22: policy_deny by a rule that is gone, from "
     "port p2"},
    {"an_address_of_six_without_a_name", "fd00::1", "2001:db8::9", 443, 6, kByRule,
     "denied tcp shop/web-0 (fd00::1) -> [2001:db8::9]:443: policy_deny by Admin "
     "ClusterNetworkPolicy/guard rule 0 (egress), from port p2"},
    {"ping_has_no_port",
     "172.16.0.1",
     "2001:db8::9",
     77,
     58,
     {Action::Deny, Reason::UnknownSource, base::kTierNone, base::kNoRule},
     "denied icmpv6 n1 (172.16.0.1) -> 2001:db8::9: unknown_source, from port p2"},
    {"a_protocol_without_a_name",
     "10.0.0.1",
     "10.0.0.3",
     0,
     47,
     {Action::Deny, Reason::FlowTableFull, base::kTierNone, base::kNoRule},
     "denied protocol 47 shop/web-0 (10.0.0.1) -> shop/db-0 (10.0.0.3): flow_table_full, from "
     "port p2"},
    {"a_later_fragment_has_no_port",
     "10.0.0.1",
     "10.0.0.3",
     0,
     17,
     {Action::Deny, Reason::FragmentUnknown, base::kTierNone, base::kNoRule},
     "denied udp shop/web-0 (10.0.0.1) -> shop/db-0 (10.0.0.3): fragment_unknown, from port p2"},
    {"address_resolution",
     "10.0.0.3",
     "10.0.0.1",
     0,
     0,
     {Action::Deny, Reason::SpoofedSource, base::kTierNone, base::kNoRule},
     "denied shop/db-0 (10.0.0.3) -> shop/web-0 (10.0.0.1): spoofed_source, from port p2"},
    {"no_addresses",
     nullptr,
     nullptr,
     0,
     0,
     {Action::Deny, Reason::Malformed, base::kTierNone, base::kNoRule},
     "denied a frame: malformed, from port p2"},
};

struct Told {
    std::vector<std::string> lines;
    DenialLog log;
    DenialLog::Clock::time_point start = DenialLog::Clock::now();

    explicit Told(std::uint32_t lines_per_s)
        : log(lines_per_s, [this](const std::string& line) { lines.push_back(line); }) {}
    void add(int packets, std::chrono::milliseconds at) {
        for (int i = 0; i < packets; ++i) log.add(start + at, [] { return std::string("denied"); });
    }
};

const std::string kSummary = "denied packets without a line of their own: ";

}  // namespace

BOOST_DATA_TEST_CASE(a_denied_packet_is_told_with_who_what_and_why, data::make(kCases), c) {
    const auto names = enforcer("keep out");
    verdict::Event event;
    if (c.source != nullptr) {
        event.tuple = {*base::parse_address(c.source), *base::parse_address(c.destination),
                       static_cast<std::uint16_t>(c.port != 0 ? 40000 : 0), c.port, c.protocol};
    }
    event.verdict = c.verdict;
    BOOST_TEST(agent::denial_text(event, "p2", *names) == c.line);
}

BOOST_AUTO_TEST_CASE(the_name_of_a_rule_cannot_begin_another_line) {
    const auto names = enforcer("a\nstopped\x1b[0m");
    verdict::Event event;
    event.verdict = {Action::Deny, Reason::PolicyDeny, base::kTierAdmin, kNamed};
    BOOST_TEST(agent::denial_text(event, "p2", *names) ==
               "denied a frame: policy_deny by Admin ClusterNetworkPolicy/guard rule 1 "
               "\"a?stopped?[0m\" (ingress), from port p2");
}

BOOST_AUTO_TEST_CASE(no_second_has_more_lines_than_allowed_and_the_rest_is_told_as_a_number) {
    Told told(3);
    told.add(3, 0ms);
    BOOST_TEST(told.lines.size() == 3u);
    told.add(4, 999ms);
    told.log.tick(told.start + 999ms);
    BOOST_TEST(told.lines.size() == 3u);
    told.log.tick(told.start + 1000ms);
    BOOST_REQUIRE_EQUAL(told.lines.size(), 4u);
    BOOST_TEST(told.lines.back() == kSummary + "4 (log_denied_per_s: 3)");
    told.add(5, 1001ms);
    BOOST_TEST(told.lines.size() == 7u);
    // The next packet can end the second as well as a tick can.
    told.add(1, 2001ms);
    BOOST_REQUIRE_EQUAL(told.lines.size(), 9u);
    BOOST_TEST(told.lines[7] == kSummary + "2 (log_denied_per_s: 3)");
    BOOST_TEST(told.lines[8] == "denied");
}

BOOST_AUTO_TEST_CASE(a_second_in_which_everything_was_told_has_no_summary) {
    Told told(2);
    told.add(2, 0ms);
    told.log.tick(told.start + 5s);
    told.log.tick(told.start + 10s);
    BOOST_TEST(told.lines.size() == 2u);
}

BOOST_AUTO_TEST_CASE(packets_that_were_lost_before_they_could_be_told_are_counted_too) {
    Told told(1);
    told.log.add_unknown(told.start, 0);
    told.log.tick(told.start + 2s);
    BOOST_TEST(told.lines.empty());
    told.add(2, 3000ms);
    told.log.add_unknown(told.start + 3500ms, 40);
    told.log.tick(told.start + 4s);
    BOOST_REQUIRE_EQUAL(told.lines.size(), 2u);
    BOOST_TEST(told.lines.back() == kSummary + "41 (log_denied_per_s: 1)");
}

BOOST_AUTO_TEST_CASE(no_lines_a_second_is_silence) {
    Told told(0);
    told.add(100, 0ms);
    told.log.add_unknown(told.start, 100);
    told.log.tick(told.start + 2s);
    BOOST_TEST(told.lines.empty());
}
