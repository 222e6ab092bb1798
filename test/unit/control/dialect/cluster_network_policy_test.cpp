// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/cluster_network_policy.hpp"
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

struct Result {
    policy::Policy policy;
    std::vector<kube::Problem> problems;
};

kube::ClusterNetworkPolicy written(const std::string& spec) {
    const auto documents = document::parse_yaml(
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
        "metadata: {name: guard}\nspec: " +
            spec + "\n",
        "f");
    BOOST_REQUIRE(documents.ok());
    const auto decoded = kube::decode_object(documents->roots().front(), "f");
    return std::get<kube::ClusterNetworkPolicy>(decoded.object);
}

Result translated(const std::string& spec) {
    Result result;
    result.policy = dialect::translate(written(spec), result.problems);
    return result;
}

Result with_egress(const std::string& rules, const std::string& tier = "Admin") {
    return translated("{tier: " + tier + ", priority: 7, subject: {namespaces: {}}, egress: [" +
                      rules + "]}");
}

const char* const kNotUnderstood[] = {
    "to: [{}]",
    "to: [{moons: {}}]",
    "to: [{namespaces: {}}, {}]",
    "to: [{namespaces: {}, moons: {}}]",
    "to: [{namespaces: {}, nodes: {}}]",
    "to: []",
    "to: [{networks: [10.0.0.0/33]}]",
    "to: [{networks: []}]",
    "to: [{namespaces: {matchExpressions: [{key: a, operator: In}]}}]",
    "to: [{nodes: {matchExpressions: [{key: a, operator: Near}]}}]",
    "to: [{pods: {namespaceSelector: {}}}]",
    "to: [{pods: {podSelector: {matchLabels: {a: x y}}}}]",
    "to: [{namespaces: {}}], protocols: []",
    "to: [{namespaces: {}}], protocols: [{}]",
    "to: [{namespaces: {}}], protocols: [{icmp: {}}]",
    "to: [{namespaces: {}}], protocols: [{tcp: {}}]",
    "to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 0}}}]",
    "to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 1}}, udp: {}}]",
    "to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 9, end: 5}}}}]",
    "to: [{namespaces: {}}], surprise: 1",
};

}  // namespace

BOOST_DATA_TEST_CASE(a_rule_not_understood_in_full_fails_closed, data::make(kNotUnderstood), rest) {
    for (const char* action : {"Accept", "Deny", "Pass"}) {
        const Result result = with_egress(std::string("{action: ") + action + ", " + rest + "}");
        const Rule& rule = result.policy.egress.at(0);
        const bool accept = std::string(action) == "Accept";
        BOOST_TEST(rule.failed_closed);
        BOOST_TEST((rule.action == (accept ? base::Action::Allow : base::Action::Deny)));
        BOOST_TEST(rule.any_peer == !accept);
        BOOST_TEST((rule.peers.empty() && rule.ports.empty()));
    }
}

BOOST_AUTO_TEST_CASE(head_and_actions_are_translated) {
    const Result result = translated(
        "{tier: Baseline, priority: 1000, subject: {pods: {podSelector: {matchLabels: {a: b}}}},"
        " ingress: [{name: first, action: Accept, from: [{namespaces: {}}]},"
        " {action: Deny, from: [{namespaces: {}}]}, {action: Pass, from: [{namespaces: {}}]}]}");
    const policy::Policy& policy = result.policy;
    BOOST_TEST(result.problems.empty());
    BOOST_TEST(policy.tier == base::kTierBaseline);
    BOOST_TEST(policy.priority == 1000);
    BOOST_TEST(policy.path() == "ClusterNetworkPolicy/guard");
    BOOST_TEST((policy.subject == PodSet{"", {}, {{{"a", Operator::In, {"b"}}}}}));
    BOOST_TEST((!policy.isolates_ingress && !policy.isolates_egress));
    BOOST_REQUIRE(policy.ingress.size() == 3u);
    BOOST_TEST(policy.ingress[0].name == "first");
    BOOST_TEST((policy.ingress[0].action == base::Action::Allow));
    BOOST_TEST((policy.ingress[1].action == base::Action::Deny));
    BOOST_TEST((policy.ingress[2].action == base::Action::Pass));
    BOOST_TEST(policy.ingress[2].index == 2u);
    BOOST_TEST(policy.ingress[0].ports.empty());
    BOOST_TEST(!policy.ingress[0].any_peer);
}

