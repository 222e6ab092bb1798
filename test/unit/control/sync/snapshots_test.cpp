// SPDX-License-Identifier: Apache-2.0
#include "control/sync/snapshots.hpp"

#include "control/dialect/translate.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <string>

using namespace tierwall;

namespace {

constexpr const char* kSource = "test";

kube::Decoded object(const char* kind, const std::string& space, const std::string& name) {
    kube::Decoded out;
    out.key = {.kind = kind, .namespace_name = space, .name = name};
    return out;
}

/// Puts and removes objects of every kind, by chance.
class Chance {
public:
    explicit Chance(std::uint32_t seed) : random_(seed) {}

    void change(kube::Store& store) {
        switch (below(9)) {
            case 0: return put_namespace(store);
            case 1:
            case 2: return put_pod(store);
            case 3:
            case 4: return put_network_policy(store);
            case 5: return put_cluster_policy(store);
            case 6: return put_admin_policy(store);
            case 7: return put_node(store);
            default: return remove(store);
        }
    }

private:
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_() % bound);
    }
    std::string space() { return "ns" + std::to_string(below(3)); }
    std::string letter() { return std::string(1, static_cast<char>('a' + below(3))); }
    kube::Mode mode() { return static_cast<kube::Mode>(below(3)); }
    kube::LabelSelector selector() { return {{{"app", letter()}}, {}}; }

    void put(kube::Store& store, kube::Decoded decoded) {
        keys_.push_back(decoded.key);
        store.put(kSource, std::move(decoded));
    }
    void put_namespace(kube::Store& store) {
        const std::string name = space();
        kube::Decoded out = object("Namespace", "", name);
        out.object =
            kube::Namespace{name, {{"kubernetes.io/metadata.name", name}, {"team", letter()}}};
        out.mode = mode();
        put(store, std::move(out));
    }
    void put_pod(kube::Store& store) {
        const std::uint32_t number = below(20);
        kube::Pod pod;
        pod.namespace_name = space();
        pod.name = "pod" + std::to_string(number);
        pod.uid = pod.namespace_name + pod.name;
        pod.labels = {{"app", letter()}};
        const auto last = static_cast<std::uint8_t>(number + 1);
        const std::uint8_t bytes[] = {10, 0, static_cast<std::uint8_t>(pod.namespace_name[2]),
                                      last};
        pod.addresses = {base::Address::v4(bytes)};
        pod.node = "node" + std::to_string(below(2));
        pod.ports = {{"http", 6, static_cast<std::uint16_t>(8080 + below(2))}};
        kube::Decoded out = object("Pod", pod.namespace_name, pod.name);
        out.object = std::move(pod);
        put(store, std::move(out));
    }
    void put_node(kube::Store& store) {
        kube::Node node;
        node.name = "node" + std::to_string(below(2));
        node.labels = {{"zone", letter()}};
        kube::Decoded out = object("Node", "", node.name);
        out.object = std::move(node);
        put(store, std::move(out));
    }
    void put_network_policy(kube::Store& store) {
        kube::NetworkPolicy policy;
        policy.namespace_name = space();
        policy.name = "policy" + std::to_string(below(4));
        policy.pod_selector = selector();
        kube::NetworkPolicyPeer peer;
        peer.namespace_selector.emplace().match_labels = {{"team", letter()}};
        kube::NetworkPolicyPort port;
        if (below(2) == 0) port.port = std::string("http");
        policy.ingress = {{.peers = {peer}, .ports = {port}}};
        kube::Decoded out = object("NetworkPolicy", policy.namespace_name, policy.name);
        out.object = std::move(policy);
        out.mode = mode();
        put(store, std::move(out));
    }
    void put_cluster_policy(kube::Store& store) {
        kube::ClusterNetworkPolicy policy;
        policy.name = "guard" + std::to_string(below(2));
        policy.tier = below(2) == 0 ? "Admin" : "Baseline";
        policy.priority = below(3);
        policy.subject.emplace().namespaces.emplace().match_labels = {{"team", letter()}};
        kube::ClusterPolicyRule rule;
        rule.action = below(2) == 0 ? "Accept" : "Deny";
        rule.peers.emplace().emplace_back().namespaces.emplace();
        policy.ingress = {rule};
        // Not all that is said of it is right: that must be told of as long as it is there.
        if (below(3) == 0) policy.ingress.front().action = "Perhaps";
        kube::Decoded out = object("ClusterNetworkPolicy", "", policy.name);
        out.object = std::move(policy);
        out.mode = mode();
        put(store, std::move(out));
    }
    void put_admin_policy(kube::Store& store) {
        kube::AdminNetworkPolicy policy;
        policy.baseline = below(2) == 0;
        policy.name = policy.baseline ? "default" : "old";
        if (!policy.baseline) policy.priority = 5;
        policy.subject.emplace().namespaces.emplace();
        kube::AdminPolicyRule rule;
        rule.action = "Deny";
        rule.peers.emplace().emplace_back().namespaces.emplace().match_labels = {
            {"team", letter()}};
        policy.egress = {rule};
        kube::Decoded out = object(policy.kind(), "", policy.name);
        out.object = std::move(policy);
        put(store, std::move(out));
    }
    void remove(kube::Store& store) {
        if (keys_.empty()) return;
        const std::size_t at = below(static_cast<std::uint32_t>(keys_.size()));
        store.remove(kSource, keys_[at]);
        keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    std::mt19937 random_;
    std::vector<kube::ObjectKey> keys_;
};

