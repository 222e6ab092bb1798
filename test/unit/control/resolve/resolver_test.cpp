// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "control/resolve/hash.hpp"
#include "control/resolve/resolver.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::resolve {
namespace {

base::Address ip(const std::string& text) { return base::parse_address(text).value(); }
base::Prefix cidr(const std::string& text) { return base::parse_prefix(text).value(); }

policy::Selector labels_in(const std::vector<std::pair<std::string, std::string>>& pairs) {
    policy::Selector selector;
    for (const auto& [key, value] : pairs) {
        selector.requirements.push_back({key, policy::Operator::In, {value}});
    }
    return selector;
}

kube::Pod pod_of(const std::string& space, const std::string& name, const kube::Labels& labels,
                 std::vector<base::Address> addresses) {
    kube::Pod pod;
    pod.namespace_name = space;
    pod.name = name;
    pod.uid = name;
    pod.labels = labels;
    pod.addresses = std::move(addresses);
    return pod;
}

struct Fixture {
    Journal journal;
    Resolver resolver{journal, 1000};

    void add(const kube::Pod& pod) { resolver.set_pod(pod.path(), &pod); }
    Resolver::Changes resolve() {
        auto changes = resolver.resolve();
        BOOST_REQUIRE(changes.ok());
        resolver.sweep();
        return std::move(*changes);
    }
    IdentityNumber identity(const std::string& address) {
        const auto* entry = resolver.book().find(ip(address));
        if (entry != nullptr) return resolver.identity(entry->cell);
        const BlockId block = resolver.blocks().find(ip(address));
        if (block == kNoBlock) return kWorld;
        return resolver.identity({Kind::External, kNoProfile, block});
    }
    std::string owner(const std::string& address) {
        const auto* entry = resolver.book().find(ip(address));
        return entry != nullptr ? entry->owner : "";
    }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(pods_that_no_term_tells_apart_share_an_identity, Fixture) {
    resolver.terms().acquire(policy::PodSet{"a", {}, labels_in({{"app", "web"}})});
    add(pod_of("a", "1", {{"app", "web"}, {"v", "1"}}, {ip("10.0.0.1")}));
    add(pod_of("a", "2", {{"app", "web"}, {"v", "2"}}, {ip("10.0.0.2")}));
    add(pod_of("b", "3", {{"app", "web"}}, {ip("10.0.0.3")}));
    add(pod_of("b", "4", {}, {ip("10.0.0.4")}));
    resolve();
    BOOST_TEST(identity("10.0.0.1") == identity("10.0.0.2"));
    BOOST_TEST(identity("10.0.0.1") != identity("10.0.0.3"));
    BOOST_TEST(identity("10.0.0.3") == identity("10.0.0.4"));
    BOOST_TEST(identity("10.0.0.4") != kWorld);
}

BOOST_FIXTURE_TEST_CASE(a_pod_made_again_between_two_looks_is_another_with_the_same_identity,
                        Fixture) {
    kube::Pod pod = pod_of("a", "1", {{"app", "web"}}, {ip("10.0.0.1"), ip("fd00::1")});
    add(pod);
    resolve();
    const auto before = *resolver.book().find(ip("10.0.0.1"));
    BOOST_TEST(before.incarnation != 0u);
    BOOST_TEST(before.incarnation == resolver.book().find(ip("fd00::1"))->incarnation);
    pod.uid = "another";
    add(pod);
    BOOST_TEST(resolve().addresses.size() == 2u);
    const auto now = *resolver.book().find(ip("10.0.0.1"));
    BOOST_TEST(now.incarnation != before.incarnation);
    BOOST_TEST(now.owner == before.owner);
    BOOST_TEST((now.cell == before.cell));
    add(pod);
    BOOST_TEST(resolve().addresses.empty());
    pod.uid.clear();
    add(pod);
    resolve();
    BOOST_TEST(resolver.book().find(ip("10.0.0.1"))->incarnation == 0u);
    // The same in every process: stored snapshots and replicas are compared.
    BOOST_TEST(lasting_hash("a") == 0xaf63dc4c8601ec8cu);
}

BOOST_FIXTURE_TEST_CASE(addresses_of_one_pod_differ_when_their_blocks_do, Fixture) {
    resolver.terms().acquire(policy::NetworkSet{{cidr("10.0.0.0/8")}, {}});
    add(pod_of("a", "1", {}, {ip("10.0.0.1"), ip("fd00::1")}));
    resolve();
    BOOST_TEST(identity("10.0.0.1") != identity("fd00::1"));
    BOOST_TEST(owner("fd00::1") == "a/1");
}

BOOST_FIXTURE_TEST_CASE(named_ports_tell_pods_apart_only_when_some_policy_asks, Fixture) {
    auto first = pod_of("a", "1", {}, {ip("10.0.0.1")});
    first.ports = {{"http", 6, 80}};
    auto second = pod_of("a", "2", {}, {ip("10.0.0.2")});
    second.ports = {{"http", 6, 8080}};
    add(first);
    add(second);
    resolve();
    BOOST_TEST(identity("10.0.0.1") == identity("10.0.0.2"));
    const TermId udp = resolver.terms().acquire(NamedPort{"http", 17, 0});
    resolve();
    BOOST_TEST(identity("10.0.0.1") == identity("10.0.0.2"));
    const TermId http = resolver.terms().acquire(NamedPort{"http", 6, 0});
    resolve();
    BOOST_TEST(identity("10.0.0.1") != identity("10.0.0.2"));
    BOOST_TEST(resolver.members(http).size() == 2u);
    BOOST_TEST(resolver.members(udp).empty());
    BOOST_TEST(resolver.numbered_ports(identity("10.0.0.2"), http).size() == 1u);
    resolver.terms().release(http);
    resolve();
    BOOST_TEST(identity("10.0.0.1") == identity("10.0.0.2"));
}

BOOST_FIXTURE_TEST_CASE(only_live_pods_have_addresses, Fixture) {
    auto host = pod_of("a", "host", {}, {ip("10.0.0.1")});
    host.host_network = true;
    auto done = pod_of("a", "done", {}, {ip("10.0.0.2")});
    done.terminated = true;
    add(host);
    add(done);
    add(pod_of("a", "nowhere", {}, {}));
    BOOST_TEST(resolve().addresses.empty());
    done.terminated = false;
    add(done);
    BOOST_TEST(resolve().addresses.size() == 1u);
    done.terminated = true;
    add(done);
    BOOST_TEST(resolve().addresses.size() == 1u);
    BOOST_TEST(owner("10.0.0.2") == "");
}

BOOST_FIXTURE_TEST_CASE(newest_pod_has_a_shared_address_and_a_pod_goes_before_a_node, Fixture) {
    const kube::Node node{"n", {}, {ip("10.0.0.1")}};
    resolver.set_node("n", &node);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "n");
    BOOST_TEST(resolver.book().warnings().empty());
    auto old_pod = pod_of("a", "old", {}, {ip("10.0.0.1")});
    old_pod.created = "2026-01-01T00:00:00Z";
    auto new_pod = pod_of("a", "new", {}, {ip("10.0.0.1")});
    new_pod.created = "2026-01-02T00:00:00Z";
    add(new_pod);
    add(old_pod);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "a/new");
    BOOST_REQUIRE(resolver.book().warnings().size() == 1u);
    const kube::Problem& warning = resolver.book().warnings().begin()->second;
    BOOST_TEST(warning.object == "Pod/a/new");
    BOOST_TEST(warning.message ==
               "has 10.0.0.1 although it is also the address of Pod/a/old Node/n");
    resolver.set_pod("a/new", nullptr);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "a/old");
    resolver.set_pod("a/old", nullptr);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "n");
    BOOST_TEST(resolver.book().warnings().empty());
}

