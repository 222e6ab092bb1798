// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/lint/scenario.hpp"

using namespace tierwall::lint;

namespace {

const std::string kDnsPods = space("shop team=a") + pod("shop/web app=web", "10.0.0.1, fd00::1");

std::string dns_admin(const std::string& rules, const std::string& head = "guard Admin 1") {
    return cluster_policy(head, "", rules);
}
std::string dns_policy(const std::string& spec, const std::string& path = "shop/web") {
    return network_policy(path, spec);
}

}  // namespace

BOOST_AUTO_TEST_CASE(pods_that_may_send_but_not_ask_dns_are_told_of) {
    const auto egress = [](const std::string& list, const std::string& path = "shop/web") {
        return dns_policy(
            "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [" + list + "]",
            path);
    };
    const std::string http = "{ports: [{port: 80}]}";
    const std::string all_pods = dns_policy(
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
    for (const std::string& pods : {std::string(), kDnsPods}) {
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
                  dns_policy(
                      "podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: "
                      "[{ports: [{port: 53, protocol: UDP}]}]",
                      "shop/dns"),
              web},
             {"another namespace",
              pods + egress(http) +
                  dns_policy("podSelector: {}, policyTypes: [Egress], egress: [{}]", "lab/dns"),
              web},
             {"an Admin policy accepts it",
              pods + egress(http) +
                  dns_admin("egress: [" + accept_dns.substr(0, accept_dns.size() - 2) + "]"),
              {}},
             {"ingress only",
              pods + dns_policy("podSelector: {}, ingress: [{ports: [{port: 80}]}]"),
              {}},
             {"Admin denies the rest", pods + dns_admin("egress: [" + accept_http + deny + "]"),
              guard},
             {"Admin denies all", pods + dns_admin("egress: [" + deny + "]"), {}},
             {"Admin accepts DNS first",
              pods + dns_admin("egress: [" + accept_http + accept_dns + deny + "]"),
              {}},
             {"Baseline denies the rest",
              pods + dns_admin("egress: [" + accept_http + deny + "]", "guard Baseline 1"),
              guard}});
    }
    check_all("dns-blocked", {{"the policy selects none of the pods",
                               space("shop") + pod("shop/db app=db", "10.0.0.9") + egress(http),
                               {}}});
}

BOOST_AUTO_TEST_CASE(a_pass_leaves_dns_queries_to_the_next_tier_and_allows_none) {
    const std::string np =
        dns_policy("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]");
    const std::string pass = "{action: Pass, to: [{namespaces: {}}]}";
    const std::string api =
        "{action: Accept, to: [{nodes: {}}], protocols: [{tcp: {destinationPort: {number: "
        "6443}}}]}";
    const std::string deny = "{action: Deny, to: [{networks: [0.0.0.0/0, \"::/0\"]}]}";
    const std::string accept_all = "{action: Accept, to: [{namespaces: {}}]}";
    const auto tier = [](const std::string& rules, const std::string& head) {
        return dns_admin("egress: [" + rules + "]", head);
    };
    const std::string base = "base Baseline 1";
    const std::string guard = "guard Admin 1";
    const Lines web{"NetworkPolicy/shop/web spec.egress"};
    const std::string other =
        ", {action: Accept, to: [{namespaces: {}}], protocols: [{tcp: "
        "{destinationPort: {number: 80}}}]}, ";
    for (const std::string& pods : {std::string(), kDnsPods}) {
        check_all(
            "dns-blocked",
            {{"to a NetworkPolicy without DNS", pods + tier(pass, guard) + np, web},
             {"and the rest is denied", pods + tier(api + ", " + pass + ", " + deny, guard) + np,
              web},
             {"to nobody", pods + tier(api + ", " + pass + ", " + deny, guard), {}},
             {"to a NetworkPolicy with DNS",
              pods + tier(pass + ", " + deny, guard) +
                  dns_policy(
                      "podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}, "
                      "{port: 53, protocol: UDP}]}]"),
              {}},
             {"after an Accept", pods + tier(accept_all + ", " + pass, guard) + np, {}},
             {"out of the last tier", pods + tier(pass + other + deny, base), {}},
             {"just something else, out of the last tier",
              pods + tier("{action: Pass, to: [{namespaces: {}}], protocols: [{tcp: "
                          "{destinationPort: {number: 80}}}]}, " +
                              deny,
                          base),
              {"ClusterNetworkPolicy/base spec.egress"}}});
    }
    check_all("dns-blocked", {{"to the Baseline, which accepts one port and denies the rest",
                               kDnsPods + tier(pass, guard) +
                                   tier(other.substr(2, other.size() - 4) + ", " + deny, base),
                               {"ClusterNetworkPolicy/base spec.egress"}},
                              {"to the Baseline, which denies all",
                               kDnsPods + tier(pass, guard) + tier(deny, base),
                               {}}});
}

