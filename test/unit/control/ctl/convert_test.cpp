// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert.hpp"

#include "control/ctl/document_text.hpp"
#include "control/document/parse.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall;
using Json = nlohmann::ordered_json;

namespace {

Json admin_policy(std::size_t rules, std::size_t peers, std::size_t ports) {
    Json rule{{"action", "Deny"}, {"to", Json::array()}, {"ports", Json::array()}};
    for (std::size_t i = 0; i < peers; ++i) rule["to"].push_back({{"nodes", Json::object()}});
    for (std::size_t i = 0; i < ports; ++i) {
        rule["ports"].push_back({{"portNumber", {{"port", i + 1}}}});
    }
    Json policy{{"apiVersion", "policy.networking.k8s.io/v1alpha1"},
                {"kind", "AdminNetworkPolicy"},
                {"metadata", {{"name", "p"}}},
                {"spec", {{"priority", 998}, {"subject", {{"namespaces", Json::object()}}}}}};
    policy["spec"]["egress"] = Json::array();
    for (std::size_t i = 0; i < rules; ++i) policy["spec"]["egress"].push_back(rule);
    return policy;
}

struct SplitRow {
    const char* name;
    std::size_t rules;
    std::size_t peers;
    std::size_t ports;
    std::size_t policies_wanted;  ///< 0: refused
    std::size_t rules_wanted;
};
std::ostream& operator<<(std::ostream& out, const SplitRow& row) { return out << row.name; }

const SplitRow kSplitRows[] = {
    {"lists_at_their_limit_stay", 25, 25, 25, 1, 25},
    {"one_peer_more_is_another_rule", 1, 26, 1, 1, 2},
    {"one_port_more_is_another_rule", 1, 1, 26, 1, 2},
    {"both_multiply", 1, 100, 100, 1, 16},
    {"one_rule_more_is_another_policy", 26, 1, 1, 2, 26},
    {"rules_that_are_split_count", 13, 26, 1, 2, 26},
    {"the_last_priorities_are_enough_for_three", 75, 1, 1, 3, 75},
    {"and_for_no_fourth", 76, 1, 1, 0, 0},
};

struct PlainRow {
    const char* text;
    const char* yaml;
};
std::ostream& operator<<(std::ostream& out, const PlainRow& row) { return out << row.text; }

const PlainRow kPlainRows[] = {
    {"web", "web"},        {"yes", "\"yes\""}, {"80", "\"80\""},   {"a: b", "\"a: b\""},
    {"NULL", "\"NULL\""},  {"-x", "\"-x\""},   {"a.b/c", "a.b/c"}, {"", "\"\""},
    {"a\nb", "\"a\\nb\""}, {"#c", "\"#c\""},   {"1e3", "\"1e3\""}, {"0x1f", "\"0x1f\""},
};

}  // namespace

BOOST_DATA_TEST_CASE(lists_that_are_too_long_are_split, data::make(kSplitRows), row) {
    const auto made = ctl::convert_admin_policy(admin_policy(row.rules, row.peers, row.ports), {});
    BOOST_REQUIRE_EQUAL(made.ok(), row.policies_wanted != 0);
    if (!made.ok()) return;
    BOOST_TEST(made->size() == row.policies_wanted);
    std::size_t rules = 0;
    for (std::size_t i = 0; i < made->size(); ++i) {
        const Json& spec = (*made)[i]["spec"];
        BOOST_TEST(spec["priority"].get<std::size_t>() == 998 + i);
        BOOST_TEST(spec["egress"].size() <= 25);
        BOOST_TEST(!spec.contains("ingress"));
        for (const Json& rule : spec["egress"]) {
            BOOST_TEST(rule["to"].size() <= 25);
            BOOST_TEST(rule["protocols"].size() <= 25);
            ++rules;
        }
    }
    BOOST_TEST(rules == row.rules_wanted);
}

