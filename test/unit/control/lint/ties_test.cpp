// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/lint/scenario.hpp"

using namespace tierwall::lint;

namespace {

const std::string kPods =
    space("shop team=a") + space("lab team=b") +
    pod("shop/web app=web", "10.0.0.1, fd00::1", "{name: http, containerPort: 80}") +
    pod("shop/db app=db", "10.0.0.2, fd00::2") + pod("lab/job app=job", "10.0.1.1, fd00::3");
const std::string kFromLab = "from: [{namespaces: {matchLabels: {team: b}}}]";
const std::string kFromAll = "from: [{namespaces: {}}]";
const std::string kShop = "{namespaces: {matchLabels: {team: a}}}";
const std::string kLab = "{namespaces: {matchLabels: {team: b}}}";
const std::string kPort = ", protocols: [{tcp: {destinationPort: {number: 80}}}]";

std::string accept(const std::string& more) { return "{action: Accept, " + more + "}"; }
std::string deny(const std::string& more) { return "{action: Deny, " + more + "}"; }
std::string ingress(const std::string& rules) { return "ingress: [" + rules + "]"; }

const Lines kTie{"ClusterNetworkPolicy/two spec.priority"};

/// Two policies of the given heads and subjects.
std::string two(const std::string& subject_one, const std::string& rules_one,
                const std::string& subject_two, const std::string& rules_two,
                const std::string& heads = "Admin 5") {
    return cluster_policy("one " + heads, subject_one, rules_one) +
           cluster_policy("two " + heads, subject_two, rules_two);
}

}  // namespace

BOOST_AUTO_TEST_CASE(policies_of_one_priority_that_disagree_are_told_of_and_no_others) {
    const std::string everything =
        two("", ingress(accept(kFromLab)), kShop, ingress(deny(kFromAll)));
    check_all(
        "priority-tie",
        {
            {"disagree about pods that are there", kPods + everything, kTie},
            {"without pods, about pods that could be", everything, kTie},
            {"in the Baseline too",
             kPods +
                 two("", ingress(accept(kFromLab)), kShop, ingress(deny(kFromAll)), "Baseline 0"),
             kTie},
            {"other priorities",
             kPods + cluster_policy("one Admin 4", "", ingress(accept(kFromLab))) +
                 cluster_policy("two Admin 5", "", ingress(deny(kFromAll))),
             {}},
            {"other tiers",
             kPods + cluster_policy("one Admin 5", "", ingress(accept(kFromLab))) +
                 cluster_policy("two Baseline 5", "", ingress(deny(kFromAll))),
             {}},
            {"same action",
             kPods + two("", ingress(deny(kFromLab)), kShop, ingress(deny(kFromAll))),
             {}},
            {"subjects apart among the pods",
             kPods + two(kLab, ingress(accept(kFromAll)), kShop, ingress(deny(kFromAll))),
             {}},
            {"subjects provably apart",
             two(kLab, ingress(accept(kFromAll)), kShop, ingress(deny(kFromAll))),
             {}},
            {"subjects that may meet, yet share no pod given",
             kPods + two("{pods: {podSelector: {matchLabels: {app: web}}}}",
                         ingress(accept(kFromAll)),
                         "{pods: {podSelector: {matchLabels: {tier: front}}}}",
                         ingress(deny(kFromAll))),
             {}},
            {"subjects that may meet, without pods",
             two("{pods: {podSelector: {matchLabels: {app: web}}}}", ingress(accept(kFromAll)),
                 "{pods: {podSelector: {matchLabels: {tier: front}}}}", ingress(deny(kFromAll))),
             kTie},
            {"other directions",
             kPods + two("", ingress(accept(kFromAll)), "",
                         "egress: [" + deny("to: [{namespaces: {}}]") + "]"),
             {}},
            {"other peers",
             kPods + two("", ingress(accept(kFromLab)), "",
                         ingress(deny("from: [{namespaces: {matchLabels: {team: a}}}]"))),
             {}},
            {"other ports",
             kPods + two("", ingress(accept(kFromAll + kPort)), "",
                         ingress(deny(kFromAll +
                                      ", protocols: [{tcp: {destinationPort: {number: 81}}}, "
                                      "{udp: {destinationPort: {number: 80}}}]"))),
             {}},
            {"a port within a range",
             kPods + two("", ingress(accept(kFromAll + kPort)), "",
                         ingress(deny(kFromAll + ", protocols: [{tcp: {destinationPort: {range: "
                                                 "{start: 1, end: 80}}}}]"))),
             kTie},
            {"a port by its name",
             kPods + two("", ingress(accept(kFromAll + kPort)), "",
                         ingress(deny(kFromAll + ", protocols: [{destinationNamedPort: http}]"))),
             kTie},
            {"rules overlap, but what both say first is the same",
             kPods + two("", ingress(accept(kFromLab) + ", " + deny(kFromAll)), kShop,
                         ingress(accept(kFromLab) + ", " + deny(kFromAll))),
             {}},
        });
}

