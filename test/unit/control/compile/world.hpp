// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// World: a small cluster with policies, in short words, and a direct reading of what they mean.
///
/// expected() goes through policies and rules one by one, as the API describes it; it knows nothing
/// of identities, groups and classes.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    O(policies * rules) a question.

#include "control/compile/compiler.hpp"
#include "control/kube/cluster.hpp"
#include "control/policy/policy.hpp"
#include "control/policy/selector.hpp"
#include "dataplane/base/protocol.hpp"
#include "test/support/snapshot_reader.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::compile {

using Answer = support::SnapshotReader::Answer;
using Pairs = std::vector<std::pair<std::string, std::string>>;

inline base::Address ip(const std::string& text) { return base::parse_address(text).value(); }
inline base::Prefix cidr(const std::string& text) { return base::parse_prefix(text).value(); }

inline policy::Selector labels_in(const Pairs& pairs) {
    policy::Selector selector;
    for (const auto& [key, value] : pairs) {
        selector.requirements.push_back({key, policy::Operator::In, {value}});
    }
    std::sort(selector.requirements.begin(), selector.requirements.end());
    return selector;
}
inline policy::PodSet pods_in(const std::string& space, const Pairs& labels = {}) {
    return {space, {}, labels_in(labels)};
}
inline policy::PodSet pods_where(const Pairs& spaces, const Pairs& labels = {}) {
    return {{}, labels_in(spaces), labels_in(labels)};
}
inline policy::NetworkSet networks(const std::vector<std::string>& cidrs,
                                   const std::vector<std::string>& except = {}) {
    policy::NetworkSet set;
    for (const auto& text : cidrs) set.cidrs.push_back(cidr(text));
    for (const auto& text : except) set.except.push_back(cidr(text));
    std::sort(set.cidrs.begin(), set.cidrs.end());
    std::sort(set.except.begin(), set.except.end());
    return set;
}
inline policy::Port tcp(std::uint16_t first, std::uint16_t last = 0) {
    return {base::kIpTcp, first, last == 0 ? first : last, {}};
}
inline policy::Port named(const std::string& name, std::uint8_t protocol = base::kIpTcp) {
    return {protocol, 0, 0, name};
}
inline policy::Rule rule(base::Action action, std::vector<policy::Peer> peers,
                         std::vector<policy::Port> ports = {}) {
    policy::Rule out;
    out.action = action;
    out.peers = std::move(peers);
    out.ports = std::move(ports);
    return out;
}
inline policy::Rule any_rule(base::Action action, std::vector<policy::Port> ports = {}) {
    policy::Rule out = rule(action, {}, std::move(ports));
    out.any_peer = true;
    return out;
}
inline void number_rules(policy::Policy& policy) {
    for (auto* rules : {&policy.ingress, &policy.egress}) {
        for (std::size_t i = 0; i < rules->size(); ++i) {
            (*rules)[i].index = static_cast<std::uint32_t>(i);
        }
    }
}
/// Isolates in the directions for which it is given rules, or which `isolates` names (i, e).
inline policy::Policy network_policy(const std::string& space, const std::string& name,
                                     const Pairs& pods, std::vector<policy::Rule> ingress,
                                     std::vector<policy::Rule> egress = {},
                                     const std::string& isolates = "") {
    policy::Policy out;
    out.tier = base::kTierNetworkPolicy;
    out.kind = "NetworkPolicy";
    out.namespace_name = space;
    out.name = name;
    out.subject = pods_in(space, pods);
    out.isolates_ingress = !ingress.empty() || isolates.find('i') != std::string::npos;
    out.isolates_egress = !egress.empty() || isolates.find('e') != std::string::npos;
    out.ingress = std::move(ingress);
    out.egress = std::move(egress);
    number_rules(out);
    return out;
}
inline policy::Policy cluster_policy(std::uint16_t tier, std::int32_t priority,
                                     const std::string& name, policy::PodSet subject,
                                     std::vector<policy::Rule> ingress,
                                     std::vector<policy::Rule> egress = {}) {
    policy::Policy out;
    out.tier = tier;
    out.priority = priority;
    out.kind = "ClusterNetworkPolicy";
    out.name = name;
    out.subject = std::move(subject);
    out.ingress = std::move(ingress);
    out.egress = std::move(egress);
    number_rules(out);
    return out;
}

