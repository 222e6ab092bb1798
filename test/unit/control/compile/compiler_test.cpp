// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "test/unit/control/compile/check.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tierwall::compile {
namespace {

using base::Action;

/// Shop: two web pods and a database; tools: a probe. Two nodes.
World shop() {
    World world;
    world.add_namespace("shop", {{"team", "blue"}});
    world.add_namespace("tools", {{"team", "red"}});
    world.add_node("n1", "192.168.0.1", {{"role", "worker"}});
    world.add_node("n2", "192.168.0.2", {{"role", "control"}});
    world.add_pod("shop/web-0", "10.0.0.1", {{"app", "web"}}, "n1");
    world.add_pod("shop/web-1", "10.0.0.2", {{"app", "web"}}, "n1");
    world.add_pod("shop/db-0", "10.0.0.3", {{"app", "db"}}, "n2");
    world.add_pod("tools/probe", "10.0.1.1", {{"app", "probe"}}, "n1");
    return world;
}

policy::Policy db_policy() {
    return network_policy("shop", "db", {{"app", "db"}},
                          {rule(Action::Allow, {pods_in("shop", {{"app", "web"}})}, {tcp(5432)})});
}

void check_all(const World& world, const Output& output, const std::vector<std::uint16_t>& ports) {
    const support::SnapshotReader reader(output.resources);
    const char* const ends[] = {"10.0.0.1",    "10.0.0.2",    "10.0.0.3", "10.0.1.1",
                                "192.168.0.1", "192.168.0.2", "8.8.8.8",  "fd00::1"};
    for (const char* source : ends) {
        for (const char* destination : ends) {
            for (const std::uint16_t port : ports) {
                check(world, reader, {ip(source), ip(destination), base::kIpTcp, port});
            }
        }
    }
}

/// Keys of what differs, as text.
std::vector<std::string> differences(const Output& now, const Output& before) {
    const proto::Difference difference = now.resources.since(before.resources);
    std::vector<std::string> out;
    for (const auto& [key, _] : difference.upserts) {
        out.push_back("put " + v1::ResourceType_Name(key.type).substr(14));
    }
    for (const auto& key : difference.removals) {
        out.push_back("erase " + v1::ResourceType_Name(key.type).substr(14));
    }
    std::sort(out.begin(), out.end());
    return out;
}
using Words = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(rules_allow_their_peers_and_ports_and_isolation_denies_the_rest) {
    World world = shop();
    world.policies = {db_policy()};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    check_all(world, output, {5431, 5432, 5433});
    BOOST_TEST(output.summary.tables == 1u);
    BOOST_TEST(output.summary.groups == 1u);
    BOOST_TEST(output.summary.rows == 1u);
}

BOOST_AUTO_TEST_CASE(without_policies_there_are_addresses_and_tiers_but_no_tables) {
    Compiler compiler;
    const Output output = compiled(compiler, shop());
    BOOST_TEST(output.summary.tables == 0u);
    BOOST_TEST(output.resources.size() == 3u + 2u + 6u);  // tiers, nodes, addresses
}

BOOST_AUTO_TEST_CASE(three_tiers_are_asked_in_their_order) {
    World world = shop();
    const auto web = pods_in("shop", {{"app", "web"}});
    const auto probe = pods_where({{"team", "red"}});
    world.policies = {
        cluster_policy(
            base::kTierAdmin, 10, "guard", pods_where({}),
            {rule(Action::Deny, {probe}, {tcp(22)}), rule(Action::Pass, {probe}, {tcp(80)}),
             rule(Action::Allow, {probe}, {tcp(443)})}),
        cluster_policy(base::kTierAdmin, 5, "first", web, {rule(Action::Allow, {probe}, {tcp(23)})},
                       {rule(Action::Deny, {networks({"8.0.0.0/8"})})}),
        network_policy("shop", "web", {{"app", "web"}}, {rule(Action::Allow, {web})}, {}, "i"),
        cluster_policy(base::kTierBaseline, 0, "base", pods_where({}),
                       {rule(Action::Deny, {pods_where({})}, {tcp(81)})}),
    };
    Compiler compiler;
    check_all(world, compiled(compiler, world), {22, 23, 80, 81, 443, 444});
}

BOOST_AUTO_TEST_CASE(order_of_the_input_does_not_matter_to_a_fresh_compiler) {
    World world = shop();
    world.policies = {db_policy(),
                      network_policy("shop", "web", {{"app", "web"}}, {any_rule(Action::Allow)}),
                      cluster_policy(base::kTierAdmin, 1, "x", pods_where({}),
                                     {rule(Action::Deny, {networks({"10.0.1.0/24"})})})};
    Compiler forward;
    const Output one = compiled(forward, world);
    std::reverse(world.policies.begin(), world.policies.end());
    Compiler backward;
    const Output two = compiled(backward, world);
    BOOST_TEST(one.resources.hash().hex() == two.resources.hash().hex());
    BOOST_TEST(one.summary.identities == two.summary.identities);
}

BOOST_AUTO_TEST_CASE(a_pod_with_known_labels_changes_one_address_per_address) {
    World world = shop();
    world.policies = {db_policy()};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    world.add_pod("shop/web-2", "10.0.0.9", {{"app", "web"}}, "n1")
        .addresses.push_back(ip("fd00::9"));
    const Changes changes{{}, {}, {}, {"shop/web-2"}};
    const Output after = compiled(compiler, world, &changes);
    BOOST_TEST(differences(after, before) == (Words{"put ADDRESS", "put ADDRESS"}));
    world.cluster.pods.erase("shop/web-2");
    const Output gone = compiled(compiler, world, &changes);
    BOOST_TEST(differences(gone, after) == (Words{"erase ADDRESS", "erase ADDRESS"}));
    BOOST_TEST(gone.resources.hash().hex() == before.resources.hash().hex());
}

BOOST_AUTO_TEST_CASE(a_pod_relabelled_to_known_labels_changes_its_address_alone) {
    World world = shop();
    world.policies = {db_policy()};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    world.cluster.pods["shop/web-1"].labels["app"] = "db";
    const Output after = compiled(compiler, world);
    BOOST_TEST(differences(after, before) == Words{"put ADDRESS"});
    check_all(world, after, {5432, 80});
}

BOOST_AUTO_TEST_CASE(a_label_that_no_policy_asks_for_changes_nothing) {
    World world = shop();
    world.policies = {db_policy()};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    world.cluster.pods["shop/web-1"].labels["version"] = "2";
    world.cluster.namespaces["shop"].labels["owner"] = "somebody";
    BOOST_TEST(differences(compiled(compiler, world), before) == Words{});
}

BOOST_AUTO_TEST_CASE(identities_keep_their_numbers_when_a_policy_selects_them_anew) {
    World world = shop();
    world.policies = {db_policy()};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    world.policies.push_back(
        network_policy("tools", "probe", {{"app", "probe"}}, {any_rule(Action::Allow)}));
    const Output after = compiled(compiler, world);
    const Words added{"put MEMBERSHIP", "put POLICY", "put RULE", "put RULE", "put TABLE"};
    BOOST_TEST(differences(after, before) == added);
    world.policies.pop_back();
    const Output back = compiled(compiler, world);
    BOOST_TEST(back.resources.hash().hex() == before.resources.hash().hex());
}

BOOST_AUTO_TEST_CASE(one_policy_changed_leaves_the_tables_of_others_alone) {
    World world;
    for (int i = 0; i < 300; ++i) {
        const std::string space = "ns" + std::to_string(i);
        world.add_namespace(space);
        world.add_pod(space + "/p",
                      "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256),
                      {{"app", "web"}});
        std::vector<policy::Rule> rules;
        for (std::uint16_t port = 1; port <= 20; port += 2) {
            rules.push_back(rule(Action::Allow, {pods_in(space)}, {tcp(port)}));
        }
        world.policies.push_back(network_policy(space, "p", {}, rules));
    }
    Compiler compiler;
    const Output before = compiled(compiler, world);
    BOOST_TEST(before.summary.tables > 4u);
    BOOST_TEST(before.summary.tables < 20u);
    world.policies[150].ingress[3].ports[0].last += 1;
    const Changes changes{{world.policies[150].path()}, {}, {}, {}};
    const Output after = compiled(compiler, world, &changes);
    BOOST_TEST(differences(after, before) == Words{"put TABLE"});
    world.policies[7].subject.pods = labels_in({{"app", "web"}});
    const Output narrowed = compiled(compiler, world);
    BOOST_TEST(differences(narrowed, after) == Words{});
    world.policies.erase(world.policies.begin() + 20);
    const Words erased = differences(compiled(compiler, world), narrowed);
    BOOST_TEST(std::count(erased.begin(), erased.end(), "put TABLE") == 1);
    BOOST_TEST(std::count(erased.begin(), erased.end(), "put MEMBERSHIP") == 1);
    BOOST_TEST(std::count(erased.begin(), erased.end(), "erase POLICY") == 1);
    BOOST_TEST(std::count(erased.begin(), erased.end(), "put ADDRESS") == 0);
}

BOOST_AUTO_TEST_CASE(named_ports_resolve_at_each_destination) {
    World world = shop();
    world.cluster.pods["shop/web-0"].ports = {{"http", base::kIpTcp, 80}};
    world.cluster.pods["shop/web-1"].ports = {{"http", base::kIpTcp, 8080}};
    world.cluster.pods["shop/db-0"].ports = {{"http", base::kIpUdp, 80}};
    const auto anybody = any_rule(Action::Allow, {named("http")});
    const auto shop_only =
        rule(Action::Allow, {pods_in("shop"), networks({"0.0.0.0/0"})}, {named("http"), tcp(9)});
    world.policies = {network_policy("shop", "in", {}, {anybody}),
                      network_policy("tools", "out", {}, {}, {shop_only})};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    check_all(world, before, {9, 80, 8080});
    world.policies[1].egress[0] = anybody;
    check_all(world, compiled(compiler, world), {9, 80, 8080});
    world.cluster.pods["shop/db-0"].ports.push_back({"http", base::kIpTcp, 7070});
    check_all(world, compiled(compiler, world), {9, 80, 8080, 7070});
}

BOOST_AUTO_TEST_CASE(a_port_name_is_that_of_one_protocol_where_a_pod_has_it_with_two) {
    World world = shop();
    world.cluster.pods["shop/db-0"].ports = {{"http", base::kIpTcp, 80},
                                             {"http", base::kIpUdp, 53}};
    world.policies = {network_policy(
        "shop", "two", {{"app", "db"}},
        {rule(Action::Allow, {pods_in("shop", {{"app", "web"}})}, {named("http")}),
         rule(Action::Allow, {pods_where({{"team", "red"}})}, {named("http", base::kIpUdp)})})};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    for (const char* source : {"10.0.0.1", "10.0.1.1"}) {
        for (const std::uint8_t protocol : {base::kIpTcp, base::kIpUdp}) {
            for (const std::uint16_t port : {std::uint16_t{53}, std::uint16_t{80}}) {
                check(world, output, {ip(source), ip("10.0.0.3"), protocol, port});
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(except_takes_addresses_out_of_one_peer_only) {
    World world = shop();
    world.policies = {network_policy(
        "shop", "in", {},
        {rule(Action::Allow, {networks({"10.0.0.0/8", "8.0.0.0/8"}, {"10.0.1.0/24", "8.8.8.8/32"})},
              {tcp(80)}),
         rule(Action::Allow, {networks({"10.0.1.1/32"})}, {tcp(81)})})};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    check_all(world, output, {80, 81});
    const support::SnapshotReader reader(output.resources);
    BOOST_TEST(reader.prefixes().size() == 5u);
    for (const auto& [_, table] : reader.tables()) {
        for (const std::uint32_t action : table.rows().action()) {
            BOOST_TEST(action == v1::ACTION_ALLOW);
        }
    }
}

BOOST_AUTO_TEST_CASE(domain_names_follow_what_they_resolve_to) {
    World world = shop();
    world.policies = {
        cluster_policy(base::kTierAdmin, 0, "names", pods_where({}), {},
                       {rule(Action::Allow, {policy::NameSet{{"*.example.org", "plain.net"}}}),
                        rule(Action::Deny, {networks({"0.0.0.0/0"})})})};
    Compiler compiler;
    check_all(world, compiled(compiler, world), {80});
    world.names["deep.www.example.org"] = {ip("8.8.8.8")};
    world.names["example.org"] = {ip("10.0.1.1")};
    check_all(world, compiled(compiler, world), {80});
    world.names.erase("deep.www.example.org");
    world.names["plain.net"] = {ip("192.168.0.2"), ip("fd00::1")};
    const Changes nothing_else;
    check_all(world, compiled(compiler, world, &nothing_else), {80});
}

BOOST_AUTO_TEST_CASE(rows_that_can_never_match_are_left_out) {
    struct Case {
        const char* name;
        std::vector<policy::Rule> rules;
        std::size_t rows;
    };
    const auto web = pods_in("shop", {{"app", "web"}});
    const auto probe = pods_in("tools");
    const std::vector<Case> cases = {
        {"everything allowed first", {any_rule(Action::Allow), rule(Action::Deny, {web})}, 1},
        {"same rule twice", {rule(Action::Deny, {web}), rule(Action::Deny, {web})}, 1},
        {"port after the whole peer",
         {rule(Action::Deny, {web}), rule(Action::Allow, {web}, {tcp(80)})},
         1},
        {"whole peer after a port",
         {rule(Action::Allow, {web}, {tcp(80)}), rule(Action::Deny, {web})},
         2},
        {"port inside a union of ranges",
         {rule(Action::Allow, {web}, {tcp(1, 10)}), rule(Action::Deny, {web}, {tcp(11, 20)}),
          rule(Action::Allow, {web}, {tcp(5, 15)})},
         2},
        {"port that sticks out",
         {rule(Action::Allow, {web}, {tcp(1, 10)}), rule(Action::Deny, {web}, {tcp(10, 11)})},
         2},
        {"another peer", {rule(Action::Allow, {web}), rule(Action::Deny, {probe})}, 2},
        {"peer after any peer, same port",
         {any_rule(Action::Allow, {tcp(80)}), rule(Action::Deny, {web}, {tcp(80)})},
         1},
        {"any peer after one peer",
         {rule(Action::Allow, {web}, {tcp(80)}), any_rule(Action::Deny, {tcp(80)})},
         2},
        {"adjacent and overlapping ranges",
         {rule(Action::Allow, {web}, {tcp(3, 4), tcp(1, 2), tcp(2, 3)})},
         1},
        {"reversed range", {rule(Action::Allow, {web}, {tcp(9, 3)})}, 0},
        {"no peers", {rule(Action::Deny, {})}, 0},
    };
    for (const Case& c : cases) {
        World world = shop();
        world.policies = {cluster_policy(base::kTierAdmin, 0, "x", pods_where({}), c.rules)};
        Compiler compiler;
        const Output output = compiled(compiler, world);
        BOOST_TEST_CONTEXT(c.name) {
            BOOST_TEST(output.summary.rows == c.rows);
            check_all(world, output, {1, 5, 10, 11, 80});
        }
    }
}

BOOST_AUTO_TEST_CASE(equal_priorities_are_warned_about_when_they_meet_at_a_pod) {
    struct Case {
        const char* name;
        policy::Policy second;
        std::size_t warnings;
    };
    const auto deny = std::vector{any_rule(Action::Deny)};
    const auto web = pods_in("shop", {{"app", "web"}});
    const Case cases[] = {
        {"same pods", cluster_policy(base::kTierAdmin, 5, "b", pods_where({}), deny), 1},
        {"other priority", cluster_policy(base::kTierAdmin, 6, "b", pods_where({}), deny), 0},
        {"other tier", cluster_policy(base::kTierBaseline, 5, "b", pods_where({}), deny), 0},
        {"other pods", cluster_policy(base::kTierAdmin, 5, "b", pods_in("tools"), deny), 0},
        {"other direction", cluster_policy(base::kTierAdmin, 5, "b", web, {}, deny), 0},
    };
    for (const Case& c : cases) {
        World world = shop();
        world.policies = {cluster_policy(base::kTierAdmin, 5, "a", web, deny), c.second};
        Compiler compiler;
        const Output output = compiled(compiler, world);
        BOOST_TEST_CONTEXT(c.name) {
            BOOST_TEST(output.warnings.size() == c.warnings);
            for (const kube::Problem& problem : output.warnings) {
                BOOST_TEST(problem.object == "ClusterNetworkPolicy/b");
                BOOST_TEST((problem.message.find("ClusterNetworkPolicy/a") != std::string::npos));
                BOOST_TEST((problem.severity == kube::Severity::Warning));
            }
        }
        world.policies.back().priority += 10;
        BOOST_TEST(compiled(compiler, world).warnings.empty());
        world.policies.back() = c.second;
        BOOST_TEST(compiled(compiler, world).warnings.size() == c.warnings);
        world.policies.pop_back();
        BOOST_TEST(compiled(compiler, world).warnings.empty());
    }
}

BOOST_AUTO_TEST_CASE(policies_that_cannot_be_told_apart_or_placed_are_refused_by_name) {
    World world = shop();
    Compiler compiler;
    world.policies = {db_policy(), db_policy()};
    auto twice = compiler.compile(world.input());
    BOOST_REQUIRE(!twice.ok());
    BOOST_TEST((twice.error().code == base::Errc::Duplicate));
    BOOST_TEST(twice.error().where == "NetworkPolicy/shop/db");
    world.policies.pop_back();
    world.policies[0].tier = 3;
    auto unknown = compiler.compile(world.input());
    BOOST_REQUIRE(!unknown.ok());
    BOOST_TEST((unknown.error().code == base::Errc::Invalid));
}

BOOST_AUTO_TEST_CASE(rules_and_policies_can_be_found_under_stable_numbers) {
    World world = shop();
    world.policies = {db_policy()};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    const support::SnapshotReader reader(before.resources);
    BOOST_TEST(reader.rules().size() == 2u);  // one rule, one isolation
    world.policies[0].ingress.push_back(any_rule(Action::Allow, {tcp(9)}));
    world.policies[0].ingress[1].index = 1;
    const Words grown = differences(compiled(compiler, world), before);
    BOOST_TEST(grown == (Words{"put RULE", "put TABLE"}));
    world.policies[0].ingress.pop_back();
    const Output back = compiled(compiler, world);
    BOOST_TEST(back.resources.hash().hex() == before.resources.hash().hex());
}

BOOST_AUTO_TEST_CASE(service_prefixes_come_and_go) {
    World world = shop();
    Compiler compiler;
    Input input = world.input();
    input.service_prefixes = {cidr("10.96.0.0/12"), cidr("fd01::/112")};
    const auto with = compiler.compile(input);
    BOOST_REQUIRE(with.ok());
    input.service_prefixes.pop_back();
    const auto fewer = compiler.compile(input);
    BOOST_REQUIRE(fewer.ok());
    BOOST_TEST(differences(*fewer, *with) == Words{"erase SERVICE_PREFIX"});
}

}  // namespace tierwall::compile
