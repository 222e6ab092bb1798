// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/diff_live.hpp"

#include <nlohmann/json.hpp>

#include <boost/test/unit_test.hpp>

using namespace tierwall;
using Json = nlohmann::ordered_json;

namespace {

base::Address address_of(const char* text) { return *base::parse_address(text); }

agent::AddressFacts owner(const char* name, std::uint64_t incarnation) {
    agent::AddressFacts out;
    out.name = name;
    out.incarnation = incarnation;
    return out;
}

/// 10.0.0.1 is shop/web, 10.0.0.2 is shop/db; nothing may begin to db's port 80.
agent::Model model(std::uint64_t db_incarnation = 7, const char* db = "shop/db") {
    agent::Model out;
    out.addresses[address_of("10.0.0.1")] = owner("shop/web", 5);
    out.addresses[address_of("10.0.0.2")] = owner(db, db_incarnation);
    return out;
}

agent::Enforcer::Answer ask(const base::Address&, const base::Address& destination, std::uint8_t,
                            std::uint16_t port) {
    agent::Enforcer::Answer out;
    out.allowed = !(destination == address_of("10.0.0.2") && port == 80);
    out.ingress.action = out.allowed ? base::Action::Allow : base::Action::Deny;
    return out;
}

v1::FlowRow row(const char* destination = "10.0.0.2", const char* name = "shop/db",
                std::uint32_t port = 80) {
    v1::FlowRow out;
    out.set_source("10.0.0.1");
    out.set_destination(destination);
    out.set_source_name("shop/web");
    out.set_destination_name(name);
    out.set_source_port(40000);
    out.set_destination_port(port);
    out.set_protocol("TCP");
    out.set_source_incarnation(5);
    out.set_destination_incarnation(7);
    return out;
}

ctl::LiveFlows judged(const std::vector<v1::FlowRow>& rows, const agent::Model& after, bool keep) {
    const ctl::LiveQuestion question{
        after, ask, {.keep_established = keep, .own_node_egress = false, .scope = "all"}};
    auto flows = ctl::judge_flows(rows, question);
    BOOST_REQUIRE(flows.ok());
    return std::move(*flows);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_flow_that_may_not_begin_any_more_is_cut_and_others_are_not) {
    const auto flows = judged({row(), row("10.0.0.2", "shop/db", 81)}, model(), false);
    BOOST_TEST(flows.live == 2u);
    BOOST_REQUIRE_EQUAL(flows.cut.size(), 1u);
    BOOST_TEST(flows.cut.front().row.destination_port() == 80u);
    BOOST_TEST(flows.kept.empty());
    BOOST_TEST(flows.strangers == 0u);
}

BOOST_AUTO_TEST_CASE(where_established_flows_are_kept_none_is_cut_by_policy) {
    const auto flows = judged({row(), row("10.0.0.2", "shop/db", 81)}, model(), true);
    BOOST_TEST(flows.cut.empty());
    BOOST_TEST(flows.kept.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_kept_flow_is_cut_when_an_end_goes_to_another_pod) {
    BOOST_TEST(judged({row()}, model(8), true).cut.size() == 1u);
    BOOST_TEST(judged({row()}, model(7, "shop/other"), true).cut.size() == 1u);
    BOOST_TEST(judged({row("10.0.0.2", "")}, model(), true).cut.size() == 1u);
    agent::Model gone = model();
    gone.addresses.erase(address_of("10.0.0.2"));
    const auto flows = judged({row()}, gone, true);
    BOOST_TEST(flows.cut.size() == 1u);
    BOOST_TEST(flows.strangers == 1u);
    // Nobody's address that stays nobody's, and a pod of which one side has no uid.
    BOOST_TEST(judged({row("10.0.0.2", "")}, gone, true).cut.empty());
    BOOST_TEST(judged({row()}, model(0), true).cut.empty());
}

BOOST_AUTO_TEST_CASE(what_was_cut_before_is_not_cut_again) {
    v1::FlowRow before = row();
    before.set_revoked(true);
    const auto flows = judged({before, row("10.0.0.2", "shop/db", 81)}, model(), false);
    BOOST_TEST(flows.live == 1u);
    BOOST_TEST(flows.cut.empty());
}

BOOST_AUTO_TEST_CASE(the_settings_of_the_daemon_are_taken_and_told) {
    v1::StatusReply status;
    status.set_scope("node:n1");
    BOOST_TEST(!ctl::live_settings(status).keep_established);
    BOOST_TEST(!ctl::live_settings(status).own_node_egress);
    status.set_established("keep");
    status.set_own_node_egress("exempt");
    const ctl::LiveSettings settings = ctl::live_settings(status);
    BOOST_TEST(settings.keep_established);
    BOOST_TEST(settings.own_node_egress);
    BOOST_TEST(settings.scope == "node:n1");

    const agent::Model after = model();
    const ctl::LiveQuestion question{after, ask, settings};
    const ctl::LiveFlows flows = judged({row()}, after, true);
    BOOST_TEST(ctl::live_text(flows, question)
                   .find("0 of 1 flows would be cut\n"
                         "1 of 1 flows would go on") == 0u);
    const Json json = Json::parse(ctl::live_json_text(flows, question));
    BOOST_TEST(json["kept"].size() == 1u);
    BOOST_TEST(json["cut"].empty());
    BOOST_TEST(json["established"] == "keep");
    BOOST_TEST(json["own_node_egress"] == "exempt");
}

BOOST_AUTO_TEST_CASE(rows_that_make_no_sense_are_refused) {
    const agent::Model after = model();
    const std::vector<v1::FlowRow> rows{row("nonsense")};
    BOOST_TEST(!ctl::judge_flows(rows, {after, ask, {}}).ok());
}
