// SPDX-License-Identifier: Apache-2.0
#include "control/lint/warnings.hpp"

#include "test/unit/control/lint/scenario.hpp"

#include <set>

using namespace tierwall::lint;

namespace {

const std::string kShop = space("shop team=a") + pod("shop/web app=web", "10.0.0.1, fd00::1");

std::string admin(const std::string& rules, const std::string& head = "guard Admin 1") {
    return cluster_policy(head, "", rules);
}
std::string policy(const std::string& spec, const std::string& path = "shop/web") {
    return network_policy(path, spec);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_block_of_all_addresses_of_one_family_is_told_of_unless_the_other_is_named) {
    const std::string four = "{networks: [0.0.0.0/0]}";
    const std::string six = "{networks: [\"::/0\"]}";
    const auto deny = [](const std::string& peers) {
        return "egress: [{action: Deny, to: [" + peers + "]}]";
    };
    const auto allow = [](const std::string& cidr) {
        return policy("podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: " +
                      cidr + "}}]}]");
    };
    const std::string only_four = space("shop") + pod("shop/web", "10.0.0.1");
    const Lines first{"ClusterNetworkPolicy/guard spec.egress[0].to[0]"};
    const Lines block{"NetworkPolicy/shop/web spec.egress[0].to[0]"};
    check_all(
        "one-address-family",
        {{"deny", admin(deny(four)), first},
         {"deny the other", admin(deny(six)), first},
         {"deny both", admin(deny(four + ", " + six)), {}},
         {"both in one peer", admin(deny("{networks: [0.0.0.0/0, \"::/0\"]}")), {}},
         {"both in two rules",
          admin("egress: [{action: Deny, to: [" + four + "]}, {action: Deny, to: [" + six + "]}]"),
          {}},
         {"both, but with other actions",
          admin("egress: [{action: Deny, to: [" + four + "]}, {action: Accept, to: [" + six +
                "]}]"),
          {"ClusterNetworkPolicy/guard spec.egress[0].to[0]",
           "ClusterNetworkPolicy/guard spec.egress[1].to[0]"}},
         {"the other is only audited",
          admin(deny(four)) + audited(admin(deny(six), "other Admin 1")), first},
         {"the other is enforced, this one audited",
          audited(admin(deny(four))) + admin(deny(six), "other Admin 1"),
          {"ClusterNetworkPolicy/other spec.egress[0].to[0]"}},
         {"both audited",
          audited(admin(deny(four))) + audited(admin(deny(six), "other Admin 1")),
          {}},
         {"some of the other family", admin(deny("{networks: [0.0.0.0/0, \"2000::/3\"]}")), {}},
         {"less than all", admin(deny("{networks: [10.0.0.0/8]}")), {}},
         {"allow", allow("0.0.0.0/0"), block},
         {"allow but for holes", allow("0.0.0.0/0, except: [10.0.0.0/8]"), block},
         {"the other in a policy of the same pods",
          allow("0.0.0.0/0") +
              policy("podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
                     "\"::/0\"}}]}]",
                     "shop/six"),
          {}},
         {"pods without the other family", only_four + admin(deny(four)), {}},
         {"pods with both", kShop + admin(deny(four)), first}});
}

BOOST_AUTO_TEST_CASE(selectors_are_told_of_when_objects_are_there_and_none_matches) {
    const auto select = [](const std::string& labels) {
        return policy("podSelector: {matchLabels: {" + labels + "}}");
    };
    const auto from = [](const std::string& peer) {
        return policy("podSelector: {}, ingress: [{from: [" + peer + "]}]");
    };
    const auto nodes = [](const std::string& labels) {
        return admin("egress: [{action: Deny, to: [{nodes: {matchLabels: {" + labels + "}}}]}]");
    };
    const Lines subject{"NetworkPolicy/shop/web spec.podSelector"};
    const Lines peer{"NetworkPolicy/shop/web spec.ingress[0].from[0]"};
    const std::string n1 = node("n1 role=edge", "172.16.0.1");
    check_all(
        "selector-matches-nothing",
        {{"a misspelt label", kShop + select("app: wep"), subject},
         {"a label that is there", kShop + select("app: web"), {}},
         {"no pods given", select("app: wep"), {}},
         {"no pods of that namespace given",
          space("lab") + pod("lab/job", "10.0.0.3") + select("app: wep"),
          {}},
         {"only a pod without address",
          kShop +
              "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: shop, name: p, labels: {app: "
              "p}}\n"
              "spec: {containers: [{name: c, image: i}]}\nstatus: {phase: Pending}\n" +
              select("app: p"),
          {}},
         {"peers", kShop + from("{podSelector: {matchLabels: {app: wep}}}"), peer},
         {"peers' namespaces", kShop + from("{namespaceSelector: {matchLabels: {team: z}}}"), peer},
         {"namespaces not all given",
          kShop + pod("lab/job", "10.0.0.3") +
              from("{namespaceSelector: {matchLabels: {team: z}}}"),
          {}},
         {"a namespace without pods",
          kShop + space("lab team=z") + from("{namespaceSelector: {matchLabels: {team: z}}}"),
          {}},
         {"contradiction, whatever is given",
          policy("podSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: "
                 "DoesNotExist}]}"),
          subject},
         {"a subject of a cluster policy",
          kShop + cluster_policy("guard Admin 1",
                                 "{pods: {podSelector: {matchLabels: {app: wep}}}}",
                                 "ingress: [{action: Deny, from: [{namespaces: {}}]}]"),
          {"ClusterNetworkPolicy/guard spec.subject"}},
         {"nodes", n1 + nodes("role: core"), {"ClusterNetworkPolicy/guard spec.egress[0].to[0]"}},
         {"nodes that are there", n1 + nodes("role: edge"), {}},
         {"no nodes given", kShop + nodes("role: core"), {}},
         {"everything", kShop + from("{namespaceSelector: {}}"), {}}});
}

BOOST_AUTO_TEST_CASE(host_networked_pods_are_neither_subjects_nor_peers) {
    const std::string agent =
        host_pod("shop/agent app=agent", "172.16.0.1", "{name: met, containerPort: 9100}");
    const std::string from =
        policy("podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: agent}}}]}]");
    const std::string done =
        "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: shop, name: job, labels: {app: "
        "agent}}\nspec: {containers: [{name: c, image: i}]}\nstatus: {phase: Succeeded}\n";
    const Lines subject{"NetworkPolicy/shop/web spec.podSelector"};
    const std::string select = policy("podSelector: {matchLabels: {app: agent}}");
    check_all("selector-matches-nothing",
              {{"subject", kShop + agent + select, subject},
               {"alone", space("shop") + agent + select, subject},
               {"peer", kShop + agent + from, {"NetworkPolicy/shop/web spec.ingress[0].from[0]"}},
               {"beside one that counts",
                kShop + agent + pod("shop/agent2 app=agent", "10.0.0.7") + from,
                {}},
               {"beside one that has ended", kShop + agent + done + from, {}}});
    check_all("named-port-unknown",
              {{"a port of theirs",
                kShop + agent +
                    policy("podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: "
                           "{}}], ports: [{port: met}]}]"),
                {"NetworkPolicy/shop/web spec.egress[0].ports[0].port"}}});
    const std::string mon = space("mon team=m") + pod("mon/prom app=prom", "10.0.2.1");
    check_all("split-peer",
              {{"theirs does not count",
                kShop + mon + host_pod("shop/prom app=prom", "172.16.0.1") +
                    policy("podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
                           "{team: m}}}, {podSelector: {matchLabels: {app: prom}}}]}]"),
                {"NetworkPolicy/shop/web spec.ingress[0].from[1]"}}});
}

BOOST_AUTO_TEST_CASE(namespaces_are_told_of_without_pods_when_more_than_the_authors_own_are_given) {
    const auto from = [](const std::string& labels) {
        return policy("podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {" +
                      labels + "}}}]}]");
    };
    const std::string two = space("shop team=a") + space("lab team=b");
    const Lines peer{"NetworkPolicy/shop/web spec.ingress[0].from[0]"};
    check_all("selector-matches-nothing",
              {{"none", two + from("team: z"), peer},
               {"one", two + from("team: b"), {}},
               {"no namespaces", from("team: z"), {}},
               {"just one", space("shop team=a") + from("team: z"), {}},
               {"the policy's own is not given",
                space("lab team=b") + space("mon") + from("team: z"),
                {}},
               {"by name", two + from("kubernetes.io/metadata.name: kube-system"), {}},
               {"no subject of a policy for all",
                two + admin("ingress: [{action: Deny, from: [{namespaces: {}}]}]"),
                {}},
               {"a subject",
                two + cluster_policy("guard Admin 1", "{namespaces: {matchLabels: {team: z}}}",
                                     "ingress: [{action: Deny, from: [{namespaces: {}}]}]"),
                {"ClusterNetworkPolicy/guard spec.subject"}}});
}

BOOST_AUTO_TEST_CASE(named_ports_are_told_of_when_no_pod_has_them) {
    const std::string web =
        space("shop") + pod("shop/web app=web", "10.0.0.1", "{name: http, containerPort: 80}") +
        pod("shop/dns app=dns", "10.0.0.2", "{name: dns, containerPort: 53, protocol: UDP}");
    const auto ingress = [](const std::string& port, const std::string& app) {
        return policy("podSelector: {matchLabels: {app: " + app + "}}, ingress: [{ports: [" + port +
                      "]}]");
    };
    const auto egress = [](const std::string& port, const std::string& to) {
        return policy("podSelector: {}, policyTypes: [Egress], egress: [{" + to + "ports: [" +
                      port + "]}]");
    };
    const Lines first{"NetworkPolicy/shop/web spec.ingress[0].ports[0].port"};
    const Lines second{"NetworkPolicy/shop/web spec.ingress[0].ports[1].port"};
    const std::string to_dns = "to: [{podSelector: {matchLabels: {app: dns}}}], ";
    check_all(
        "named-port-unknown",
        {{"misspelt", web + ingress("{port: htttp}", "web"), first},
         {"right", web + ingress("{port: http}", "web"), {}},
         {"of another pod", web + ingress("{port: http}", "dns"), first},
         {"of another protocol", web + ingress("{port: 1}, {port: http, protocol: UDP}", "web"),
          second},
         {"another protocol beside the right one",
          web + ingress("{port: http}, {port: http, protocol: UDP}", "web"), second},
         {"twice the right one", web + ingress("{port: http}, {port: http}", "web"), {}},
         {"two that nobody has",
          web + ingress("{port: htttp}, {port: htttp, protocol: UDP}", "web"),
          {"NetworkPolicy/shop/web spec.ingress[0].ports[0].port",
           "NetworkPolicy/shop/web spec.ingress[0].ports[1].port"}},
         {"no pod of these", web + ingress("{port: htttp}", "db"), {}},
         {"no pods at all", ingress("{port: htttp}", "web"), {}},
         {"sent to anybody", web + egress("{port: http}", ""), {}},
         {"sent to anybody, and nobody has it",
          web + egress("{port: htttp}", ""),
          {"NetworkPolicy/shop/web spec.egress[0].ports[0].port"}},
         {"sent to pods that do not have it",
          web + egress("{port: http}", to_dns),
          {"NetworkPolicy/shop/web spec.egress[0].ports[0].port"}},
         {"sent to pods that have it", web + egress("{port: dns, protocol: UDP}", to_dns), {}},
         {"a cluster policy's name goes with any protocol",
          web + admin("egress: [{action: Accept, to: [{namespaces: {}}], protocols: "
                      "[{destinationNamedPort: dns}]}]"),
          {}},
         {"a cluster policy's name that nobody has",
          web + admin("egress: [{action: Accept, to: [{namespaces: {}}], protocols: "
                      "[{destinationNamedPort: dsn}]}]"),
          {"ClusterNetworkPolicy/guard spec.egress[0].protocols"}}});
}

BOOST_AUTO_TEST_CASE(names_of_ports_are_told_of_where_no_peer_is_a_pod) {
    const auto deny = [](const std::string& peers, const std::string& protocols) {
        return admin("egress: [{action: Deny, to: [" + peers + "], protocols: [" + protocols +
                     "]}]");
    };
    const std::string networks = "{networks: [10.0.0.0/8]}";
    const std::string web = "{destinationNamedPort: web}";
    const Lines told{"ClusterNetworkPolicy/guard spec.egress[0].protocols"};
    // The experimental channel refuses them as an error.
    const auto channel = tierwall::kube::Channel::Standard;
    const std::string tcp = "{tcp: {destinationPort: {number: 80}}}";
    for (const auto& [text, lines] : {std::pair{deny(networks, web), told},
                                      {deny(networks, web + ", " + tcp), told},
                                      {deny(networks, tcp), Lines{}},
                                      {deny(networks + ", {namespaces: {}}", web), Lines{}}}) {
        const Lines seen = found("named-port-unknown", text, channel);
        BOOST_CHECK_EQUAL_COLLECTIONS(seen.begin(), seen.end(), lines.begin(), lines.end());
    }
}

BOOST_AUTO_TEST_CASE(two_peers_are_told_of_only_when_together_they_mean_something) {
    const auto from = [](const std::string& peers) {
        return policy("podSelector: {}, ingress: [{from: [" + peers + "]}]");
    };
    const std::string monitoring = space("mon team=m") + pod("mon/prom app=prom", "10.0.2.1");
    const std::string spaces = "{namespaceSelector: {matchLabels: {team: m}}}";
    const std::string pods = "{podSelector: {matchLabels: {app: prom}}}";
    check_all(
        "split-peer",
        {{"split",
          kShop + monitoring + from(spaces + ", " + pods),
          {"NetworkPolicy/shop/web spec.ingress[0].from[1]"}},
         {"split, the other way round",
          kShop + monitoring + from(pods + ", " + spaces),
          {"NetworkPolicy/shop/web spec.ingress[0].from[0]"}},
         {"pods of its own namespace",
          kShop + monitoring + from(spaces + ", {podSelector: {matchLabels: {app: web}}}"),
          {}},
         {"pods of both",
          kShop + monitoring + pod("shop/prom app=prom", "10.0.0.8") + from(spaces + ", " + pods),
          {}},
         {"pods of neither",
          kShop + monitoring + from(spaces + ", {podSelector: {matchLabels: {app: x}}}"),
          {}},
         {"one peer",
          kShop + monitoring +
              from("{namespaceSelector: {matchLabels: {team: m}}, podSelector: {matchLabels: "
                   "{app: prom}}}"),
          {}},
         {"no pods", from(spaces + ", " + pods), {}}});
}

BOOST_AUTO_TEST_CASE(kinds_have_distinct_names_and_words) {
    std::set<std::string> ids;
    for (const Kind& each : kinds()) {
        BOOST_TEST(ids.insert(each.id).second);
        BOOST_TEST(std::string(each.summary).ends_with('.'));
        BOOST_TEST(std::string(each.help).size() > 40);
        BOOST_TEST(&kind(each.id) == &each);
    }
    BOOST_TEST(ids.size() == 11u);
}