struct World {
    kube::Cluster cluster;
    std::vector<policy::Policy> policies;
    std::map<std::string, std::vector<base::Address>> names;

    void add_namespace(const std::string& name, const Pairs& labels = {}) {
        kube::Namespace out{name, {{"kubernetes.io/metadata.name", name}}};
        for (const auto& [key, value] : labels) out.labels[key] = value;
        cluster.namespaces[name] = out;
    }
    kube::Pod& add_pod(const std::string& path, const std::string& address,
                       const Pairs& labels = {}, const std::string& node = "") {
        const std::size_t slash = path.find('/');
        kube::Pod pod;
        pod.namespace_name = path.substr(0, slash);
        pod.name = path.substr(slash + 1);
        pod.uid = path;
        pod.created = "2026-01-01T00:00:00Z";
        pod.labels = kube::Labels(labels.begin(), labels.end());
        pod.addresses = {ip(address)};
        pod.node = node;
        return cluster.pods[path] = pod;
    }
    void add_node(const std::string& name, const std::string& address, const Pairs& labels = {}) {
        cluster.nodes[name] = {name, kube::Labels(labels.begin(), labels.end()), {ip(address)}};
    }
    Input input(const Changes* changes = nullptr) const {
        return {&cluster, policies, names, {}, changes};
    }

    // What the objects mean, read directly.

    const kube::Pod* pod_at(const base::Address& address) const {
        const kube::Pod* newest = nullptr;
        for (const auto& [_, pod] : cluster.pods) {
            const auto& own = pod.addresses;
            if (!pod.is_live() || std::find(own.begin(), own.end(), address) == own.end()) continue;
            const auto age = [](const kube::Pod& p) { return std::tie(p.created, p.uid); };
            if (newest == nullptr || age(*newest) < age(pod)) newest = &pod;
        }
        return newest;
    }
    /// That it lists, or that a host-networked pod there has.
    bool has_address(const kube::Node& node, const base::Address& address) const {
        const auto holds = [&address](const std::vector<base::Address>& all) {
            return std::find(all.begin(), all.end(), address) != all.end();
        };
        if (holds(node.addresses)) return true;
        return pod_at(address) == nullptr &&
               std::any_of(cluster.pods.begin(), cluster.pods.end(), [&](const auto& each) {
                   const kube::Pod& pod = each.second;
                   return pod.host_network && !pod.terminated && pod.node == node.name &&
                          holds(pod.addresses);
               });
    }
    bool is_in(const policy::PodSet& set, const kube::Pod& pod) const {
        if (!policy::matches(set.pods, pod.labels)) return false;
        if (!set.namespace_name.empty()) return set.namespace_name == pod.namespace_name;
        const auto space = cluster.namespaces.find(pod.namespace_name);
        const kube::Labels bare{{"kubernetes.io/metadata.name", pod.namespace_name}};
        return policy::matches(set.namespaces,
                               space == cluster.namespaces.end() ? bare : space->second.labels);
    }
    bool is_in(const policy::Peer& peer, const base::Address& address) const {
        const kube::Pod* pod = pod_at(address);
        const auto holds = [&address](const base::Prefix& p) { return p.contains(address); };
        if (const auto* set = std::get_if<policy::PodSet>(&peer)) {
            return pod != nullptr && is_in(*set, *pod);
        }
        if (const auto* set = std::get_if<policy::NodeSet>(&peer)) {
            return std::any_of(cluster.nodes.begin(), cluster.nodes.end(), [&](const auto& node) {
                return has_address(node.second, address) &&
                       policy::matches(set->nodes, node.second.labels);
            });
        }
        if (const auto* set = std::get_if<policy::NetworkSet>(&peer)) {
            return std::any_of(set->cidrs.begin(), set->cidrs.end(), holds) &&
                   std::none_of(set->except.begin(), set->except.end(), holds);
        }
        for (const std::string& pattern : std::get<policy::NameSet>(peer).names) {
            for (const auto& [name, addresses] : names) {
                const bool wild = pattern.starts_with("*.");
                const bool same =
                    wild ? name.size() > pattern.size() - 1 && name.ends_with(pattern.substr(1))
                         : name == pattern;
                if (same &&
                    std::find(addresses.begin(), addresses.end(), address) != addresses.end()) {
                    return true;
                }
            }
        }
        return false;
    }
    struct Packet {
        base::Address source;
        base::Address destination;
        std::uint8_t protocol = base::kIpTcp;
        std::uint16_t port = 0;
    };
    bool port_matches(const policy::Port& port, const Packet& packet) const {
        if (port.protocol != packet.protocol) return false;
        if (port.name.empty()) return port.first <= packet.port && packet.port <= port.last;
        const kube::Pod* pod = pod_at(packet.destination);
        return pod != nullptr &&
               std::any_of(pod->ports.begin(), pod->ports.end(), [&](const auto& own) {
                   return own.name == port.name && own.protocol == packet.protocol &&
                          own.number == packet.port;
               });
    }
    bool rule_matches(const policy::Rule& rule, const base::Address& peer,
                      const Packet& packet) const {
        const auto peer_holds = [&](const policy::Peer& p) { return is_in(p, peer); };
        const auto port_holds = [&](const policy::Port& p) { return port_matches(p, packet); };
        return (rule.any_peer || std::any_of(rule.peers.begin(), rule.peers.end(), peer_holds)) &&
               (rule.ports.empty() ||
                std::any_of(rule.ports.begin(), rule.ports.end(), port_holds));
    }
    /// What is enforced: denials of audited policies, isolation among them, do not exist.
    Answer expected(base::Direction direction, const Packet& packet) const {
        return expected({direction, false}, packet);
    }
    /// If audited policies were enforced.
    Answer would_be_expected(base::Direction direction, const Packet& packet) const {
        return expected({direction, true}, packet);
    }

private:
    struct How {
        base::Direction direction;
        bool all;  ///< policies are enforced
    };
    Answer expected(const How& how, const Packet& packet) const;
};