BOOST_AUTO_TEST_CASE(a_tie_that_is_decided_before_is_none) {
    const std::string tie =
        two("", ingress(accept(kFromAll)), "", ingress(deny(kFromAll)), "Baseline 5");
    const std::string isolate = network_policy("shop/all", "podSelector: {}") +
                                network_policy("lab/all", "podSelector: {}");
    check_all(
        "priority-tie",
        {
            {"Baseline alone", kPods + tie, kTie},
            {"NetworkPolicies are final", kPods + isolate + tie, {}},
            {"for one direction only",
             kPods + tie + network_policy("shop/all", "podSelector: {}, policyTypes: [Egress]") +
                 network_policy("lab/all", "podSelector: {}, policyTypes: [Egress]"),
             kTie},
            {"an Admin policy accepts it all",
             kPods + tie + cluster_policy("zero Admin 0", "", ingress(accept(kFromAll))),
             {}},
            {"an Admin policy passes it on",
             kPods + tie +
                 cluster_policy("zero Admin 0", "", ingress("{action: Pass, " + kFromAll + "}")),
             kTie},
            {"an earlier policy of the tier decides",
             kPods + tie + cluster_policy("zero Baseline 0", "", ingress(accept(kFromAll))),
             {}},
        });
}

BOOST_AUTO_TEST_CASE(a_pod_is_not_its_own_peer_and_families_do_not_mix) {
    const std::string alone = space("shop team=a") + pod("shop/web app=web", "10.0.0.1");
    const std::string another = pod("shop/web2 app=web", "10.0.0.2");
    const std::string tie = two("", ingress(accept(kFromAll)), "", ingress(deny(kFromAll)));
    const std::string six = two("", "egress: [" + accept("to: [{networks: [\"::/0\"]}]") + "]", "",
                                "egress: [" + deny("to: [{networks: [\"2001:db8::/32\"]}]") + "]");
    check_all("priority-tie", {{"alone", alone + tie, {}},
                               {"two alike", alone + another + tie, kTie},
                               {"IPv6 from pods without", alone + six, {}},
                               {"IPv6 from pods with it", kPods + six, kTie}});
}

BOOST_AUTO_TEST_CASE(networks_overlap_but_for_what_is_left_out) {
    const auto egress = [](const std::string& rule) { return "egress: [" + rule + "]"; };
    check_all("priority-tie",
              {
                  {"nested blocks",
                   kPods + two("", egress(accept("to: [{networks: [10.0.0.0/8]}]")), "",
                               egress(deny("to: [{networks: [10.9.0.0/16]}]"))),
                   kTie},
                  {"blocks apart",
                   kPods + two("", egress(accept("to: [{networks: [10.0.0.0/8]}]")), "",
                               egress(deny("to: [{networks: [11.0.0.0/8]}]"))),
                   {}},
                  {"a pod in a block",
                   kPods + two("", egress(accept("to: [{networks: [10.0.1.0/24]}]")), "",
                               egress(deny("to: [{namespaces: {}}]"))),
                   kTie},
                  {"a pod in an IPv6 block",
                   kPods + two("", egress(accept("to: [{networks: [\"fd00::2/127\"]}]")), "",
                               egress(deny("to: [{namespaces: {}}]"))),
                   kTie},
                  {"no pod in an IPv6 block",
                   kPods + two("", egress(accept("to: [{networks: [\"fd00:1::/32\"]}]")), "",
                               egress(deny("to: [{namespaces: {}}]"))),
                   {}},
                  {"pods in a block, and others in the set",
                   kPods + two("", egress(accept("to: [{networks: [10.0.1.0/24]}]")), "",
                               egress(deny("to: [{namespaces: {matchLabels: {team: a}}}]"))),
                   {}},
                  {"no pod in the block",
                   kPods + two("", egress(accept("to: [{networks: [10.7.0.0/24]}]")), "",
                               egress(deny("to: [{namespaces: {}}]"))),
                   {}},
              });
}

BOOST_AUTO_TEST_CASE(an_address_may_be_one_of_a_domain_name) {
    const auto names = [](const std::string& list) {
        return "egress: [" + accept("to: [{domainNames: [" + list + "]}]") + "]";
    };
    const auto denying = [](const std::string& peer) {
        return "egress: [" + deny("to: [" + peer + "]") + "]";
    };
    const std::string wild = names("\"*.example.com\"");
    const std::string all = denying("{networks: [0.0.0.0/0, \"::/0\"]}");
    const std::string pass = "egress: [{action: Pass, to: [{domainNames: [www.example.com]}]}]";
    for (const std::string& pods : {std::string(), kPods}) {
        check_all(
            "priority-tie",
            {{"some block", pods + two("", wild, "", all), kTie},
             {"the other way round", pods + two("", all, "", wild), kTie},
             {"no wildcard", pods + two("", names("example.com"), "", all), kTie},
             {"pods have none", pods + two("", wild, "", denying("{namespaces: {}}")), {}},
             {"other ports",
              pods + two("", "egress: [" + accept("to: [{domainNames: [a.org]}]" + kPort) + "]", "",
                         "egress: [" +
                             deny("to: [{networks: [0.0.0.0/0]}], protocols: [{tcp: "
                                  "{destinationPort: {number: 81}}}]") +
                             "]"),
              {}},
             {"other priorities",
              pods + cluster_policy("one Admin 4", "", wild) +
                  cluster_policy("two Admin 5", "", all),
              {}},
             {"decided before by name",
              pods + cluster_policy("zero Admin 1", "", wild) + two("", wild, "", all),
              {}},
             {"decided before, but another name",
              pods + cluster_policy("zero Admin 1", "", names("\"*.example.org\"")) +
                  two("", wild, "", all),
              kTie},
             {"decided before by address",
              pods + cluster_policy("zero Admin 1", "", all) + two("", wild, "", all),
              {}}});
    }
}

