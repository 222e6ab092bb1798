// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/pod_addresses.hpp"

#include "control/policy/selector.hpp"

#include <algorithm>
#include <string>

namespace tierwall::bench {
namespace {

void add_addresses(const std::vector<base::Address>& addresses, Ipv4Set& out) {
    for (const base::Address& address : addresses) {
        if (address.is_v4()) out.add(ipv4_number(address));
    }
}

bool is_in(const kube::Cluster& cluster, const kube::Pod& pod, const policy::PodSet& set) {
    if (!pod.is_live() || !matches(set.pods, pod.labels)) return false;
    if (!set.namespace_name.empty()) return pod.namespace_name == set.namespace_name;
    const auto space = cluster.namespaces.find(pod.namespace_name);
    return space != cluster.namespaces.end() && matches(set.namespaces, space->second.labels);
}

Ipv4Set of_networks(const policy::NetworkSet& networks) {
    Ipv4Set out;
    for (const base::Prefix& block : networks.cidrs) out.add(block);
    Ipv4Set except;
    for (const base::Prefix& block : networks.except) except.add(block);
    out.remove(except);
    return out;
}

}  // namespace

const Ipv4Set& PodAddresses::of(const policy::PodSet& set) const {
    const auto [entry, is_new] = known_.try_emplace(set);
    if (!is_new) return entry->second;
    for (const auto& [_, pod] : cluster_.pods) {
        if (is_in(cluster_, pod, set)) add_addresses(pod.addresses, entry->second);
    }
    return entry->second;
}

Ipv4Set PodAddresses::of(const policy::Peer& peer) const {
    if (const auto* pods = std::get_if<policy::PodSet>(&peer)) return of(*pods);
    if (const auto* networks = std::get_if<policy::NetworkSet>(&peer)) {
        return of_networks(*networks);
    }
    Ipv4Set out;
    if (const auto* nodes = std::get_if<policy::NodeSet>(&peer)) {
        for (const auto& [_, node] : cluster_.nodes) {
            if (matches(nodes->nodes, node.labels)) add_addresses(node.addresses, out);
        }
    }
    return out;
}

std::map<std::uint16_t, Ipv4Set> PodAddresses::with_port(const policy::Port& port,
                                                         const Ipv4Set& among) const {
    std::map<std::uint16_t, Ipv4Set> out;
    for (const auto& [_, pod] : cluster_.pods) {
        if (!pod.is_live()) continue;
        for (const kube::ContainerPort& own : pod.ports) {
            if (own.name != port.name || own.protocol != port.protocol) continue;
            for (const base::Address& address : pod.addresses) {
                if (!address.is_v4() || !among.contains(ipv4_number(address))) continue;
                out[own.number].add(ipv4_number(address));
            }
        }
    }
    return out;
}

std::vector<std::pair<Ipv4Set, Ipv4Set>> PodAddresses::by_node() const {
    std::map<std::string, Ipv4Set> pods;
    for (const auto& [_, pod] : cluster_.pods) {
        if (pod.is_live()) add_addresses(pod.addresses, pods[pod.node]);
    }
    std::vector<std::pair<Ipv4Set, Ipv4Set>> out;
    for (const auto& [name, node] : cluster_.nodes) {
        const auto found = pods.find(name);
        if (found == pods.end()) continue;
        Ipv4Set own;
        add_addresses(node.addresses, own);
        out.emplace_back(std::move(own), found->second);
    }
    return out;
}

}  // namespace tierwall::bench
