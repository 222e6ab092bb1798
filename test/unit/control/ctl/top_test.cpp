// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/top.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tierwall;

namespace {

void count(v1::WorkerStatus& worker, const char* name, std::uint64_t value) {
    v1::Count& counter = *worker.add_counters();
    counter.set_name(name);
    counter.set_value(value);
}

void count_reason(v1::WorkerStatus& worker, const char* name, std::uint64_t value) {
    v1::Count& counter = *worker.add_reasons();
    counter.set_name(name);
    counter.set_value(value);
}

v1::RuleRow rule_with(const char* policy, std::int32_t index, std::uint64_t hits) {
    v1::RuleRow row;
    row.set_tier("NetworkPolicy");
    row.set_policy(policy);
    row.set_direction("ingress");
    row.set_index(index);
    row.set_action("allow");
    row.set_hits(hits);
    return row;
}

/// Two workers of which each has counted so much.
ctl::Sample sample_of(double at_s, std::uint64_t value) {
    ctl::Sample sample;
    sample.at_s = at_s;
    sample.status.set_epoch(7);
    for (int i = 0; i < 2; ++i) {
        v1::WorkerStatus& worker = *sample.status.add_workers();
        worker.set_flows(3);
        worker.set_flows_max(10);
        count(worker, "rx_packets", value);
        count(worker, "tx_packets", value / 2);
        count(worker, "flows_created", value / 10);
        count_reason(worker, "established", value / 2);
        count_reason(worker, "policy_deny", value / 5);
        count_reason(worker, "malformed", 4);
    }
    v1::PortStatus& port = *sample.status.add_ports();
    port.set_name("uplink");
    port.set_rx_packets(2 * value);
    sample.rules = {rule_with("NetworkPolicy/a/few", 0, value / 100),
                    rule_with("NetworkPolicy/a/many", -1, value),
                    rule_with("NetworkPolicy/a/none", 1, 5)};
    return sample;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rates_are_sums_of_workers_a_second_and_the_most_comes_first) {
    const ctl::Top top = ctl::top_between(sample_of(10, 1000), sample_of(12, 3000));
    BOOST_TEST(top.epoch == 7u);
    BOOST_TEST(top.flows == 6u);
    BOOST_TEST(top.flows_max == 20u);
    BOOST_TEST(top.received == 2000);
    BOOST_TEST(top.sent == 1000);
    BOOST_TEST(top.created == 200);
    BOOST_REQUIRE(top.ports.size() == 1u);
    BOOST_TEST(top.ports[0].received == 2000);
    BOOST_REQUIRE(top.reasons.size() == 2u);
    BOOST_TEST(top.reasons[0].name == "established");
    BOOST_TEST(top.reasons[1].packets == 400);
    BOOST_REQUIRE(top.rules.size() == 2u);
    BOOST_TEST(top.rules[0].policy == "NetworkPolicy/a/many");
    BOOST_TEST(top.rules[0].hits == 1000);
    BOOST_TEST(top.rules[1].hits == 10);
}

BOOST_AUTO_TEST_CASE(what_was_started_anew_in_between_has_no_rate) {
    const ctl::Top top = ctl::top_between(sample_of(10, 3000), sample_of(11, 1000));
    BOOST_TEST(top.received == 0);
    BOOST_TEST(top.reasons.empty());
    BOOST_TEST(top.rules.empty());
}

BOOST_AUTO_TEST_CASE(a_rule_that_is_new_has_all_its_hits_in_between) {
    ctl::Sample before = sample_of(0, 0);
    before.rules.clear();
    const ctl::Top top = ctl::top_between(before, sample_of(1, 100));
    BOOST_REQUIRE(top.rules.size() == 3u);
    BOOST_TEST(top.rules[1].policy == "NetworkPolicy/a/none");
    BOOST_TEST(top.rules[1].hits == 5);
}

BOOST_AUTO_TEST_CASE(only_the_first_rules_are_shown) {
    ctl::Sample now = sample_of(1, 100);
    for (int i = 0; i < 30; ++i) now.rules.push_back(rule_with("NetworkPolicy/a/more", i, 1000));
    const ctl::Top top = ctl::top_between(sample_of(0, 100), now);
    BOOST_TEST(top.rules.size() == ctl::Top::kRulesMax);
}

BOOST_AUTO_TEST_CASE(both_forms_say_the_same) {
    const ctl::Top top = ctl::top_between(sample_of(10, 1000), sample_of(12, 3000));
    const std::string text = ctl::for_people(top);
    BOOST_TEST(text.find("received 2000, sent 1000, new flows 200") != std::string::npos);
    BOOST_TEST(text.find("NetworkPolicy NetworkPolicy/a/many isolation") != std::string::npos);
    const auto json = ctl::top_json(top);
    BOOST_TEST(json["reasons"]["policy_deny"] == 400.0);
    BOOST_TEST(json["rules"][0]["rule"] == -1);
    BOOST_TEST(json["ports"][0]["name"] == "uplink");
}