std::vector<std::string> lines(std::vector<kube::Problem> problems) {
    std::vector<std::string> out;
    for (const kube::Problem& each : problems) {
        out.push_back(each.object + " " + each.field + ": " + each.message);
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// The mirror follows by looking only at what is said to have changed.
template <typename T>
void follow(std::map<std::string, T>& mirror, const std::map<std::string, T>& now,
            const std::set<std::string>& names) {
    for (const std::string& name : names) {
        mirror.erase(name);
        if (const auto at = now.find(name); at != now.end()) mirror.insert(*at);
    }
}

BOOST_AUTO_TEST_CASE(a_store_tells_of_everything_that_changed) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            kube::Store store;
            Chance chance(seed);
            kube::Cluster mirror;
            std::map<std::string, policy::Policy> policies;
            for (int step = 0; step < 200; ++step) {
                chance.change(store);
                const kube::Store::Changes changes = store.take_changes();
                const kube::Objects& objects = store.objects();
                follow(mirror.namespaces, objects.cluster.namespaces, changes.namespaces);
                follow(mirror.pods, objects.cluster.pods, changes.pods);
                follow(mirror.nodes, objects.cluster.nodes, changes.nodes);
                std::vector<kube::Problem> problems;
                std::map<std::string, policy::Policy> now;
                for (policy::Policy& each : dialect::translate(objects, problems)) {
                    now.emplace(each.path(), std::move(each));
                }
                follow(policies, now, changes.policies);
                BOOST_REQUIRE(mirror.namespaces == objects.cluster.namespaces);
                BOOST_REQUIRE(mirror.pods == objects.cluster.pods);
                BOOST_REQUIRE(mirror.nodes == objects.cluster.nodes);
                BOOST_REQUIRE(policies == now);
            }
            BOOST_TEST(store.take_changes().empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_translator_that_is_told_of_changes_has_what_a_translation_gives) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            kube::Store store;
            Chance chance(seed);
            dialect::Translator translator;
            translator.reset(store.objects());
            for (int step = 0; step < 200; ++step) {
                for (std::uint32_t i = 0; i <= seed % 3; ++i) chance.change(store);
                translator.update(store.objects(), store.take_changes().policies);
                std::vector<kube::Problem> problems;
                const auto expected = dialect::translate(store.objects(), problems);
                BOOST_REQUIRE(translator.policies().size() == expected.size());
                for (const policy::Policy& each : expected) {
                    const policy::Policy* found = translator.find(each.path());
                    BOOST_REQUIRE(found != nullptr);
                    BOOST_REQUIRE(*found == each);
                }
                BOOST_REQUIRE(lines(translator.problems(store.objects())) == lines(problems));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(snapshots_of_changes_are_those_of_a_look_at_everything) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            sync::Snapshots snapshots({});
            compile::Compiler looking_at_all;
            Chance chance(seed);
            for (int step = 0; step < 150; ++step) {
                chance.change(snapshots.store());
                const auto output = snapshots.compile();
                BOOST_REQUIRE(output.ok());
                BOOST_TEST(!snapshots.is_stale());
                const kube::Objects& objects = snapshots.store().objects();
                std::vector<kube::Problem> problems;
                const auto policies = dialect::translate(objects, problems);
                const auto expected = looking_at_all.compile({.cluster = &objects.cluster,
                                                              .policies = policies,
                                                              .names = {},
                                                              .service_prefixes = {}});
                BOOST_REQUIRE(expected.ok());
                BOOST_REQUIRE(output->resources.hash() == expected->resources.hash());
                problems.insert(problems.end(), expected->warnings.begin(),
                                expected->warnings.end());
                BOOST_REQUIRE(lines(snapshots.found()) == lines(problems));
            }
        }
    }
}

}  // namespace
