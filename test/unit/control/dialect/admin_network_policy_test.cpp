// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/admin_network_policy.hpp"
#include "control/dialect/translate.hpp"

#include "control/document/parse.hpp"
#include "control/kube/decode.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace tierwall;
using namespace tierwall::policy;
namespace data = boost::unit_test::data;

namespace {

struct AdminResult {
    policy::Policy policy;
    std::vector<kube::Problem> problems;
};

kube::AdminNetworkPolicy admin_written(const std::string& spec, bool baseline = false) {
    const auto documents =
        document::parse_yaml(std::string("apiVersion: policy.networking.k8s.io/v1alpha1\nkind: ") +
                                 (baseline ? "BaselineAdminNetworkPolicy" : "AdminNetworkPolicy") +
                                 "\nmetadata: {name: default}\nspec: " + spec + "\n",
                             "f");
    BOOST_REQUIRE(documents.ok());
    const auto decoded = kube::decode_object(documents->roots().front(), "f");
    return std::get<kube::AdminNetworkPolicy>(decoded.object);
}

AdminResult admin_rule(const std::string& rule, bool baseline = false) {
    const std::string priority = baseline ? "" : "priority: 7, ";
    AdminResult result;
    result.policy = dialect::translate(
        admin_written("{" + priority + "subject: {namespaces: {}}, egress: [" + rule + "]}",
                      baseline),
        result.problems);
    return result;
}

const char* const kAdminNotUnderstood[] = {
    "to: [{}]",
    "to: [{moons: {}}]",
    "to: [{namespaces: {}}, {sameLabels: [a]}]",
    "to: [{namespaces: {}, nodes: {}}]",
    "to: []",
    "to: [{networks: [10.0.0.0/33]}]",
    "to: [{namespaces: {matchExpressions: [{key: a, operator: In}]}}]",
    "to: [{namespaces: {}}], ports: []",
    "to: [{namespaces: {}}], ports: [{}]",
    "to: [{namespaces: {}}], ports: [{moon: 1}]",
    "to: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP}}]",
    "to: [{namespaces: {}}], ports: [{portNumber: {port: 0}}]",
    "to: [{namespaces: {}}], ports: [{portNumber: {protocol: ICMP, port: 1}}]",
    "to: [{namespaces: {}}], ports: [{portNumber: {protocol: tcp, port: 1}}]",
    "to: [{namespaces: {}}], ports: [{portNumber: {port: 1}, namedPort: a}]",
    "to: [{namespaces: {}}], ports: [{portRange: {start: 1}}]",
    "to: [{namespaces: {}}], ports: [{namedPort: ''}]",
    "to: [{namespaces: {}}], surprise: 1",
};

}  // namespace

BOOST_DATA_TEST_CASE(an_admin_rule_not_understood_in_full_fails_closed,
                     data::make(kAdminNotUnderstood), rest) {
    for (const char* action : {"Allow", "Deny", "Pass"}) {
        const auto result = admin_rule(std::string("{action: ") + action + ", " + rest + "}");
        const Rule& rule = result.policy.egress.at(0);
        const bool allow = std::string(action) == "Allow";
        BOOST_TEST(rule.failed_closed);
        BOOST_TEST((rule.action == (allow ? base::Action::Allow : base::Action::Deny)));
        BOOST_TEST(rule.any_peer == !allow);
        BOOST_TEST((rule.peers.empty() && rule.ports.empty()));
    }
}

BOOST_AUTO_TEST_CASE(the_heads_of_both_kinds_are_translated) {
    std::vector<kube::Problem> problems;
    const auto admin = dialect::translate(
        admin_written("{priority: 3, subject: {pods: {namespaceSelector: {}, podSelector: "
                      "{matchLabels: {a: b}}}}, ingress: [{name: first, action: Pass, from: "
                      "[{namespaces: {}}]}]}"),
        problems);
    BOOST_TEST(admin.tier == base::kTierAdmin);
    BOOST_TEST(admin.priority == 3);
    BOOST_TEST(admin.path() == "AdminNetworkPolicy/default");
    BOOST_TEST((admin.subject == PodSet{"", {}, {{{"a", Operator::In, {"b"}}}}}));
    BOOST_TEST(admin.ingress.at(0).name == "first");
    BOOST_TEST((admin.ingress[0].action == base::Action::Pass));
    const auto baseline =
        dialect::translate(admin_written("{subject: {namespaces: {}}}", true), problems);
    BOOST_TEST(baseline.tier == base::kTierBaseline);
    BOOST_TEST(baseline.priority == 0);
    BOOST_TEST(baseline.path() == "BaselineAdminNetworkPolicy/default");
    BOOST_TEST(problems.empty());
}

