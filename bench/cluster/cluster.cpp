// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/cluster.hpp"

#include "bench/cluster/cluster_policies.hpp"
#include "bench/cluster/network_policies.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::bench {
namespace {

template <typename T>
kube::Decoded with_key(const char* kind, std::string namespace_name, const T& value) {
    kube::Decoded out;
    out.key = {.kind = kind, .namespace_name = std::move(namespace_name), .name = value.name};
    out.object = value;
    return out;
}

std::size_t ports_of(const std::vector<kube::ClusterPolicyRule>& rules) {
    std::size_t sum = 0;
    for (const kube::ClusterPolicyRule& rule : rules) {
        sum += rule.protocols ? std::max<std::size_t>(rule.protocols->size(), 1) : 1;
    }
    return sum;
}

}  // namespace

Generated generate(const Shape& shape) {
    Generated out;
    out.population = populate(shape);
    out.objects.cluster = cluster_of(out.population);
    for (kube::NetworkPolicy& policy : network_policies(out.population)) {
        const std::string name = policy.namespace_name + "/" + policy.name;
        out.objects.network_policies.emplace(name, std::move(policy));
    }
    const auto add = [&out](const char* tier, const TierShape& of_tier) {
        for (kube::ClusterNetworkPolicy& policy : cluster_policies(out.population, tier, of_tier)) {
            const std::string name = policy.name;
            out.objects.cluster_network_policies.emplace(name, std::move(policy));
        }
    };
    add("Admin", shape.admin);
    add("Baseline", shape.baseline);
    return out;
}

kube::Decoded decoded(const kube::Namespace& value) { return with_key("Namespace", {}, value); }
kube::Decoded decoded(const kube::Pod& value) {
    return with_key("Pod", value.namespace_name, value);
}
kube::Decoded decoded(const kube::Node& value) { return with_key("Node", {}, value); }
kube::Decoded decoded(const kube::NetworkPolicy& value) {
    return with_key("NetworkPolicy", value.namespace_name, value);
}
kube::Decoded decoded(const kube::ClusterNetworkPolicy& value) {
    return with_key("ClusterNetworkPolicy", {}, value);
}

std::vector<kube::Decoded> decoded(const kube::Objects& objects) {
    std::vector<kube::Decoded> out;
    const auto add = [&out](const auto& map) {
        for (const auto& [_, value] : map) out.push_back(decoded(value));
    };
    add(objects.cluster.namespaces);
    add(objects.cluster.nodes);
    add(objects.cluster.pods);
    add(objects.network_policies);
    add(objects.cluster_network_policies);
    return out;
}

std::size_t rules(const kube::Objects& objects) {
    std::size_t sum = 0;
    for (const auto& [_, policy] : objects.network_policies) sum += rules(policy);
    for (const auto& [_, policy] : objects.cluster_network_policies) {
        sum += ports_of(policy.ingress) + ports_of(policy.egress);
    }
    return sum;
}

}  // namespace tierwall::bench
