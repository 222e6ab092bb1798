// SPDX-License-Identifier: Apache-2.0
// Limits at their edges, and that what they leave out is told of.
#include "test/unit/control/lint/hostile.hpp"

#include <algorithm>

using namespace tierwall::lint;
using namespace tierwall::lint::hostile;

namespace {

using Texts = std::vector<std::string>;
using Said = std::multiset<std::string>;

const std::string kFromAll = "'from':[{'namespaces':{}}]";

/// "Kind/name field" of each finding of a kind.
Said found(const Report& report, const std::string& rule) {
    Said lines;
    for (const Finding& each : report.findings) {
        if (each.rule == rule) lines.insert(each.problem.object + " " + each.problem.field);
    }
    return lines;
}
std::string guard(const std::string& name, int priority, const std::string& rule) {
    return cluster_policy(name, "Admin", priority, kAllPods + ",'ingress':[{" + rule + "}]");
}
/// Policies of one priority: the first accepts, the others deny.
Texts tied(int count, bool with_pods) {
    Texts all;
    if (with_pods) all = {space("a", "a"), pod(1, "'l':'p'"), pod(2, "'l':'q'")};
    for (int i = 0; i < count; ++i) {
        const std::string action = i == 0 ? "Accept" : "Deny";
        all.push_back(guard("c" + n(1000 + i), 5, "'action':'" + action + "'," + kFromAll));
    }
    return all;
}
std::string web_rule(const std::string& port) {
    return "{'from':[{'podSelector':" + label("app", "web") + "}],'ports':[{'port':" + port + "}]}";
}
std::string policy_of(const std::string& name, int rules) {
    return policy_of_spec(name, "'podSelector':{},'ingress':[" +
                                    list(rules, [](int) { return web_rule("80"); }) + "]");
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_found_before_a_check_gives_up_stays_and_the_rest_is_told_of) {
    const Texts one{policy_of("n1", 2)};
    const Texts both{policy_of("n1", 2), policy_of("n2", 2)};
    const Effort no_limit{1u << 30, 0};
    const auto steps = [](const Report& report) { return report.taken.at(2).steps; };
    const Report first = report(objects(one), no_limit);
    BOOST_REQUIRE(first.taken.at(2).check == std::string("rule-shadowed"));
    const Report full = report(objects(both), no_limit);
    BOOST_TEST(found(full, "rule-shadowed") == (Said{"NetworkPolicy/a/n1 spec.ingress[1]",
                                                     "NetworkPolicy/a/n2 spec.ingress[1]"}),
               boost::test_tools::per_element());
    for (std::uint64_t allowed = steps(first); allowed < steps(full); ++allowed) {
        const Report some = report(objects(both), Effort{allowed, 0});
        BOOST_TEST(found(some, "rule-shadowed") == (Said{"NetworkPolicy/a/n1 spec.ingress[1]"}),
                   boost::test_tools::per_element());
        BOOST_TEST(given_up(some).contains("rule-shadowed NetworkPolicy/a/n2"));
        BOOST_TEST(found(some, "not-fully-checked").contains("NetworkPolicy/a/n2 <root>"));
    }
    const Report least = report(objects(both), Effort{0, 0});
    BOOST_TEST(found(least, "rule-shadowed").empty());
    // All eight, and each once.
    BOOST_TEST(found(least, "not-fully-checked").size() == 8u);
    BOOST_TEST(found(least, "not-fully-checked").count("NetworkPolicy/a/n1 <root>") == 8u);
    for (const Finding& each : least.findings) {
        BOOST_TEST(each.problem.path == "f.json");
        BOOST_TEST(each.problem.line > 0u);
        BOOST_TEST(!tierwall::kube::is_error(each.problem));
    }
}

BOOST_AUTO_TEST_CASE(without_policies_there_is_nothing_to_give_up) {
    BOOST_TEST(report(objects(pods(20)), Effort{0, 0}).findings.empty());
    BOOST_TEST(report({}, Effort{0, 0}).findings.empty());
}

BOOST_AUTO_TEST_CASE(a_policy_is_compared_with_64_others_of_its_priority_and_more_are_told_of) {
    for (const bool with_pods : {false, true}) {
        const Report at = report(objects(tied(65, with_pods)), Effort{});
        BOOST_TEST(found(at, "priority-tie").size() == 64u);
        BOOST_TEST(given_up(at).empty());
        const Report over = report(objects(tied(67, with_pods)), Effort{});
        BOOST_TEST(found(over, "priority-tie").size() == 64u);
        BOOST_TEST(given_up(over) == (Said{"priority-tie ClusterNetworkPolicy/c1065"}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(of_two_policies_16_kinds_of_pods_are_looked_at) {
    const auto with_others = [](int others) {
        // Only the last pod has a port by that name.
        Texts all{space("a", "a"), pod(999, "'l':'z'", "{'name':'http','containerPort':80}")};
        for (int i = 0; i < others; ++i) all.push_back(pod(100 + i, "'l':'p" + n(i) + "'"));
        all.push_back(guard(
            "one", 5,
            "'action':'Accept'," + kFromAll + ",'protocols':[{'destinationNamedPort':'http'}]"));
        all.push_back(guard("two", 5,
                            "'action':'Deny'," + kFromAll +
                                ",'protocols':[{'tcp':{'destinationPort':{'number':80}}}]"));
        return found(report(objects(all), Effort{}), "priority-tie").size();
    };
    BOOST_TEST(with_others(15) == 1u);
    BOOST_TEST(with_others(16) == 0u);
}

BOOST_AUTO_TEST_CASE(of_two_rules_64_peers_are_tried) {
    const auto with_others = [](int others) {
        // About all but the last pod an earlier policy decides.
        Texts all{space("a", "a"), pod(999, "'l':'z'")};
        for (int i = 0; i < others; ++i) {
            all.push_back(pod(100 + i, "'l':'p" + n(i) + "','x':'y'"));
        }
        all.push_back(guard("zero", 0,
                            "'action':'Accept','from':[{'pods':{'namespaceSelector':{},"
                            "'podSelector':" +
                                label("x", "y") + "}}]"));
        all.push_back(guard("one", 5, "'action':'Accept'," + kFromAll));
        all.push_back(guard("two", 5, "'action':'Deny'," + kFromAll));
        return found(report(objects(all), Effort{}), "priority-tie").size();
    };
    BOOST_TEST(with_others(63) == 1u);
    BOOST_TEST(with_others(64) == 0u);
}

BOOST_AUTO_TEST_CASE(a_rule_behind_thousands_is_compared_with_all_of_them) {
    const auto rule = [](int i) { return web_rule(n(1 + i % 2500)); };
    const Report unordered = report(
        objects({policy_of_spec("x", "'podSelector':{},'ingress':[" + list(2501, rule) + "]")}),
        Effort{});
    BOOST_TEST(found(unordered, "rule-shadowed") == (Said{"NetworkPolicy/a/x spec.ingress[2500]"}),
               boost::test_tools::per_element());
    Texts all;
    for (int p = 0; p < 150; ++p) {
        const auto port = [p](int i) {
            return "{'action':'Deny'," + kFromAll +
                   ",'protocols':[{'tcp':{'destinationPort':"
                   "{'number':" +
                   n(1 + (p == 149 && i == 24 ? 0 : p * 25 + i)) + "}}}]}";
        };
        all.push_back(cluster_policy("c" + n(p), "Admin", p,
                                     kAllPods + ",'ingress':[" + list(25, port) + "]"));
    }
    const Report in_order = report(objects(all), Effort{});
    BOOST_TEST(
        found(in_order, "rule-shadowed") == (Said{"ClusterNetworkPolicy/c149 spec.ingress[24]"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ten_thousand_pods_and_a_thousand_policies_are_far_from_any_limit) {
    Texts all;
    for (int s = 0; s < 100; ++s) {
        const std::string name = "s" + n(s);
        all.push_back(space(name, "team" + n(s % 10)));
        for (int i = 0; i < 100; ++i) {
            // A fifth of them have a name of their own among their labels.
            const std::string own = i % 5 == 0 ? ",'pod':'p" + n(i) + "'" : "";
            all.push_back(pod(s * 100 + i, "'app':'a" + n(i % 20) + "'" + own,
                              "{'name':'http','containerPort':8080}", name));
        }
        for (int i = 0; i < 9; ++i) {
            const auto peer = [i](int j) {
                return "{'podSelector':" + label("app", "a" + n((i + j) % 20)) +
                       "},"
                       "{'namespaceSelector':" +
                       label("t", "team" + n(j)) +
                       "},"
                       "{'ipBlock':{'cidr':'10." +
                       n(j) + ".0.0/16'}}";
            };
            const auto rule = [&peer](int) {
                return "{'from':[" + list(3, peer) + "],'ports':[{'port':'http'},{'port':443}]}";
            };
            std::string text = policy_of_spec(
                "n" + n(i), "'podSelector':" + (i == 0 ? "{}" : label("app", "a" + n(i))) +
                                ",'ingress':[" + list(3, rule) + "]");
            text.replace(text.find("\"a\""), 3, "\"" + name + "\"");
            all.push_back(text);
        }
    }
    for (int p = 0; p < 100; ++p) {
        const auto rule = [p](int i) {
            return "{'action':'" + std::string(i % 2 == 0 ? "Accept" : "Deny") +
                   "','to':[{'namespaces':" + label("t", "team" + n(p % 10)) +
                   "},{'networks':['10." + n(p) + "." + n(i) + ".0/24']}]}";
        };
        all.push_back(cluster_policy("c" + n(p), p % 5 == 0 ? "Baseline" : "Admin", p % 20,
                                     kAllPods + ",'egress':[" + list(20, rule) + "]"));
    }
    const Report done = report(objects(all), Effort{});
    BOOST_TEST(given_up(done).empty());
    for (const Taken& each : done.taken) {
        BOOST_TEST_MESSAGE(each.check << ": " << each.steps << " of " << each.allowed << " steps");
        BOOST_TEST(each.steps < each.allowed / 4);
    }
}