BOOST_AUTO_TEST_CASE(admin_ports_are_translated_with_tcp_where_nothing_is_said) {
    const auto result = admin_rule(
        "{action: Deny, to: [{namespaces: {}}], ports: [{portNumber: {port: 80}}, {portNumber: "
        "{protocol: UDP, port: 53}}, {portRange: {start: 5, end: 5}}, {portRange: {protocol: SCTP, "
        "start: 1, end: 65535}}, {namedPort: http}]}");
    const std::vector<Port> expected{
        {6, 80, 80, ""},       {17, 53, 53, ""},       {6, 5, 5, ""},          {132, 1, 65535, ""},
        {6, 0, 65535, "http"}, {17, 0, 65535, "http"}, {132, 0, 65535, "http"}};
    BOOST_TEST((result.policy.egress.at(0).ports == expected));
    BOOST_TEST(result.problems.empty());
}

BOOST_AUTO_TEST_CASE(a_reversed_range_matches_nothing_and_takes_nothing_from_the_other_ports) {
    const std::string reversed = "{portRange: {start: 9, end: 5}}";
    const auto alone =
        admin_rule("{action: Deny, to: [{namespaces: {}}], ports: [" + reversed + "]}");
    const Rule& nothing = alone.policy.egress.at(0);
    BOOST_TEST((!nothing.any_peer && nothing.peers.empty() && !nothing.failed_closed));
    BOOST_REQUIRE(alone.problems.size() == 1u);
    BOOST_TEST((alone.problems[0].severity == kube::Severity::Warning));
    BOOST_TEST(alone.problems[0].field == "spec.egress[0].ports[0].portRange");
    const auto both = admin_rule("{action: Deny, to: [{namespaces: {}}], ports: [" + reversed +
                                 ", {portNumber: {port: 80}}]}");
    BOOST_TEST((both.policy.egress.at(0).ports == std::vector<Port>{{6, 80, 80, ""}}));
    BOOST_TEST(both.policy.egress[0].peers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(admin_domain_names_are_for_allow_and_not_for_the_baseline) {
    const std::string names = "to: [{domainNames: [WWW.a.io.]}]}";
    BOOST_TEST(!admin_rule("{action: Allow, " + names).policy.egress.at(0).failed_closed);
    BOOST_TEST(admin_rule("{action: Deny, " + names).policy.egress.at(0).failed_closed);
    BOOST_TEST(admin_rule("{action: Pass, " + names).policy.egress.at(0).failed_closed);
    BOOST_TEST(admin_rule("{action: Allow, " + names, true).policy.egress.at(0).failed_closed);
    BOOST_TEST(admin_rule("{action: Deny, " + names, true).policy.egress.at(0).failed_closed);
}

BOOST_AUTO_TEST_CASE(an_admin_named_port_never_matches_nodes_or_networks) {
    const auto result = admin_rule(
        "{action: Deny, to: [{nodes: {}}, {networks: [10.0.0.0/8]}], ports: [{namedPort: http}]}");
    BOOST_REQUIRE(result.policy.egress.size() == 1u);
    BOOST_TEST((!result.policy.egress[0].any_peer && result.policy.egress[0].peers.empty()));
    BOOST_TEST(!result.policy.egress[0].failed_closed);
}

BOOST_AUTO_TEST_CASE(both_versions_are_merged_by_priority_kind_and_name_with_a_warning) {
    kube::Objects objects;
    const auto admin = [&](const std::string& name, int priority) {
        auto policy = admin_written("{priority: " + std::to_string(priority) +
                                    ", subject: {namespaces: {}}}");
        policy.name = name;
        objects.admin_network_policies.emplace(name, policy);
    };
    const auto cluster = [&](const std::string& name, const std::string& tier, int priority) {
        kube::ClusterNetworkPolicy policy;
        policy.name = name;
        policy.tier = tier;
        policy.priority = priority;
        policy.subject.emplace().namespaces.emplace();
        objects.cluster_network_policies.emplace(name, policy);
    };
    admin("z", 5);
    admin("b", 6);
    objects.baseline_policies.emplace("default",
                                      admin_written("{subject: {namespaces: {}}}", true));
    std::vector<kube::Problem> problems;
    dialect::translate(objects, problems);
    BOOST_TEST(problems.empty());
    cluster("a", "Admin", 5);
    cluster("first", "Admin", 4);
    cluster("floor", "Baseline", 0);
    std::vector<std::string> paths;
    for (const auto& policy : dialect::translate(objects, problems)) paths.push_back(policy.path());
    const std::vector<std::string> expected{"ClusterNetworkPolicy/first",
                                            "AdminNetworkPolicy/z",
                                            "ClusterNetworkPolicy/a",
                                            "AdminNetworkPolicy/b",
                                            "BaselineAdminNetworkPolicy/default",
                                            "ClusterNetworkPolicy/floor"};
    BOOST_TEST(paths == expected, boost::test_tools::per_element());
    BOOST_REQUIRE(problems.size() == 1u);
    BOOST_TEST((problems[0].severity == kube::Severity::Warning));
    BOOST_TEST(problems[0].object == "AdminNetworkPolicy/b");
}