BOOST_AUTO_TEST_CASE(nodes_are_made_up_where_none_are_given) {
    const auto nodes = [](const std::string& action, const std::string& labels) {
        return "egress: [{action: " + action + ", to: [{nodes: {" + labels + "}}]}]";
    };
    const std::string any = nodes("Accept", "");
    const std::string edge = nodes("Accept", "matchLabels: {role: edge}");
    const std::string core = nodes("Deny", "matchLabels: {role: core}");
    const std::string all = "egress: [" + deny("to: [{networks: [0.0.0.0/0, \"::/0\"]}]") + "]";
    const std::string given = node("n1 role=core", "172.16.0.1");
    check_all("priority-tie",
              {{"in a block", kPods + two("", any, "", all), kTie},
               {"of labels", kPods + two("", edge, "", all), kTie},
               {"of both labels", kPods + two("", any, "", core), kTie},
               {"of labels apart", kPods + two("", edge, "", core), {}},
               {"of a contradiction",
                kPods + two("",
                            nodes("Accept",
                                  "matchLabels: {a: b}, matchExpressions: [{key: a, "
                                  "operator: DoesNotExist}]"),
                            "", all),
                {}},
               {"without pods", two("", all, "", any), kTie},
               {"nodes given, and none of these", kPods + given + two("", edge, "", all), {}},
               {"nodes given", kPods + given + two("", any, "", all), kTie},
               {"pods are none",
                kPods + two("", any, "", "egress: [" + deny("to: [{namespaces: {}}]") + "]"),
                {}}});
}

BOOST_AUTO_TEST_CASE(accept_and_pass_are_the_same_in_the_last_tier_only) {
    const auto rules = [](const std::string& action) {
        return "ingress: [{action: " + action + ", from: [{namespaces: {}}]}]";
    };
    const auto both = [&](const std::string& one, const std::string& other, const char* heads) {
        return kPods + two("", rules(one), "", rules(other), heads);
    };
    check_all("priority-tie", {{"Baseline", both("Accept", "Pass", "Baseline 5"), {}},
                               {"Baseline, turned round", both("Pass", "Accept", "Baseline 5"), {}},
                               {"Pass and Deny", both("Pass", "Deny", "Baseline 5"), kTie},
                               {"Accept and Deny", both("Accept", "Deny", "Baseline 5"), kTie},
                               {"Admin", both("Accept", "Pass", "Admin 5"), kTie}});
}

BOOST_AUTO_TEST_CASE(audited_policies_tie_by_what_they_accept_and_never_by_what_they_deny) {
    const auto one = [](const std::string& action, const std::string& head) {
        return cluster_policy(head, "",
                              "ingress: [{action: " + action + ", from: [{namespaces: {}}]}]");
    };
    const std::string tie = kPods + one("Accept", "one Admin 5") + one("Deny", "two Admin 5");
    const std::string base =
        kPods + one("Accept", "one Baseline 5") + one("Deny", "two Baseline 5");
    const std::string open = network_policy("shop/open", "podSelector: {}, ingress: [{}]") +
                             network_policy("lab/open", "podSelector: {}, ingress: [{}]");
    const auto open_but_audited = [](const std::string& spec) {
        return audited(network_policy("shop/open", spec)) +
               audited(network_policy("lab/open", spec));
    };
    check_all(
        "priority-tie",
        {{"denies", kPods + one("Accept", "one Admin 5") + audited(one("Deny", "two Admin 5")), {}},
         {"accepts", kPods + audited(one("Accept", "one Admin 5")) + one("Deny", "two Admin 5"),
          kTie},
         {"accepts before", tie + audited(one("Accept", "zero Admin 1")), {}},
         {"denies before", tie + audited(one("Deny", "zero Admin 1")), kTie},
         {"passes before", tie + audited(one("Pass", "zero Admin 1")), {}},
         {"isolated", base + open, {}},
         {"allowed by an audited policy",
          base + open_but_audited("podSelector: {}, ingress: [{}]"),
          {}},
         {"not isolated by an audited policy",
          base + open_but_audited("podSelector: {}, ingress: [{ports: [{port: 9, protocol: "
                                  "SCTP}]}]"),
          kTie}});
}