BOOST_AUTO_TEST_CASE(a_part_takes_no_priority_that_another_policy_has) {
    BOOST_TEST(ctl::convert_admin_policy(admin_policy(26, 1, 1), {998, 1000}).ok());
    BOOST_TEST(!ctl::convert_admin_policy(admin_policy(26, 1, 1), {998, 999}).ok());
}

BOOST_AUTO_TEST_CASE(parts_need_a_name_that_theirs_are_made_of) {
    Json policy = admin_policy(26, 1, 1);
    policy["metadata"] = {{"generateName", "web-"}};
    const auto made = ctl::convert_admin_policy(policy, {});
    BOOST_REQUIRE(!made.ok());
    BOOST_TEST(made.error().text().find("metadata.name") != std::string::npos);
    Json small = admin_policy(25, 1, 1);
    small["metadata"] = policy["metadata"];
    BOOST_TEST(ctl::convert_admin_policy(small, {}).ok());
}

BOOST_AUTO_TEST_CASE(yaml_escapes_what_it_does_not_have) {
    const std::pair<const char*, const char*> rows[] = {
        {"a\x7f", "\"a\\u007f\""},
        {"\xc2\x85", "\"\\u0085\""},
        {"\xe2\x80\xa8x", "\"\\u2028x\""},
        {"\xef\xbb\xbf", "\"\\ufeff\""},
        {"\xef\xbf\xbe", "\"\\ufffe\""},
        {"\xc3\xa4", "\"\xc3\xa4\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    };
    for (const auto& [text, yaml] : rows) {
        const std::string written = ctl::yaml_text(Json{{"k", text}});
        BOOST_TEST(written == std::string("k: ") + yaml + "\n");
        const auto read = document::parse_yaml(written, "test");
        BOOST_REQUIRE(read.ok());
        BOOST_TEST((ctl::json_of(read->roots().front()) == Json{{"k", text}}));
    }
}

BOOST_DATA_TEST_CASE(yaml_reads_a_text_as_the_text_it_was, data::make(kPlainRows), row) {
    BOOST_TEST(ctl::yaml_text(Json{{"k", row.text}}) == std::string("k: ") + row.yaml + "\n");
    const auto read = document::parse_yaml(ctl::yaml_text(Json{{"k", row.text}}), "test");
    BOOST_REQUIRE(read.ok());
    BOOST_TEST((ctl::json_of(read->roots().front()) == Json{{"k", row.text}}));
}

BOOST_AUTO_TEST_CASE(yaml_keeps_shape_and_order) {
    const Json document{{"b", {1, {{"x", nullptr}, {"y", {true, Json::array()}}}, {{2, 3}}}},
                        {"a", Json::object()}};
    const auto read = document::parse_yaml(ctl::yaml_text(document), "test");
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(ctl::json_of(read->roots().front()).dump() == document.dump());
}

BOOST_AUTO_TEST_CASE(what_a_server_added_is_not_kept) {
    const Json document{
        {"metadata",
         {{"name", "n"},
          {"uid", "u"},
          {"managedFields", Json::array()},
          {"annotations", {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}}}}}};
    BOOST_TEST((ctl::written_metadata(document) == Json{{"name", "n"}}));
}

BOOST_AUTO_TEST_CASE(an_annotation_that_nobody_understands_is_refused) {
    const auto space = [](const char* text) {
        return std::vector<Json>{Json{
            {"kind", "Namespace"},
            {"metadata",
             {{"name", "n"}, {"annotations", {{"net.beta.kubernetes.io/network-policy", text}}}}}}};
    };
    BOOST_TEST(
        ctl::convert(space("{\"ingress\":{\"isolation\":\"DefaultDeny\"}}"))->documents.size() ==
        2);
    BOOST_TEST(ctl::convert(space("{}"))->documents.size() == 1);
    BOOST_TEST(!ctl::convert(space("{\"ingress\":{\"isolation\":\"Some\"}}")).ok());
    BOOST_TEST(!ctl::convert(space("{")).ok());
}

namespace {

Json named_policy(const char* kind, const char* name, int priority, std::size_t rules) {
    Json policy = admin_policy(rules, 1, 1);
    policy["kind"] = kind;
    policy["metadata"]["name"] = name;
    policy["spec"]["priority"] = priority;
    if (std::string(kind) == "BaselineAdminNetworkPolicy") policy["spec"].erase("priority");
    return policy;
}

Json current_policy(const char* tier, const char* name, int priority) {
    return {
        {"apiVersion", "policy.networking.k8s.io/v1alpha2"},
        {"kind", "ClusterNetworkPolicy"},
        {"metadata", {{"name", name}}},
        {"spec",
         {{"tier", tier}, {"priority", priority}, {"subject", {{"namespaces", Json::object()}}}}}};
}

Json old_policy(const char* name, int priority, std::size_t rules = 1) {
    return named_policy("AdminNetworkPolicy", name, priority, rules);
}
Json baseline(const char* name = "default", std::size_t rules = 1) {
    return named_policy("BaselineAdminNetworkPolicy", name, 0, rules);
}

struct OrderRow {
    const char* name;
    std::vector<Json> policies;
    std::string named;  ///< in the error; empty: converted
};
std::ostream& operator<<(std::ostream& out, const OrderRow& row) { return out << row.name; }

const OrderRow kOrderRows[] = {
    {"names_keep_their_order", {old_policy("b", 5), old_policy("a", 5)}, ""},
    {"a_second_part_comes_after_another_policy",
     {old_policy("a", 5, 26), old_policy("b", 5)},
     "AdminNetworkPolicy/b"},
    {"a_second_part_after_who_was_before", {old_policy("b", 5, 26), old_policy("a", 5)}, ""},
    {"two_policies_of_two_parts",
     {old_policy("a", 5, 26), old_policy("b", 5, 26)},
     "AdminNetworkPolicy/b spec.priority"},
    {"the_older_kind_was_first_whatever_its_name",
     {old_policy("b", 5), current_policy("Admin", "a", 5)},
     "ClusterNetworkPolicy/a"},
    {"and_stays_so_by_its_name", {old_policy("a", 5), current_policy("Admin", "b", 5)}, ""},
    {"another_tier_does_not_matter", {old_policy("b", 5), current_policy("Baseline", "a", 5)}, ""},
    {"another_priority_does_not_matter", {old_policy("b", 5), current_policy("Admin", "a", 6)}, ""},
    {"the_baseline_was_first",
     {baseline(), current_policy("Baseline", "aaa", 0)},
     "ClusterNetworkPolicy/aaa"},
    {"and_stays_so_before_a_later_name", {baseline(), current_policy("Baseline", "zzz", 0)}, ""},
    {"the_baseline_is_before_priority_1", {baseline(), current_policy("Baseline", "aaa", 1)}, ""},
    {"a_part_of_the_baseline_after_another_policy",
     {baseline("default", 26), current_policy("Baseline", "zzz", 0)},
     "ClusterNetworkPolicy/zzz"},
    // a is taken, so that a becomes a-2, which comes after a.
    {"another_name_is_another_place",
     {old_policy("a", 5), current_policy("Admin", "a", 5)},
     "ClusterNetworkPolicy/a"},
    {"current_policies_stay",
     {current_policy("Admin", "b", 5), current_policy("Admin", "a", 5)},
     ""},
};

}  // namespace

BOOST_DATA_TEST_CASE(nobody_is_asked_in_another_order_than_before, data::make(kOrderRows), row) {
    const auto made = ctl::convert(row.policies);
    BOOST_REQUIRE_EQUAL(made.ok(), row.named.empty());
    if (made.ok()) return;
    BOOST_TEST_MESSAGE(made.error().text());
    BOOST_TEST(made.error().text().find(row.named) != std::string::npos);
    BOOST_TEST(made.error().what.find("priority of its own") != std::string::npos);
}