BOOST_FIXTURE_TEST_CASE(what_several_nodes_have_is_found_by_all_labels_and_is_the_newest_ones,
                        Fixture) {
    const auto labelled = [this](const char* key) {
        return resolver.terms().acquire(policy::NodeSet{{{{key, policy::Operator::Exists, {}}}}});
    };
    const TermId old_ones = labelled("old");
    const TermId new_ones = labelled("new");
    const auto found_by = [this](TermId term) {
        return resolver.is_member(identity("10.0.0.1"), term);
    };
    kube::Node old_node{"a", {{"old", "x"}}, {ip("10.0.0.1")}, "2026-01-01T00:00:00Z"};
    const kube::Node new_node{"b", {{"new", "x"}}, {ip("10.0.0.1")}, "2026-01-02T00:00:00Z"};
    resolver.set_node("a", &old_node);
    resolve();
    BOOST_TEST(found_by(old_ones));
    BOOST_TEST(!found_by(new_ones));
    resolver.set_node("b", &new_node);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "b");
    BOOST_TEST(found_by(old_ones));
    BOOST_TEST(found_by(new_ones));
    BOOST_TEST(resolver.book().warnings().begin()->second.object == "Node/b");
    old_node.labels.clear();
    resolver.set_node("a", &old_node);
    resolve();
    BOOST_TEST(!found_by(old_ones));
    old_node.created = "2026-01-03T00:00:00Z";
    resolver.set_node("a", &old_node);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "a");
    resolver.set_node("a", nullptr);
    resolve();
    BOOST_TEST(owner("10.0.0.1") == "b");
    BOOST_TEST(found_by(new_ones));
    BOOST_TEST(resolver.book().warnings().empty());
}

