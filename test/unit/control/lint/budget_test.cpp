// SPDX-License-Identifier: Apache-2.0
// What hostile manifests may cost, in steps: nothing here looks at a clock.
#include "test/unit/control/lint/hostile.hpp"

#include <algorithm>
#include <set>

namespace tierwall::lint::hostile {
namespace {

using Texts = std::vector<std::string>;

const Effort kNoLimit{std::uint64_t{1} << 62, 0};

Texts many_rules(int size) {
    const auto rule = [](int i) {
        return "{'from':[{'podSelector':" + label("app", "a" + n(i)) + "}]}";
    };
    return {policy_of_spec("x", "'podSelector':{},'ingress':[" + list(size, rule) + "]")};
}
Texts many_peers(int size) {
    Texts all;
    for (int p = 0; p < size / 10; ++p) {
        const auto rule = [p](int i) {
            return "{'action':'Accept','from':[" +
                   list(25,
                        [p, i](int j) {
                            return "{'namespaces':" + label("k", n(p) + "-" + n(i) + "-" + n(j)) +
                                   "}";
                        }) +
                   "]}";
        };
        all.push_back(cluster_policy("c" + n(p), "Admin", p % 1000,
                                     kAllPods + ",'ingress':[" + list(25, rule) + "]"));
    }
    return all;
}
/// The same blocks in every policy, but for the last one of each rule.
Texts many_blocks(int size) {
    Texts all;
    for (int p = 0; p < size / 25; ++p) {
        const auto rule = [p](int i) {
            return "{'action':'Deny','to':[" +
                   list(25,
                        [p, i](int j) {
                            return "{'networks':[" +
                                   list(25,
                                        [p, i, j](int k) {
                                            const bool last = j == 24 && k == 24;
                                            const std::string own =
                                                "'11." + n(p) + "." + n(i) + ".0/32'";
                                            return last ? own
                                                        : "'10." + n(i) + "." + n(j) + "." + n(k) +
                                                              "/32'";
                                        }) +
                                   "]}";
                        }) +
                   "]}";
        };
        all.push_back(cluster_policy("c" + n(p), "Admin", p % 1000,
                                     kAllPods + ",'egress':[" + list(25, rule) + "]"));
    }
    return all;
}
Texts sets_of_all_pods(int size) {
    Texts all = pods(size);
    for (int i = 0; i < size; ++i) {
        all.push_back(policy_of_spec("n" + n(i), "'podSelector':" + not_in("l", "z" + n(i))));
    }
    return all;
}
Texts peers_that_overlap(int size) {
    const auto rule = [](int i) {
        return "{'from':[{'podSelector':" + not_in("l", "x" + n(i)) + "}]}";
    };
    return {policy_of_spec("x", "'podSelector':{},'ingress':[" + list(size, rule) + "]")};
}
Texts one_peer_and_many_ports(int size) {
    const auto rule = [](int i) {
        return "{'from':[{'podSelector':{}}],'ports':[" +
               list(9, [i](int j) { return "{'port':" + n((i * 9 + j) * 2 % 65534 + 1) + "}"; }) +
               "]}";
    };
    return {policy_of_spec("x", "'podSelector':{},'ingress':[" + list(size, rule) + "]")};
}
/// All small blocks but the last one of a large one, and the large one again and again.
Texts halves_of_halves(int size) {
    const auto block = [](int i) {
        return "{'ipBlock':{'cidr':'10.0." + n(i >> 8 & 255) + "." + n(i & 255) + "/32'}}";
    };
    const auto rule = [](int i) {
        return "{'to':[{'ipBlock':{'cidr':'10.0.0.0/" + n(8 + i % 16) +
               "'}}],'ports':[{'port':" + n(i + 1) + "}]}";
    };
    return {policy_of_spec("x", "'podSelector':{},'policyTypes':['Egress'],'egress':[{'to':[" +
                                    list(size, block) + "]}," + list(size, rule) + "]")};
}
Texts pods_in_blocks(int size) {
    Texts all{space("a", "a")};
    for (int i = 0; i < size; ++i) all.push_back(pod(i, "'x':'y'"));
    const auto rule = [](int i) {
        return "{'to':[{'podSelector':" + not_in("x", "z" + n(i)) + "}]}";
    };
    all.push_back(policy_of_spec(
        "x",
        "'podSelector':{},'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':{'cidr':'10.0.0.0/"
        "25'}},{'ipBlock':{'cidr':'10.0.0.128/25'}},{'ipBlock':{'cidr':'10.0.1.0/"
        "24'}},{'ipBlock':{'cidr':'10.0.2.0/24'}}],'ports':[{'port':1}]}," +
            list(size, rule) + "]"));
    return all;
}
/// Two actions, the same pods, and a policy before that leaves them nothing to disagree about.
Texts ties(int size) {
    Texts all{
        cluster_policy("zero", "Admin", 0,
                       kAllPods + ",'ingress':[{'action':'Accept','from':[{'namespaces':{}}]}]")};
    for (int p = 0; p < size / 20; ++p) {
        const auto rule = [p](int i) {
            return "{'action':'" + std::string((p + i) % 2 == 0 ? "Accept" : "Deny") +
                   "','from':[" +
                   list(10,
                        [p, i](int j) {
                            return "{'namespaces':" + not_in("l", n(p) + "-" + n(i) + "-" + n(j)) +
                                   "}";
                        }) +
                   "]}";
        };
        all.push_back(cluster_policy("c" + n(p), "Admin", 1,
                                     kAllPods + ",'ingress':[" + list(10, rule) + "]"));
    }
    return all;
}
Texts one_priority(int size) {
    Texts all;
    for (int i = 0; i < size; ++i) {
        all.push_back(cluster_policy(
            "c" + n(i), "Admin", 5,
            "'subject':{'namespaces':" + label("kubernetes.io/metadata.name", "s" + n(i)) +
                "},'ingress':[{'action':'Deny','from':[{'namespaces':{}}]}]"));
    }
    return all;
}
Texts half_of_dns(int size) {
    Texts all;
    for (int i = 0; i < size; ++i) {
        all.push_back(policy_of_spec("n" + n(i),
                                     "'podSelector':" + label("b", "c" + n(i)) +
                                         ",'policyTypes':['Egress'],'egress':[{'ports':[{'port':" +
                                         (i % 2 == 0 ? "53" : "80") + "}]}]"));
    }
    return all;
}
Texts namespaces_that_match_not(int size) {
    Texts all{pod(0, "", "", "s0")};
    for (int i = 0; i < size; ++i) all.push_back(space("s" + n(i), "v" + n(i)));
    const auto peer = [](int i) { return "{'namespaceSelector':" + label("t", "x" + n(i)) + "}"; };
    all.push_back(
        policy_of_spec("x", "'podSelector':{},'ingress':[{'from':[" + list(size, peer) + "]}]"));
    return all;
}
Texts split_peers(int size) {
    Texts all = pods(size);
    const auto peers = [](int i) {
        return "{'from':[{'namespaceSelector':" + label("t", "x" + n(i)) +
               "},{'podSelector':" + label("l", "q" + n(i)) + "}]}";
    };
    all.push_back(policy_of_spec("x", "'podSelector':{},'ingress':[" + list(size, peers) + "]"));
    return all;
}
Texts named_ports(int size) {
    Texts all{space("a", "a")};
    for (int i = 0; i < size; ++i) {
        const bool other = i % 2 == 0;
        all.push_back(pod(i, "'l':'" + std::string(other ? "o" : "p") + "','m':'p" + n(i) + "'",
                          other ? "{'name':'http','containerPort':80}" : ""));
    }
    const auto rule = [](int) {
        return "{'to':[{'podSelector':" + label("l", "p") + "}],'ports':[{'port':'http'}]}";
    };
    all.push_back(policy_of_spec(
        "x", "'podSelector':{},'policyTypes':['Egress'],'egress':[" + list(size, rule) + "]"));
    return all;
}
Texts baselines(int size) {
    Texts all = pods(size);
    all.push_back(policy_of_spec("x", "'podSelector':{}"));
    for (int i = 0; i < size; ++i) {
        all.push_back(cluster_policy("c" + n(i), "Baseline", i % 1000,
                                     "'subject':{'namespaces':" + not_in("t", "z" + n(i)) +
                                         "},'ingress':[{'action':'Deny','from':[{'namespaces':"
                                         "{}}]}]"));
    }
    return all;
}

}  // namespace

std::vector<Input> inputs() {
    return {{"many rules", "rule-shadowed", many_rules},
            {"many peers", "rule-shadowed", many_peers},
            {"many blocks", "rule-shadowed", many_blocks},
            {"sets of all pods", "pods", sets_of_all_pods},
            {"peers that overlap", "rule-shadowed", peers_that_overlap},
            {"one peer and many ports", "rule-shadowed", one_peer_and_many_ports},
            {"halves of halves", "rule-shadowed", halves_of_halves},
            {"pods in blocks", "rule-shadowed", pods_in_blocks},
            {"ties", "priority-tie", ties},
            {"one priority", "priority-tie", one_priority},
            {"half of DNS", "dns-blocked", half_of_dns},
            {"namespaces that match not", "selector-matches-nothing", namespaces_that_match_not},
            {"split peers", "split-peer", split_peers},
            {"named ports", "named-port-unknown", named_ports},
            {"baselines", "pods", baselines}};
}

namespace {

const Taken& taken(const Report& report, const std::string& check) {
    const auto found = std::find_if(report.taken.begin(), report.taken.end(),
                                    [&](const Taken& each) { return each.check == check; });
    BOOST_REQUIRE(found != report.taken.end());
    return *found;
}
std::uint64_t steps(const Texts& texts, const std::string& check) {
    return taken(report(objects(texts), kNoLimit), check).steps;
}
}  // namespace
}  // namespace tierwall::lint::hostile

