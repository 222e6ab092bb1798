// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/rule_sets.hpp"

#include "bench/cluster/random.hpp"

#include <array>
#include <string>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kPodsOfNamespace = 24;
/// Applications of the own namespace that each one is open to.
constexpr std::uint32_t kNeighbours = 3;

Shape shape_of_namespaces(std::uint32_t namespaces, std::uint64_t seed) {
    Shape shape;
    shape.seed = seed;
    shape.pods = namespaces * kPodsOfNamespace;
    shape.namespaces = namespaces;
    shape.nodes = namespaces / 2 + 3;
    shape.dual_stack_percent = 0;
    return shape;
}

kube::LabelSelector label(const char* key, const std::string& value) {
    return {.match_labels = {{key, value}}, .match_expressions = {}};
}

kube::NetworkPolicyPeer app_in(const Space& space, const App& app) {
    return {.pod_selector = label("app", app.name),
            .namespace_selector = label("kubernetes.io/metadata.name", space.name),
            .ip_block = {}};
}

kube::NetworkPolicyPort port_of(const kube::ContainerPort& port) {
    return {.protocol = port.protocol == 17 ? "UDP" : "TCP",
            .port = std::int64_t{port.number},
            .end_port = {}};
}

kube::NetworkPolicy open_app(const Population& population, const Space& space, const App& app,
                             Random& random) {
    kube::NetworkPolicy policy;
    policy.namespace_name = space.name;
    policy.name = app.name;
    policy.pod_selector = label("app", app.name);
    policy.policy_types = {"Ingress"};
    kube::NetworkPolicyRule& rule = policy.ingress.emplace_back();
    for (const kube::ContainerPort& port : app.ports) rule.ports.push_back(port_of(port));
    for (std::uint32_t i = 0; i < kNeighbours; ++i) {
        rule.peers.push_back(app_in(space, random.pick(space.apps)));
    }
    for (const std::size_t other : {Population::kIngress, Population::kMonitoring}) {
        const Space& system = population.spaces[other];
        rule.peers.push_back(app_in(system, system.apps.front()));
    }
    const Space& far = random.pick(population.spaces);
    rule.peers.push_back(app_in(far, random.pick(far.apps)));
    return policy;
}

}  // namespace

Generated one_shape(std::uint32_t namespaces, std::uint64_t seed) {
    Generated out;
    out.population = populate(shape_of_namespaces(namespaces, seed));
    out.objects.cluster = cluster_of(out.population);
    Random random(seed ^ 0x6f6e65u);
    for (const Space& space : out.population.spaces) {
        for (const App& app : space.apps) {
            kube::NetworkPolicy policy = open_app(out.population, space, app, random);
            const std::string path = policy.namespace_name + "/" + policy.name;
            out.objects.network_policies.emplace(path, std::move(policy));
        }
    }
    return out;
}

Generated many_shapes(std::uint32_t namespaces, std::uint64_t seed) {
    Shape shape = shape_of_namespaces(namespaces, seed);
    shape.admin = {namespaces / 6 + 1, namespaces};
    shape.network = {namespaces * 4, namespaces * 12};
    shape.baseline = {namespaces / 12 + 1, namespaces / 2};
    return generate(shape);
}

}  // namespace tierwall::bench