BOOST_AUTO_TEST_CASE(every_kind_of_peer_is_translated) {
    const Result result = with_egress(
        "{action: Accept, to: [{namespaces: {matchLabels: {t: r}}},"
        " {pods: {namespaceSelector: {matchLabels: {t: r}}, podSelector: {}}},"
        " {networks: [10.0.0.1/8, 10.0.0.0/8, '::/0']}, {nodes: {}},"
        " {domainNames: [WWW.Example.com., '*.B.io', www.example.com]}]}");
    BOOST_TEST(result.problems.empty());
    const Selector red{{{"t", Operator::In, {"r"}}}};
    const auto& peers = result.policy.egress.at(0).peers;
    BOOST_REQUIRE(peers.size() == 5u);
    BOOST_TEST((std::get<PodSet>(peers[0]) == PodSet{"", red, {}}));
    BOOST_TEST((std::get<PodSet>(peers[1]) == PodSet{"", red, {}}));
    BOOST_TEST(std::get<NetworkSet>(peers[2]).cidrs.size() == 2u);
    BOOST_TEST((std::get<NodeSet>(peers[3]) == NodeSet{}));
    BOOST_TEST(std::get<NameSet>(peers[4]).names ==
                   (std::vector<std::string>{"*.b.io", "www.example.com"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(protocols_are_translated_and_a_name_goes_with_any_of_them) {
    const Result result = with_egress(
        "{action: Deny, to: [{namespaces: {}}], protocols: ["
        "{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: "
        "65535}}}},"
        "{sctp: {destinationPort: {number: 9}}}, {destinationNamedPort: http}]}");
    const std::vector<Port> expected{{6, 80, 80, ""},        {17, 1, 65535, ""},
                                     {132, 9, 9, ""},        {6, 0, 65535, "http"},
                                     {17, 0, 65535, "http"}, {132, 0, 65535, "http"}};
    BOOST_TEST((result.policy.egress.at(0).ports == expected));
    BOOST_TEST(!result.policy.egress.at(0).failed_closed);
}

BOOST_AUTO_TEST_CASE(a_named_port_never_matches_networks_and_does_not_fail_closed) {
    const Result only = with_egress(
        "{action: Deny, to: [{networks: [10.0.0.0/8]}], protocols: [{destinationNamedPort: "
        "http}]}");
    BOOST_REQUIRE(only.policy.egress.size() == 1u);
    BOOST_TEST(!only.policy.egress[0].failed_closed);
    BOOST_TEST((!only.policy.egress[0].any_peer && only.policy.egress[0].peers.empty()));
}

BOOST_AUTO_TEST_CASE(a_rule_of_pods_and_networks_with_names_and_numbers_becomes_two_in_its_place) {
    const Result result = with_egress(
        "{action: Deny, to: [{networks: [10.0.0.0/8]}, {namespaces: {}}], protocols: "
        "[{destinationNamedPort: http}, {tcp: {destinationPort: {number: 80}}}]}, "
        "{action: Pass, to: [{namespaces: {}}]}");
    const auto& rules = result.policy.egress;
    BOOST_REQUIRE(rules.size() == 3u);
    BOOST_TEST((rules[0].index == 0u && rules[1].index == 0u && rules[2].index == 1u));
    BOOST_REQUIRE((rules[0].peers.size() == 1u && rules[1].peers.size() == 1u));
    BOOST_TEST(std::holds_alternative<PodSet>(rules[0].peers[0]));
    BOOST_TEST(rules[0].ports.size() == 4u);
    BOOST_TEST(std::holds_alternative<NetworkSet>(rules[1].peers[0]));
    BOOST_TEST((rules[1].ports == std::vector<Port>{{6, 80, 80, ""}}));
}

BOOST_AUTO_TEST_CASE(domain_names_are_for_accept_in_the_admin_tier) {
    struct Case {
        const char* tier;
        const char* action;
        bool good;
    };
    for (const Case& row :
         {Case{"Admin", "Accept", true}, Case{"Admin", "Deny", false}, Case{"Admin", "Pass", false},
          Case{"Baseline", "Accept", false}, Case{"Baseline", "Deny", false}}) {
        const Result result = with_egress(
            std::string("{action: ") + row.action + ", to: [{domainNames: [a.io]}]}", row.tier);
        BOOST_TEST(result.policy.egress.at(0).failed_closed == !row.good);
        BOOST_TEST(result.problems.empty() == row.good);
        if (!row.good) BOOST_TEST(result.problems[0].field == "spec.egress[0].to[0].domainNames");
    }
}

BOOST_AUTO_TEST_CASE(a_bad_selector_is_reported_where_it_stands) {
    const Result result = with_egress(
        "{action: Accept, to: [{namespaces: {}}]}, {action: Deny, to: [{namespaces: {}}, "
        "{namespaces: {matchExpressions: [{key: a, operator: In}]}}]}");
    BOOST_REQUIRE(result.problems.size() == 1u);
    BOOST_TEST(result.problems[0].object == "ClusterNetworkPolicy/guard");
    BOOST_TEST(result.problems[0].field == "spec.egress[1].to[1]");
    BOOST_TEST(!result.policy.egress[0].failed_closed);
    BOOST_TEST(result.policy.egress[1].failed_closed);
}

BOOST_AUTO_TEST_CASE(policies_come_in_the_order_they_are_asked) {
    kube::Objects objects;
    const auto add = [&](const std::string& name, const std::string& tier, int priority) {
        kube::ClusterNetworkPolicy policy =
            written("{tier: " + tier + ", priority: " + std::to_string(priority) +
                    ", subject: {namespaces: {}}}");
        policy.name = name;
        objects.cluster_network_policies.emplace(name, policy);
    };
    add("base", "Baseline", 0);
    add("late", "Admin", 1000);
    add("tie-b", "Admin", 5);
    add("tie-a", "Admin", 5);
    kube::NetworkPolicy own;
    own.namespace_name = "shop";
    own.name = "web";
    objects.network_policies.emplace("shop/web", own);
    std::vector<kube::Problem> problems;
    std::vector<std::string> names;
    for (const auto& policy : dialect::translate(objects, problems)) names.push_back(policy.name);
    const std::vector<std::string> expected{"tie-a", "tie-b", "late", "web", "base"};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(domain_names_are_warned_of_and_their_rule_is_kept) {
    kube::Objects objects;
    objects.cluster_network_policies.emplace(
        "guard", written("{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: "
                         "Accept, to: [{domainNames: [a.io]}]}]}"));
    std::vector<kube::Problem> problems;
    const auto policies = dialect::translate(objects, problems);
    BOOST_REQUIRE(problems.size() == 1u);
    BOOST_TEST((problems[0].severity == kube::Severity::Warning));
    BOOST_TEST(problems[0].object == "ClusterNetworkPolicy/guard");
    BOOST_TEST(problems[0].field == "spec.egress[0].to[0].domainNames");
    BOOST_REQUIRE(policies.size() == 1u);
    BOOST_REQUIRE(policies[0].egress.size() == 1u);
    BOOST_TEST(!policies[0].egress[0].failed_closed);
    BOOST_TEST(policies[0].egress[0].peers.size() == 1u);
}