using namespace tierwall;
using namespace tierwall::lint;
using namespace tierwall::lint::hostile;

BOOST_AUTO_TEST_CASE(twice_the_rules_peers_or_blocks_take_about_twice_the_steps) {
    for (const Input& each : inputs()) {
        if (!std::string(each.name).starts_with("many ")) continue;
        BOOST_TEST_CONTEXT(each.name) {
            const std::uint64_t one = steps(each.make(200), each.check);
            const std::uint64_t two = steps(each.make(400), each.check);
            BOOST_TEST_MESSAGE(each.name << ": " << one << " steps, twice the size " << two);
            BOOST_TEST(one > 200u);
            BOOST_TEST(two < 3 * one);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_compared_in_pairs_is_counted_in_pairs) {
    // Else the budget would be one in name only.
    for (const Input& each : inputs()) {
        if (std::string(each.name).starts_with("many ")) continue;
        BOOST_TEST_CONTEXT(each.name) {
            const std::uint64_t one = steps(each.make(100), each.check);
            const std::uint64_t two = steps(each.make(200), each.check);
            BOOST_TEST_MESSAGE(each.name << ": " << one << " steps, twice the size " << two);
            BOOST_TEST(one > 4000u);
            BOOST_TEST(two > 3 * one);
        }
    }
}

BOOST_AUTO_TEST_CASE(whatever_the_objects_say_twice_the_size_never_takes_four_times_the_steps) {
    // Little enough for the smaller input to be too much; of others the steps are linear anyway.
    const Effort effort{2000, 10};
    for (const Input& each : inputs()) {
        BOOST_TEST_CONTEXT(each.name) {
            const Report one = report(objects(each.make(200)), effort);
            const Report two = report(objects(each.make(400)), effort);
            for (std::size_t i = 0; i < one.taken.size(); ++i) {
                BOOST_TEST(two.taken[i].steps <= 3 * one.taken[i].steps + 4000,
                           one.taken[i].check << ": " << one.taken[i].steps << ", then "
                                              << two.taken[i].steps);
                // Who is told to stop stops soon.
                BOOST_TEST(two.taken[i].steps <= two.taken[i].allowed + two.taken[i].allowed / 4);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(each_check_is_kept_busy_by_some_input_and_says_when_it_gives_up) {
    std::set<std::string> busy;
    for (const Input& each : inputs()) {
        BOOST_TEST_CONTEXT(each.name) {
            const Texts texts = each.make(100);
            const kube::Contents all = objects(texts);
            const Report full = report(all, kNoLimit);
            BOOST_TEST(given_up(full).empty());
            const std::uint64_t needed = taken(full, each.check).steps;
            // At the edge: enough, and one too few.
            const Report enough = report(all, Effort{needed, 0});
            const Report few = report(all, Effort{needed - 1, 0});
            BOOST_TEST(taken(enough, each.check).steps == needed);
            const bool is_scene = std::string(each.check) == "pods";
            const std::string said = is_scene ? "dns-blocked" : each.check;
            const auto tells = [&said](const Report& report) {
                const auto all_said = given_up(report);
                return std::any_of(all_said.begin(), all_said.end(), [&](const std::string& one) {
                    return one.starts_with(said + " ");
                });
            };
            BOOST_TEST(!tells(enough));
            BOOST_TEST(tells(few));
            busy.insert(each.check);
        }
    }
    BOOST_TEST(busy.size() == 7u);
}
