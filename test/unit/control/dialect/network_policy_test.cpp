// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/network_policy.hpp"

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

policy::Policy translated(const std::string& spec) {
    const auto documents = document::parse_yaml(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {name: p, namespace: shop}\nspec: " +
            spec + "\n",
        "f");
    BOOST_REQUIRE(documents.ok());
    const auto decoded = kube::decode_object(documents->roots().front(), "f");
    return dialect::translate(std::get<kube::NetworkPolicy>(decoded.object));
}

Rule rule(const std::string& ingress) {
    return translated("{ingress: [" + ingress + "]}").ingress[0];
}

struct Isolation {
    const char* spec;
    bool ingress, egress;
    std::size_t ingress_rules, egress_rules;
    friend std::ostream& operator<<(std::ostream& out, const Isolation& row) {
        return out << row.spec;
    }
};

const Isolation kIsolations[] = {
    {"{}", true, false, 0, 0},
    {"{egress: []}", true, false, 0, 0},
    {"{egress: ~}", true, false, 0, 0},
    {"{egress: [{}]}", true, true, 0, 1},
    {"{policyTypes: [Egress]}", false, true, 0, 0},
    {"{policyTypes: [Ingress], ingress: [{}]}", true, false, 1, 0},
    {"{policyTypes: []}", true, false, 0, 0},
    {"{policyTypes: [], egress: [{}]}", true, true, 0, 1},
    {"{policyTypes: [Ingress], egress: [{}]}", true, false, 0, 0},
    {"{policyTypes: [Egress], ingress: [{}]}", false, true, 0, 0},
    {"{policyTypes: [Ingress, Egress]}", true, true, 0, 0},
    {"{policyTypes: [Ingress, Ingress]}", true, false, 0, 0},
};

struct Ports {
    const char* written;
    std::vector<Port> ports;
    friend std::ostream& operator<<(std::ostream& out, const Ports& row) {
        return out << row.written;
    }
};

const Ports kPorts[] = {
    {"{}", {}},
    {"{ports: []}", {}},
    {"{ports: ~}", {}},
    {"{ports: [{}]}", {{6, 0, 65535, ""}}},
    {"{ports: [~]}", {{6, 0, 65535, ""}}},
    {"{ports: [{protocol: UDP}]}", {{17, 0, 65535, ""}}},
    {"{ports: [{port: 80}]}", {{6, 80, 80, ""}}},
    {"{ports: [{protocol: SCTP, port: 80}]}", {{132, 80, 80, ""}}},
    {"{ports: [{port: 80, endPort: 80}]}", {{6, 80, 80, ""}}},
    {"{ports: [{port: 1, endPort: 65535}]}", {{6, 1, 65535, ""}}},
    {"{ports: [{port: http}]}", {{6, 0, 65535, "http"}}},
    {"{ports: [{port: dns, protocol: UDP}]}", {{17, 0, 65535, "dns"}}},
    {"{ports: [{port: 1}, {port: 2}]}", {{6, 1, 1, ""}, {6, 2, 2, ""}}},
};

const char* const kBad[] = {
    "{from: [{}]}",
    "{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}",
    "{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}",
    "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [x]}}]}",
    "{from: [{podSelector: {matchExpressions: [{key: a, operator: In}]}}]}",
    "{from: [{podSelector: {}}, {namespaceSelector: {matchExpressions: [{key: a, operator: "
    "Gt}]}}]}",
    "{ports: [{protocol: ICMP}]}",
    "{ports: [{port: 0}]}",
    "{ports: [{port: 80, endPort: 79}]}",
    "{ports: [{endPort: 79}]}",
    "{ports: [{port: 80}, {port: 70000}]}",
};

}  // namespace

BOOST_DATA_TEST_CASE(isolation_follows_policy_types_and_their_defaults, data::make(kIsolations),
                     row) {
    const policy::Policy policy = translated(row.spec);
    BOOST_TEST(policy.isolates_ingress == row.ingress);
    BOOST_TEST(policy.isolates_egress == row.egress);
    BOOST_TEST(policy.ingress.size() == row.ingress_rules);
    BOOST_TEST(policy.egress.size() == row.egress_rules);
    BOOST_TEST(policy.tier == base::kTierNetworkPolicy);
    BOOST_TEST(policy.path() == "NetworkPolicy/shop/p");
    BOOST_TEST(policy.subject.namespace_name == "shop");
    BOOST_TEST(policy.subject.pods.requirements.empty());
}