BOOST_AUTO_TEST_CASE(peers_without_ports_do_for_dns_only_when_one_may_answer_it) {
    const std::string dns_port = "{containerPort: 53, protocol: UDP}";
    const std::string core =
        space("kube-system") + pod("kube-system/coredns k8s-app=kube-dns", "10.0.9.1", dns_port);
    const std::string spaces = space("shop team=a");
    const std::string web = pod("shop/web app=web", "10.0.0.1");
    const std::string db = pod("shop/db app=db", "10.0.0.2");
    const std::string db_port = pod("shop/db app=db", "10.0.0.2", "{containerPort: 5432}");
    const std::string db_dns = pod("shop/db app=db", "10.0.0.2", dns_port);
    const auto to = [](const std::string& peers) {
        return dns_policy(
            "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: "
            "[" +
            peers + "]}]");
    };
    const std::string app = to("{podSelector: {matchLabels: {app: db}}}");
    const std::string team = to("{namespaceSelector: {matchLabels: {team: a}}}");
    const Lines told{"NetworkPolicy/shop/web spec.egress"};
    check_all(
        "dns-blocked",
        {{"a pod that says nothing of ports", spaces + web + db + app, {}},
         {"a pod with another port", spaces + web + db_port + app, told},
         {"one of two says nothing",
          spaces + web + db_port + pod("shop/db2 app=db", "10.0.0.3") + app,
          {}},
         {"a pod that answers DNS", spaces + web + db_dns + app, {}},
         {"the cluster's DNS is somebody else", spaces + core + web + db + app, told},
         {"and not all that answer DNS are the cluster's", spaces + core + web + db_dns + app, {}},
         {"it is one of the peers", spaces + core + web + db + to("{namespaceSelector: {}}"), {}},
         {"addresses may be anybody's",
          spaces + core + web + db +
              to("{podSelector: {matchLabels: {app: db}}}, {ipBlock: {cidr: 10.96.0.0/16}}"),
          {}},
         {"pods that are not given", spaces + core + web + app, {}},
         {"other namespaces, where the cluster's DNS is known", spaces + core + web + db + team,
          told},
         {"other namespaces, of which one has no pods",
          spaces + space("lab team=a") + core + web + db + team,
          {}},
         {"other namespaces, where it is not known", spaces + web + db_port + team, {}},
         {"a rule for DNS beside",
          spaces + core + web + db + app +
              dns_policy("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]",
                         "shop/dns"),
          {}},
         {"host-networked DNS is not among pods",
          spaces + core + web + db_port + host_pod("shop/dns app=db", "172.16.0.1", dns_port) + app,
          told},
         {"no pods given", spaces + app, {}}});
}

BOOST_AUTO_TEST_CASE(a_domain_name_is_no_dns_server_since_it_has_to_be_asked_for) {
    const auto rules = [](const std::string& more) {
        return dns_admin("egress: [{action: Accept, to: [{domainNames: [www.example.com]}]}, " +
                         more + "{action: Deny, to: [{networks: [0.0.0.0/0, \"::/0\"]}]}]");
    };
    for (const std::string& pods : {std::string(), kDnsPods}) {
        check_all("dns-blocked",
                  {{"names only", pods + rules(""), {"ClusterNetworkPolicy/guard spec.egress"}},
                   {"and an address",
                    pods + rules("{action: Accept, to: [{networks: [10.96.0.10/32]}]}, "),
                    {}}});
    }
}

BOOST_AUTO_TEST_CASE(audited_policies_allow_and_do_not_isolate_from_dns) {
    const std::string http =
        "podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 80}]}]";
    const std::string dns =
        "podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]";
    const std::string rest = "{action: Deny, to: [{networks: [0.0.0.0/0, \"::/0\"]}]}";
    const std::string eighty =
        "{action: Accept, to: [{namespaces: {}}], protocols: [{tcp: "
        "{destinationPort: {number: 80}}}]}, ";
    const std::string guard = dns_admin("egress: [" + eighty + rest + "]", "guard Baseline 1");
    for (const std::string& pods : {std::string(), kDnsPods}) {
        check_all("dns-blocked", {{"it does not isolate", pods + audited(dns_policy(http)), {}},
                                  {"what it allows is allowed",
                                   pods + dns_policy(http) + audited(dns_policy(dns, "shop/dns")),
                                   {}},
                                  {"and not to be told of",
                                   pods + audited(dns_admin("egress: [" + eighty + rest + "]")),
                                   {}}});
    }
    check_all("dns-blocked",
              {{"the Baseline is asked then",
                kDnsPods + audited(dns_policy(http)) + guard,
                {"ClusterNetworkPolicy/guard spec.egress"}},
               {"but not for what is allowed", kDnsPods + audited(dns_policy(dns)) + guard, {}},
               {"isolated by another",
                kDnsPods + audited(dns_policy(http)) +
                    dns_policy("podSelector: {}, policyTypes: [Egress]", "shop/closed"),
                {"NetworkPolicy/shop/web spec.egress"}}});
}
