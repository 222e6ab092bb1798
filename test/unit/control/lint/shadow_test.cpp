// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/lint/scenario.hpp"

using namespace tierwall::lint;

namespace {

std::string rule(const std::string& action, const std::string& more) {
    return "{action: " + action + ", " + more + "}";
}
std::string to(const std::string& peers, const std::string& ports = "") {
    return "to: [" + peers + "]" + (ports.empty() ? "" : ", protocols: [" + ports + "]");
}
std::string tcp(int first, int last) {
    return "{tcp: {destinationPort: " +
           (first == last ? "{number: " + std::to_string(first) + "}"
                          : "{range: {start: " + std::to_string(first) +
                                ", end: " + std::to_string(last) + "}}") +
           "}}";
}
std::string egress(const std::string& rules) { return "egress: [" + rules + "]"; }
/// One policy with two rules.
std::string rules(const std::string& one, const std::string& two) {
    return cluster_policy("guard Admin 5", "",
                          egress(rule("Deny", one) + ", " + rule("Accept", two)));
}

const std::string kAll = "{namespaces: {}}";
const std::string kTeam = "{namespaces: {matchLabels: {team: a}}}";
const std::string kWeb = "{pods: {podSelector: {matchLabels: {app: web}}}}";
const std::string kTeamWeb =
    "{pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: web}}}}";
const std::string kByName = "{namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}";
const Lines kSecond{"ClusterNetworkPolicy/guard spec.egress[1]"};
const Lines kLater{"ClusterNetworkPolicy/later spec.egress[0]"};

std::string earlier(const std::string& head, const std::string& subject, const std::string& peers) {
    return cluster_policy("early " + head, subject, egress(rule("Deny", to(peers))));
}
std::string later(const std::string& head, const std::string& subject, const std::string& peers) {
    return cluster_policy("later " + head, subject, egress(rule("Accept", to(peers))));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_rule_is_shadowed_when_rules_before_it_leave_it_nothing) {
    check_all(
        "rule-shadowed",
        {
            {"same", rules(to(kAll), to(kAll)), kSecond},
            {"narrower peers", rules(to(kAll), to(kTeamWeb)), kSecond},
            {"by label of pods", rules(to(kWeb), to(kTeamWeb)), kSecond},
            {"by label of namespaces", rules(to(kTeam), to(kTeamWeb)), kSecond},
            {"wider peers: an exception and its rule", rules(to(kTeam), to(kAll)), {}},
            {"other labels", rules(to(kTeam), to(kWeb)), {}},
            {"narrower ports", rules(to(kAll, tcp(1, 100)), to(kAll, tcp(80, 80))), kSecond},
            {"wider ports", rules(to(kAll, tcp(80, 80)), to(kAll, tcp(1, 100))), {}},
            {"every protocol", rules(to(kAll, tcp(1, 65535)), to(kAll)), {}},
            {"ranges together",
             rules(to(kAll, tcp(1, 50) + ", " + tcp(51, 100)), to(kAll, tcp(50, 51))), kSecond},
            {"ranges with a gap",
             rules(to(kAll, tcp(1, 50) + ", " + tcp(52, 100)), to(kAll, tcp(50, 52))),
             {}},
            {"other protocol",
             rules(to(kAll, tcp(80, 80)), to(kAll, "{udp: {destinationPort: {number: 80}}}")),
             {}},
            {"a named port",
             rules(to(kAll, "{destinationNamedPort: http}"),
                   to(kWeb, "{destinationNamedPort: http}")),
             kSecond},
            {"a number is not a name",
             rules(to(kAll, tcp(80, 80)), to(kAll, "{destinationNamedPort: http}")),
             {}},
            {"blocks", rules(to("{networks: [10.0.0.0/8]}"), to("{networks: [10.1.0.0/16]}")),
             kSecond},
            {"wider blocks",
             rules(to("{networks: [10.1.0.0/16]}"), to("{networks: [10.0.0.0/8]}")),
             {}},
            {"one block of two",
             rules(to("{networks: [10.0.0.0/8]}"), to("{networks: [10.1.0.0/16, 11.0.0.0/8]}")),
             {}},
            {"all addresses, pods too", rules(to("{networks: [0.0.0.0/0, \"::/0\"]}"), to(kWeb)),
             kSecond},
            {"one family leaves the other", rules(to("{networks: [0.0.0.0/0]}"), to(kWeb)), {}},
            {"nodes", rules(to("{nodes: {}}"), to("{nodes: {matchLabels: {a: b}}}")), kSecond},
            {"pods are no nodes", rules(to(kAll), to("{nodes: {}}")), {}},
            {"domain names",
             rules(to("{networks: [0.0.0.0/0, \"::/0\"]}"), to("{domainNames: [a.io]}")), kSecond},
            {"the last of many peers is left", rules(to(kTeam), to(kTeamWeb + ", " + kWeb)), {}},
        });
}

BOOST_AUTO_TEST_CASE(policies_that_are_asked_before_shadow_when_they_hold_the_subject) {
    check_all(
        "rule-shadowed",
        {
            {"lower number", earlier("Admin 1", "", kAll) + later("Admin 2", "", kAll), kLater},
            {"higher number",
             earlier("Admin 3", "", kAll) + later("Admin 2", "", kAll),
             {"ClusterNetworkPolicy/early spec.egress[0]"}},
            {"same number is a tie", earlier("Admin 2", "", kAll) + later("Admin 2", "", kAll), {}},
            {"other tier", earlier("Admin 1", "", kAll) + later("Baseline 2", "", kAll), {}},
            {"narrower subject", earlier("Admin 1", "", kAll) + later("Admin 2", kTeam, kAll),
             kLater},
            {"wider subject", earlier("Admin 1", kTeam, kAll) + later("Admin 2", "", kAll), {}},
            {"other direction",
             cluster_policy("early Admin 1", "",
                            "ingress: [" + rule("Deny", "from: [" + kAll + "]") + "]") +
                 later("Admin 2", "", kAll),
             {}},
            {"a namespace by name, of known labels",
             space("shop team=a") + earlier("Admin 1", kTeam, kAll) +
                 later("Admin 2", kByName, kAll),
             kLater},
            {"a namespace by name, of other labels",
             space("shop team=b") + earlier("Admin 1", kTeam, kAll) +
                 later("Admin 2", kByName, kAll),
             {}},
            {"a namespace by name, of unknown labels",
             earlier("Admin 1", kTeam, kAll) + later("Admin 2", kByName, kAll),
             {}},
            {"two policies together",
             cluster_policy("a Admin 1", "", egress(rule("Deny", to(kAll, tcp(1, 79))))) +
                 cluster_policy("b Admin 2", "", egress(rule("Pass", to(kAll, tcp(80, 90))))) +
                 cluster_policy("later Admin 3", kTeam,
                                egress(rule("Accept", to(kWeb, tcp(70, 85))))),
             kLater},
        });
}

BOOST_AUTO_TEST_CASE(pods_given_tell_whether_blocks_hold_them) {
    const std::string four = space("shop team=a") + pod("shop/web app=web", "10.0.0.1");
    const std::string both = space("shop team=a") + pod("shop/web app=web", "10.0.0.1, fd00::1");
    const std::string block = rules(to("{networks: [10.0.0.0/8]}"), to(kWeb));
    const std::string all_of_four = rules(to("{networks: [0.0.0.0/0]}"), to(kAll));
    check_all(
        "rule-shadowed",
        {{"all have IPv4 only", four + all_of_four, kSecond},
         {"some have IPv6", both + all_of_four, {}},
         {"their addresses are in the block", four + block, kSecond},
         {"not all are", four + pod("shop/web2 app=web", "11.0.0.1") + block, {}},
         {"there are none of them", space("shop") + pod("shop/db app=db", "10.0.0.2") + block, {}},
         {"coincidence of labels",
          four + pod("shop/web2 app=web tier=front", "10.0.0.3") +
              rules(to("{pods: {podSelector: {matchLabels: {tier: front}}}}"), to(kAll)),
          {}}});
}

BOOST_AUTO_TEST_CASE(rules_of_a_network_policy_are_of_no_use_beside_a_wider_one_of_the_same) {
    const auto policy = [](const std::string& list) {
        return network_policy("shop/web", "podSelector: {}, ingress: [" + list + "]");
    };
    const std::string web = "{from: [{podSelector: {matchLabels: {app: web}}}]}";
    const std::string port =
        "{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}";
    const Lines first{"NetworkPolicy/shop/web spec.ingress[0]"};
    const Lines second{"NetworkPolicy/shop/web spec.ingress[1]"};
    check_all("rule-shadowed",
              {{"after", policy("{}, " + web), second},
               {"before", policy(port + ", " + web), first},
               {"equal", policy(web + ", " + web), second},
               {"apart", policy(port + ", {from: [{podSelector: {}}], ports: [{port: 81}]}"), {}},
               {"blocks with holes",
                policy("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}, "
                       "{from: [{ipBlock: {cidr: 10.1.2.0/24}}]}"),
                {}},
               {"blocks beside the hole",
                policy("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}, "
                       "{from: [{ipBlock: {cidr: 10.2.0.0/16}}]}"),
                second},
               {"another policy may say it again",
                policy(web) + network_policy("shop/all", "podSelector: {}, ingress: [{}]"),
                {}}});
}

BOOST_AUTO_TEST_CASE(rules_that_have_a_part_of_the_ports_each_shadow_together) {
    const auto three = [](const std::string& one, const std::string& two, const std::string& last) {
        return cluster_policy(
            "guard Admin 5", "",
            egress(rule("Deny", one) + ", " + rule("Deny", two) + ", " + rule("Accept", last)));
    };
    const Lines third{"ClusterNetworkPolicy/guard spec.egress[2]"};
    check_all(
        "rule-shadowed",
        {{"halves", three(to(kAll, tcp(1, 100)), to(kAll, tcp(101, 200)), to(kAll, tcp(1, 200))),
          third},
         {"halves the other way round",
          three(to(kAll, tcp(101, 200)), to(kAll, tcp(1, 100)), to(kAll, tcp(1, 200))), third},
         {"with a gap",
          three(to(kAll, tcp(1, 99)), to(kAll, tcp(101, 200)), to(kAll, tcp(1, 200))),
          {}},
         {"of wider peers",
          three(to(kAll, tcp(1, 100)), to(kTeam, tcp(101, 200)), to(kTeamWeb, tcp(1, 200))), third},
         {"of narrower peers",
          three(to(kTeamWeb, tcp(1, 100)), to(kAll, tcp(101, 200)), to(kTeam, tcp(1, 200))),
          {}},
         {"of blocks",
          three(to("{networks: [10.0.0.0/8]}", tcp(1, 100)),
                to("{networks: [10.0.0.0/9]}", tcp(101, 200)),
                to("{networks: [10.1.0.0/16]}", tcp(1, 200))),
          third},
         {"of a block for one half only",
          three(to("{networks: [10.0.0.0/8]}", tcp(1, 100)),
                to("{networks: [10.0.0.0/9]}", tcp(101, 200)),
                to("{networks: [10.128.0.0/9]}", tcp(1, 200))),
          {}}});
}

BOOST_AUTO_TEST_CASE(rules_that_have_a_part_of_a_block_each_shadow_together) {
    const auto shadowed = [](const std::vector<std::string>& blocks, const std::string& last) {
        std::string list;
        for (const std::string& each : blocks)
            list += rule("Deny", to("{networks: [" + each + "]}")) + ", ";
        return cluster_policy("guard Admin 5", "",
                              egress(list + rule("Accept", to("{networks: [" + last + "]}"))));
    };
    const Lines second{"ClusterNetworkPolicy/guard spec.egress[2]"};
    check_all(
        "rule-shadowed",
        {{"halves", shadowed({"10.0.0.0/9", "10.128.0.0/9"}, "10.0.0.0/8"), second},
         {"halves of one half",
          shadowed({"10.0.0.0/9", "10.128.0.0/10, 10.192.0.0/10"}, "10.0.0.0/8"), second},
         {"in one rule",
          shadowed({"10.0.0.0/9, 10.128.0.0/9", "11.0.0.0/8"}, "10.0.0.0/8, 11.2.0.0/16"), second},
         {"with a gap of one address",
          shadowed({"10.0.0.0/31, 10.0.0.2/32", "10.0.0.4/30"}, "10.0.0.0/29"),
          {}},
         {"to the last address",
          shadowed({"10.0.0.0/31, 10.0.0.2/31", "10.0.0.4/30"}, "10.0.0.0/29"), second},
         {"all of a family", shadowed({"0.0.0.0/1", "128.0.0.0/1"}, "0.0.0.0/0"), second},
         {"not of the other", shadowed({"0.0.0.0/1", "128.0.0.0/1"}, "\"::/0\""), {}},
         {"IPv6", shadowed({"\"::/1\"", "\"8000::/1\""}, "\"::/0\""), second},
         {"IPv6, smallest",
          shadowed({"\"2001:db8::/128\"", "\"2001:db8::1/128\""}, "\"2001:db8::/127\""), second}});
    const auto allow = [](const std::string& list) {
        return network_policy("shop/web", "podSelector: {}, ingress: [" + list + "]");
    };
    const auto block = [](const std::string& cidr, const std::string& more = "") {
        return "{from: [{ipBlock: {cidr: " + cidr + more + "}}]}";
    };
    check_all(
        "rule-shadowed",
        {{"a hole and what fills it",
          allow(block("10.0.0.0/8") + ", " + block("10.0.0.0/8", ", except: [10.1.0.0/16]") + ", " +
                block("10.1.0.0/16")),
          // Each of the last two alone is of no use beside the first.
          {"NetworkPolicy/shop/web spec.ingress[1]", "NetworkPolicy/shop/web spec.ingress[2]"}},
         {"what two say together",
          allow(block("10.0.0.0/8", ", except: [10.1.0.0/16]") + ", " + block("10.1.0.0/16") +
                ", " + block("10.0.0.0/15")),
          {"NetworkPolicy/shop/web spec.ingress[2]"}},
         {"a hole that is filled in part",
          allow(block("10.0.0.0/8", ", except: [10.1.0.0/16]") + ", " + block("10.1.0.0/17") +
                ", " + block("10.0.0.0/15")),
          // It is the one that the last holds.
          {"NetworkPolicy/shop/web spec.ingress[1]"}},
         {"holes of its own need nobody",
          allow(block("10.0.0.0/14", ", except: [10.1.0.0/16]") + ", " +
                block("10.0.0.0/15", ", except: [10.1.0.0/16]") + ", " + block("10.2.0.0/15")),
          // The first is what the other two are together.
          {"NetworkPolicy/shop/web spec.ingress[1]", "NetworkPolicy/shop/web spec.ingress[2]"}}});
}

BOOST_AUTO_TEST_CASE(whoever_covers_a_rule_alone_is_named_alone) {
    const auto findings = warnings(
        contents(cluster_policy("guard Admin 5", "",
                                egress(rule("Deny", to(kTeam)) + ", " + rule("Pass", to(kAll)) +
                                       ", " + rule("Accept", to(kTeamWeb))))));
    BOOST_REQUIRE(findings.size() == 1u);
    const std::string& message = findings.front().problem.message;
    const std::size_t name = message.find("matched before by spec.egress[");
    BOOST_TEST(name != std::string::npos, message);
    BOOST_TEST(name == message.rfind("matched before by spec.egress["), message);
    BOOST_TEST(message.find(", spec.egress[") == std::string::npos, message);
}