BOOST_FIXTURE_TEST_CASE(every_node_that_has_an_address_is_named, Fixture) {
    const auto nodes = [this](const char* address) {
        return resolver.book().find(ip(address))->nodes.size();
    };
    const kube::Node one{"a", {}, {ip("10.0.0.1"), ip("10.0.0.2")}};
    const kube::Node two{"b", {}, {ip("10.0.0.1")}};
    resolver.set_node("a", &one);
    resolve();
    BOOST_TEST(nodes("10.0.0.1") == 0u);  // its number says it
    resolver.set_node("b", &two);
    BOOST_TEST(resolve().addresses.size() == 1u);
    BOOST_TEST(nodes("10.0.0.1") == 2u);
    BOOST_TEST(nodes("10.0.0.2") == 0u);
    resolver.set_node("b", nullptr);
    resolve();
    BOOST_TEST(nodes("10.0.0.1") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_pod_with_a_nodes_address_is_found_as_both, Fixture) {
    const TermId labelled =
        resolver.terms().acquire(policy::NodeSet{{{{"edge", policy::Operator::Exists, {}}}}});
    const TermId any_node = resolver.terms().acquire(policy::NodeSet{});
    const TermId any_pod = resolver.terms().acquire(policy::PodSet{"a", {}, {}});
    kube::Node node{"n", {{"edge", ""}}, {ip("10.0.0.1")}};
    resolver.set_node("n", &node);
    auto pod = pod_of("a", "1", {}, {ip("10.0.0.1"), ip("10.0.0.2")});
    pod.node = "elsewhere";
    add(pod);
    resolve();
    const auto found = [this](const char* address, TermId term) {
        return resolver.is_member(identity(address), term);
    };
    BOOST_TEST(found("10.0.0.1", labelled));
    BOOST_TEST(found("10.0.0.1", any_node));
    BOOST_TEST(found("10.0.0.1", any_pod));
    BOOST_TEST(!found("10.0.0.2", any_node));
    BOOST_TEST(found("10.0.0.2", any_pod));
    BOOST_TEST(resolver.book().find(ip("10.0.0.1"))->nodes.empty());  // it is no node
    BOOST_TEST(resolver.book().find(ip("10.0.0.1"))->one_of_several);
    // A selector that comes later finds it too, and it follows the node's labels.
    const TermId late =
        resolver.terms().acquire(policy::NodeSet{{{{"late", policy::Operator::Exists, {}}}}});
    resolve();
    BOOST_TEST(!found("10.0.0.1", late));
    node.labels = {{"late", ""}};
    resolver.set_node("n", &node);
    resolve();
    BOOST_TEST(found("10.0.0.1", late));
    BOOST_TEST(!found("10.0.0.1", labelled));
    resolver.set_node("n", nullptr);
    resolve();
    BOOST_TEST(!found("10.0.0.1", any_node));
}

BOOST_FIXTURE_TEST_CASE(what_a_host_networked_pod_has_is_its_nodes, Fixture) {
    const TermId any_node = resolver.terms().acquire(policy::NodeSet{});
    auto host = pod_of("a", "agent", {}, {ip("10.0.0.7"), ip("fd00::7")});
    host.host_network = true;
    host.node = "n";
    add(host);
    BOOST_TEST(resolve().addresses.empty());  // nobody knows the node
    BOOST_TEST(resolver.book().warnings().empty());
    const auto warning = resolver.book().unknown_nodes();
    BOOST_REQUIRE(warning.has_value());
    BOOST_TEST(warning->object == "Pod/a/agent");
    BOOST_TEST(warning->field == "spec.nodeName");
    BOOST_TEST(warning->message ==
               "Node/n is not known: 10.0.0.7 and 1 other of host-networked pods "
               "count as outside the cluster");
    const kube::Node node{"n", {}, {ip("10.0.0.1")}};
    resolver.set_node("n", &node);
    resolve();
    BOOST_TEST(!resolver.book().unknown_nodes().has_value());
    BOOST_TEST(owner("10.0.0.7") == "n");
    BOOST_TEST(owner("fd00::7") == "n");
    BOOST_TEST(resolver.is_member(identity("10.0.0.7"), any_node));
    BOOST_TEST(resolver.book().find(ip("10.0.0.7"))->node ==
               resolver.book().find(ip("10.0.0.1"))->node);
    host.addresses = {ip("10.0.0.8")};
    add(host);
    resolve();
    BOOST_TEST(owner("10.0.0.7") == "");
    BOOST_TEST(owner("10.0.0.8") == "n");
    host.terminated = true;
    add(host);
    resolve();
    BOOST_TEST(owner("10.0.0.8") == "");
    host.terminated = false;
    add(host);
    resolver.set_node("n", nullptr);
    resolve();
    BOOST_TEST(owner("10.0.0.8") == "");
    BOOST_TEST(resolver.book().unknown_nodes().has_value());
    resolver.set_pod("a/agent", nullptr);
    resolve();
    BOOST_TEST(!resolver.book().unknown_nodes().has_value());
    // What it is still said to have may be another pod's by now: then it is that pod's alone.
    resolver.set_node("n", &node);
    host.addresses = {ip("10.0.0.9")};
    add(host);
    add(pod_of("a", "next", {}, {ip("10.0.0.9")}));
    resolve();
    BOOST_TEST(owner("10.0.0.9") == "a/next");
    BOOST_TEST(!resolver.is_member(identity("10.0.0.9"), any_node));
    resolver.set_pod("a/next", nullptr);
    resolve();
    BOOST_TEST(owner("10.0.0.9") == "n");
}

BOOST_FIXTURE_TEST_CASE(an_address_that_very_many_have_names_few_of_them, Fixture) {
    for (int i = 0; i < 9; ++i) {
        const kube::Node node{"n" + std::to_string(i), {}, {ip("10.0.0.1")}};
        resolver.set_node(node.name, &node);
    }
    resolve();
    BOOST_TEST(
        resolver.book().warnings().begin()->second.message ==
        "has 10.0.0.1 although it is also the address of Node/n1 Node/n2 Node/n3 and 5 more");
}

BOOST_FIXTURE_TEST_CASE(blocks_say_who_is_in_a_network_and_holes_are_not, Fixture) {
    const TermId outer =
        resolver.terms().acquire(policy::NetworkSet{{cidr("10.0.0.0/8")}, {cidr("10.1.0.0/16")}});
    const TermId inner = resolver.terms().acquire(policy::NetworkSet{{cidr("10.1.2.0/24")}, {}});
    BOOST_TEST(resolve().blocks.size() == 3u);
    const auto is_in = [this](const char* address, TermId term) {
        return resolver.is_member(identity(address), term);
    };
    BOOST_TEST(is_in("10.0.0.1", outer));
    BOOST_TEST(!is_in("10.1.0.1", outer));
    BOOST_TEST(!is_in("10.1.2.1", outer));
    BOOST_TEST(is_in("10.1.2.1", inner));
    BOOST_TEST(!is_in("11.0.0.1", outer));
    BOOST_TEST(identity("10.1.0.1") == kWorld);
    resolver.terms().release(inner);
    const auto changes = resolve();
    BOOST_TEST(changes.blocks_gone.size() == 1u);
    BOOST_TEST(changes.blocks.empty());
}

BOOST_FIXTURE_TEST_CASE(ipv4_is_not_in_ipv6_blocks, Fixture) {
    const TermId all = resolver.terms().acquire(policy::NetworkSet{{cidr("::/0")}, {}});
    add(pod_of("a", "1", {}, {ip("10.0.0.1"), ip("fd00::1")}));
    resolve();
    BOOST_TEST(!resolver.is_member(identity("10.0.0.1"), all));
    BOOST_TEST(!resolver.is_member(identity("9.9.9.9"), all));
    BOOST_TEST(resolver.is_member(identity("fd00::1"), all));
    BOOST_TEST(resolver.is_member(identity("2001::1"), all));
}

BOOST_FIXTURE_TEST_CASE(a_namespace_without_an_object_still_has_its_name, Fixture) {
    const TermId by_name = resolver.terms().acquire(
        policy::PodSet{{}, labels_in({{"kubernetes.io/metadata.name", "a"}}), {}});
    add(pod_of("a", "1", {}, {ip("10.0.0.1")}));
    resolve();
    BOOST_TEST(resolver.is_member(identity("10.0.0.1"), by_name));
    const kube::Namespace space{"a", {{"kubernetes.io/metadata.name", "a"}, {"team", "x"}}};
    const TermId team =
        resolver.terms().acquire(policy::PodSet{{}, labels_in({{"team", "x"}}), {}});
    resolver.set_namespace("a", &space);
    resolve();
    BOOST_TEST(resolver.is_member(identity("10.0.0.1"), by_name));
    BOOST_TEST(resolver.is_member(identity("10.0.0.1"), team));
    resolver.set_namespace("a", nullptr);
    resolve();
    BOOST_TEST(!resolver.is_member(identity("10.0.0.1"), team));
}

BOOST_FIXTURE_TEST_CASE(an_identity_keeps_its_number_when_all_of_it_gets_a_new_term, Fixture) {
    add(pod_of("a", "1", {{"app", "web"}}, {ip("10.0.0.1")}));
    add(pod_of("a", "2", {{"app", "db"}}, {ip("10.0.0.2")}));
    resolve();
    const IdentityNumber shared = identity("10.0.0.1");
    BOOST_TEST(identity("10.0.0.2") == shared);
    const TermId space = resolver.terms().acquire(policy::PodSet{"a", {}, {}});
    BOOST_TEST(resolve().addresses.empty());
    BOOST_TEST(identity("10.0.0.1") == shared);
    BOOST_TEST(resolver.is_member(shared, space));
    resolver.terms().acquire(policy::PodSet{"a", {}, labels_in({{"app", "db"}})});
    BOOST_TEST(resolve().addresses.size() == 1u);  // only the one that leaves
    BOOST_TEST(identity("10.0.0.1") == shared);
    BOOST_TEST(identity("10.0.0.2") != shared);
}

BOOST_FIXTURE_TEST_CASE(nodes_mentioned_by_pods_have_numbers, Fixture) {
    auto pod = pod_of("a", "1", {}, {ip("10.0.0.1")});
    pod.node = "seen";
    add(pod);
    const kube::Node node{"known", {}, {}};
    resolver.set_node("known", &node);
    const auto changes = resolve();
    BOOST_TEST(changes.nodes.added.size() == 2u);
    BOOST_TEST(changes.nodes.added.count(0) == 0u);
    const std::uint32_t number = resolver.book().find(ip("10.0.0.1"))->node;
    BOOST_TEST(changes.nodes.added.at(number) == "seen");
    resolver.set_pod("a/1", nullptr);
    BOOST_TEST(resolve().nodes.removed == std::set<std::uint32_t>{number},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(freed_numbers_wait_and_the_last_number_can_be_had) {
    Journal journal;
    Numbers few(journal, 1, 3);
    for (std::uint32_t i = 1; i <= 3; ++i) BOOST_TEST(few.take().value() == i);
    BOOST_TEST(!few.take().has_value());
    few.free(2);
    BOOST_TEST(few.take().value() == 2u);
    Numbers many(journal, 1, 1u << 20);
    for (std::uint32_t i = 1; i <= Numbers::kQuarantine + 1; ++i) {
        const auto number = many.take();
        BOOST_TEST(number.value() == i);
        many.free(*number);
    }
    BOOST_TEST(many.take().value() == 1u);  // one more than may wait
}

BOOST_AUTO_TEST_CASE(the_journal_takes_changes_back_in_reverse_order) {
    Journal journal;
    Ledger<std::map<int, int>> ledger(journal);
    Relation<int, int> relation(journal);
    Numbers numbers(journal, 1, 10);
    ledger.put(1, 10);
    relation.add(1, 5);
    numbers.free(numbers.take().value());
    journal.begin();
    ledger.put(1, 11);
    ledger.put(1, 12);
    ledger.put(2, 20);
    ledger.erase(1);
    relation.add(1, 4);
    relation.remove(1, 5);
    relation.add(2, 1);
    const auto taken = numbers.take();
    numbers.free(*taken);
    journal.roll_back();
    BOOST_TEST((ledger.map() == std::map<int, int>{{1, 10}}));
    BOOST_TEST((relation.of(1) == std::vector<int>{5}));
    BOOST_TEST(relation.of(2).empty());
    BOOST_TEST(numbers.take().value() == *taken);
}

}  // namespace tierwall::resolve