inline Answer World::expected(const How& how, const Packet& packet) const {
    const bool egress = how.direction == base::Direction::Egress;
    const base::Address& subject = egress ? packet.source : packet.destination;
    const base::Address& peer = egress ? packet.destination : packet.source;
    const kube::Pod* own = pod_at(subject);
    const auto outcome = [](std::uint16_t tier) { return Answer{true, tier, {}, -1, "allow"}; };
    if (own == nullptr) return outcome(base::kTierNotSubject);
    if (pod_at(peer) == own) return outcome(base::kTierSelf);
    std::vector<policy::Policy> sorted = policies;
    std::sort(sorted.begin(), sorted.end(), policy::asked_before);
    for (const std::uint16_t tier :
         {base::kTierAdmin, base::kTierNetworkPolicy, base::kTierBaseline}) {
        const policy::Policy* isolated_by = nullptr;
        bool passed = false;
        for (const policy::Policy& policy : sorted) {
            const bool isolates = egress ? policy.isolates_egress : policy.isolates_ingress;
            if (policy.tier != tier || !is_in(policy.subject, *own) || passed) continue;
            if (tier == base::kTierNetworkPolicy && !isolates) continue;
            const bool denies = how.all || !policy.audit;
            if (isolated_by == nullptr && denies) isolated_by = &policy;
            for (const policy::Rule& rule : egress ? policy.egress : policy.ingress) {
                if (!rule_matches(rule, peer, packet)) continue;
                if (rule.action == base::Action::Deny && !denies) continue;
                if (rule.action == base::Action::Pass) {
                    passed = true;
                    break;
                }
                return {rule.action == base::Action::Allow, tier, policy.path(),
                        static_cast<int>(rule.index), base::name(rule.action)};
            }
        }
        if (tier != base::kTierNetworkPolicy || isolated_by == nullptr) continue;
        const auto node = cluster.nodes.find(own->node);
        if (!egress && node != cluster.nodes.end() && pod_at(peer) == nullptr &&
            has_address(node->second, peer)) {
            return outcome(base::kTierOwnNode);
        }
        return {false, tier, isolated_by->path(), -1, "deny"};
    }
    return outcome(base::kTierDefault);
}

}  // namespace tierwall::compile
