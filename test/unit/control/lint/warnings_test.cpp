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

BOOST_AUTO_TEST_CASE(pods_that_may_send_but_not_ask_dns_are_told_of) {
    const auto egress = [](const std::string& list, const std::string& path = "shop/web") {
        return policy(
            "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [" + list + "]",
            path);
    };
    const std::string http = "{ports: [{port: 80}]}";
    const std::string all_pods = policy(
        "podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]",
        "shop/dns");
    const Lines web{"NetworkPolicy/shop/web spec.egress"};
    const std::string deny = "{action: Deny, to: [{networks: [0.0.0.0/0, \"::/0\"]}]}";
    const auto accept = [](const std::string& protocols) {
        return "{action: Accept, to: [{namespaces: {}}], protocols: [" + protocols + "]}, ";
    };
    const std::string accept_http = accept("{tcp: {destinationPort: {number: 80}}}");
    const std::string accept_dns = accept("{udp: {destinationPort: {number: 53}}}");
    const Lines guard{"ClusterNetworkPolicy/guard spec.egress"};
    for (const std::string& pods : {std::string(), kShop}) {
        check_all(
            "dns-blocked",
            {{"one port", pods + egress(http), web},
             {"nothing at all", pods + egress(""), {}},
             {"DNS by UDP", pods + egress(http + ", {ports: [{port: 53, protocol: UDP}]}"), {}},
             {"DNS by TCP", pods + egress(http + ", {ports: [{port: 53}]}"), {}},
             {"DNS in a range", pods + egress("{ports: [{port: 1, endPort: 100}]}"), {}},
             {"every port of somebody", pods + egress("{to: [{podSelector: {}}]}"), {}},
             {"no SCTP of that number", pods + egress("{ports: [{port: 53, protocol: SCTP}]}"),
              web},
             {"a port called dns", pods + egress("{ports: [{port: dns, protocol: UDP}]}"), {}},
             {"another policy", pods + egress(http) + all_pods, {}},
             {"another policy of other pods",
              pods + egress(http) +
                  policy("podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: "
                         "[{ports: [{port: 53, protocol: UDP}]}]",
                         "shop/dns"),
              web},
             {"another namespace",
              pods + egress(http) +
                  policy("podSelector: {}, policyTypes: [Egress], egress: [{}]", "lab/dns"),
              web},
             {"an Admin policy accepts it",
              pods + egress(http) +
                  admin("egress: [" + accept_dns.substr(0, accept_dns.size() - 2) + "]"),
              {}},
             {"ingress only",
              pods + policy("podSelector: {}, ingress: [{ports: [{port: 80}]}]"),
              {}},
             {"Admin denies the rest", pods + admin("egress: [" + accept_http + deny + "]"), guard},
             {"Admin denies all", pods + admin("egress: [" + deny + "]"), {}},
             {"Admin accepts DNS first",
              pods + admin("egress: [" + accept_http + accept_dns + deny + "]"),
              {}},
             {"Baseline denies the rest",
              pods + admin("egress: [" + accept_http + deny + "]", "guard Baseline 1"), guard}});
    }
    check_all("dns-blocked", {{"the policy selects none of the pods",
                               space("shop") + pod("shop/db app=db", "10.0.0.9") + egress(http),
                               {}}});
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

BOOST_AUTO_TEST_CASE(baseline_rules_are_told_of_when_every_pod_of_theirs_is_isolated) {
    const std::string baseline =
        admin("ingress: [{action: Deny, from: [{namespaces: {}}]}]", "guard Baseline 1");
    const std::string db = pod("shop/db app=db", "10.0.0.2");
    const Lines ingress{"ClusterNetworkPolicy/guard spec.ingress"};
    check_all("baseline-never-acts",
              {{"all isolated", kShop + baseline + policy("podSelector: {}"), ingress},
               {"one is not",
                kShop + db + baseline + policy("podSelector: {matchLabels: {app: web}}"),
                {}},
               {"two policies",
                kShop + db + baseline + policy("podSelector: {matchLabels: {app: web}}") +
                    policy("podSelector: {matchLabels: {app: db}}", "shop/db"),
                ingress},
               {"other direction",
                kShop + baseline + policy("podSelector: {}, policyTypes: [Egress]"),
                {}},
               {"Admin is always asked",
                kShop + admin("ingress: [{action: Deny, from: [{namespaces: {}}]}]") +
                    policy("podSelector: {}"),
                {}},
               {"no pods", baseline + policy("podSelector: {}"), {}}});
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