BOOST_DATA_TEST_CASE(ports_are_filled_in, data::make(kPorts), row) {
    const Rule result = rule(row.written);
    BOOST_TEST((result.ports == row.ports));
    BOOST_TEST(result.any_peer);
    BOOST_TEST(!result.failed_closed);
}

BOOST_DATA_TEST_CASE(what_cannot_be_understood_matches_nothing, data::make(kBad), written) {
    const Rule result = rule(written);
    BOOST_TEST(result.failed_closed);
    BOOST_TEST(!result.any_peer);
    BOOST_TEST(result.peers.empty());
    BOOST_TEST((result.action == base::Action::Allow));
}

BOOST_AUTO_TEST_CASE(an_empty_list_of_peers_is_any_peer) {
    for (const char* written : {"{}", "{from: []}", "{from: ~}"}) {
        BOOST_TEST(rule(written).any_peer);
    }
    BOOST_TEST(!rule("{from: [{podSelector: {}}]}").any_peer);
}

BOOST_AUTO_TEST_CASE(selectors_of_peers_stay_in_the_namespace_unless_one_selects_namespaces) {
    const Selector web{{{"app", Operator::In, {"web"}}}};
    const Selector red{{{"team", Operator::In, {"red"}}}};
    const auto peer = [](const std::string& written) {
        return std::get<PodSet>(rule("{from: [" + written + "]}").peers.at(0));
    };
    const std::string pods = "podSelector: {matchLabels: {app: web}}";
    const std::string spaces = "namespaceSelector: {matchLabels: {team: red}}";
    BOOST_TEST((peer("{" + pods + "}") == PodSet{"shop", {}, web}));
    BOOST_TEST((peer("{" + pods + ", namespaceSelector: ~}") == PodSet{"shop", {}, web}));
    BOOST_TEST((peer("{" + pods + ", namespaceSelector: {}}") == PodSet{"", {}, web}));
    BOOST_TEST((peer("{" + spaces + "}") == PodSet{"", red, {}}));
    BOOST_TEST((peer("{namespaceSelector: {}}") == PodSet{"", {}, {}}));
    BOOST_TEST((peer("{podSelector: {}}") == PodSet{"shop", {}, {}}));
    BOOST_TEST((peer("{" + pods + ", " + spaces + "}") == PodSet{"", red, web}));
    BOOST_TEST(rule("{from: [{" + pods + "}, {" + spaces + "}]}").peers.size() == 2u);
}

BOOST_AUTO_TEST_CASE(blocks_are_masked_and_read_as_old_objects_have_them) {
    const Rule result = rule(
        "{from: [{ipBlock: {cidr: 010.0.0.5/08, except: [10.2.0.1/16, 10.1.0.0/16, "
        "10.2.0.0/16]}}]}");
    const auto& networks = std::get<NetworkSet>(result.peers.at(0));
    BOOST_REQUIRE(networks.cidrs.size() == 1u);
    BOOST_TEST(base::text(networks.cidrs[0]) == "10.0.0.0/8");
    BOOST_REQUIRE(networks.except.size() == 2u);
    BOOST_TEST(base::text(networks.except[0]) == "10.1.0.0/16");
    BOOST_TEST(base::text(networks.except[1]) == "10.2.0.0/16");
}

BOOST_AUTO_TEST_CASE(rules_keep_their_place_when_one_fails_closed) {
    const policy::Policy policy = translated("{ingress: [{from: [{}]}, {}]}");
    BOOST_REQUIRE(policy.ingress.size() == 2u);
    BOOST_TEST(policy.ingress[0].failed_closed);
    BOOST_TEST(policy.ingress[1].index == 1u);
    BOOST_TEST(policy.ingress[1].any_peer);
}
