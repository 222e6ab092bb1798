// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/diff.hpp"

#include "control/compile/compiler.hpp"
#include "control/ctl/objects.hpp"
#include "control/ctl/row_ladder.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tierwall;

namespace {

struct Side {
    kube::Cluster cluster;
    agent::Model model;
};

Side side_of(const std::string& text) {
    auto objects = ctl::read_objects_text(text, "test");
    BOOST_REQUIRE(objects.ok());
    compile::Input input;
    input.cluster = &objects->cluster;
    input.policies = objects->policies;
    compile::Compiler compiler;
    const auto compiled = compiler.compile(input);
    BOOST_REQUIRE(compiled.ok());
    auto model = ctl::model_of(compiled->resources);
    BOOST_REQUIRE(model.ok());
    return {std::move(objects->cluster), std::move(*model)};
}

struct Told {
    std::string text;
    std::string json;
};

Told told(const std::string& cluster, const std::string& before, const std::string& after) {
    const Side old_side = side_of(cluster + before);
    const Side new_side = side_of(cluster + after);
    const auto found = ctl::difference(
        {{{{&old_side.model, "all"}, {&new_side.model, "all"}}},
         {ctl::decided_by_rows(old_side.model), ctl::decided_by_rows(new_side.model)},
         {base::Family::IPv4, base::Family::IPv6},
         {}});
    BOOST_REQUIRE(found.ok());
    const ctl::DiffPage page{
        *found, {&old_side.model, &new_side.model}, {&old_side.cluster, &new_side.cluster}};
    return {ctl::diff_text(page), ctl::diff_json_text(page)};
}

std::string node(const char* name, const char* address) {
    return std::string("{apiVersion: v1, kind: Node, metadata: {name: ") + name +
           "}, status: {addresses: [{type: InternalIP, address: " + address + "}]}}\n---\n";
}

std::string pod(const char* name, const char* on, const char* address) {
    return std::string("{apiVersion: v1, kind: Pod, metadata: {namespace: a, name: ") + name +
           ", labels: {app: " + name + "}}, spec: {nodeName: " + on +
           ", containers: [{name: c}]}, status: {phase: Running, podIP: " + address + "}}\n---\n";
}

const std::string kIsolated =
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: a, name: none},"
    " spec: {podSelector: {matchLabels: {app: web}}}}\n";
const std::string kNothing = "{apiVersion: v1, kind: Namespace, metadata: {name: b}}\n";

bool has(const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_change_that_the_own_node_does_not_see_says_so_and_names_one_that_does) {
    const std::string cluster = node("n1", "192.168.0.1") + node("n2", "192.168.0.2") +
                                pod("web", "n1", "10.0.0.1") + pod("cl", "n2", "10.0.0.2");
    const Told both = told(cluster, kNothing, kIsolated);
    BOOST_TEST_MESSAGE(both.text);
    BOOST_TEST(has(both.text, "(not its own node; for example n2 -> a/web)"));
    BOOST_TEST(!has(both.text, "n1 -> a/web"));
    BOOST_TEST(has(both.json, "\"not_own_node\": true"));
    // Who is no node is not told so.
    BOOST_TEST(has(both.json, "\"not_own_node\": false"));
}

BOOST_AUTO_TEST_CASE(nodes_that_are_nobodys_own_are_told_of_without_an_exception) {
    const std::string cluster = node("n1", "192.168.0.1") + node("n2", "192.168.0.2") +
                                pod("web", "n3", "10.0.0.1") + pod("cl", "n3", "10.0.0.2");
    const Told both = told(cluster, kNothing, kIsolated);
    BOOST_TEST(has(both.text, "N1 -> "));
    BOOST_TEST(!has(both.text, "own node"));
    BOOST_TEST(!has(both.json, "\"not_own_node\": true"));
}

BOOST_AUTO_TEST_CASE(where_the_only_node_is_the_own_one_nothing_changes_for_it) {
    const std::string cluster =
        node("n1", "192.168.0.1") + pod("web", "n1", "10.0.0.1") + pod("cl", "n1", "10.0.0.2");
    const Told both = told(cluster, kNothing, kIsolated);
    BOOST_TEST(!has(both.text, "N1 -> "));
    BOOST_TEST(!has(both.text, "own node"));
}

BOOST_AUTO_TEST_CASE(blocks_that_do_not_change_within_those_that_do_are_named) {
    const auto allowing = [](const char* cidr, const char* except) {
        return std::string(
                   "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: "
                   "a, "
                   "name: none}, spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: "
                   "[{ipBlock: {cidr: ") +
               cidr + ", except: [" + except + "]}}]}]}}\n";
    };
    const std::string cluster = pod("web", "n1", "192.168.0.1");
    const Told some = told(cluster, kIsolated, allowing("10.0.0.0/8", "10.1.0.0/16"));
    BOOST_TEST(has(some.text, "10.0.0.0/8\n"));
    BOOST_TEST(has(some.text, "Not among them, because nothing changes for them: 10.1.0.0/16\n"));
    BOOST_TEST(has(some.json, "\"unchanged_blocks\": [\n  \"10.1.0.0/16\"\n ]"));
    const Told all = told(cluster, kIsolated, allowing("0.0.0.0/0", ""));
    BOOST_TEST(!has(all.text, "Not among them"));
}
