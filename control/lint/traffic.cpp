// SPDX-License-Identifier: Apache-2.0
#include "control/lint/traffic.hpp"

#include "control/policy/selector.hpp"

#include <algorithm>

namespace tierwall::lint {
namespace {

bool matches(const policy::Port& port, const Traffic& traffic) {
    if (port.protocol != traffic.protocol) return false;
    if (port.name.empty()) return port.first <= traffic.port && traffic.port <= port.last;
    const auto& own = traffic.destination().ports;
    return std::any_of(own.begin(), own.end(), [&](const kube::ContainerPort& each) {
        return each.name == port.name && each.protocol == port.protocol &&
               each.number == traffic.port;
    });
}

}  // namespace

bool is_in(const policy::PodSet& set, const End& end) {
    if (end.kind != End::Kind::Pod) return false;
    const bool right_namespace = set.namespace_name.empty()
                                     ? policy::matches(set.namespaces, end.namespace_labels)
                                     : set.namespace_name == end.namespace_name;
    return right_namespace && policy::matches(set.pods, end.labels);
}

bool is_in(const policy::NetworkSet& networks, const base::Address& address) {
    const auto holds = [&address](const base::Prefix& block) { return block.contains(address); };
    return std::any_of(networks.cidrs.begin(), networks.cidrs.end(), holds) &&
           std::none_of(networks.except.begin(), networks.except.end(), holds);
}

bool is_in(const policy::Peer& peer, const End& end) {
    if (const auto* pods = std::get_if<policy::PodSet>(&peer)) return is_in(*pods, end);
    if (const auto* nodes = std::get_if<policy::NodeSet>(&peer)) {
        return end.kind == End::Kind::Node && policy::matches(nodes->nodes, end.labels);
    }
    // Nobody has learned which addresses a domain name has.
    const auto* networks = std::get_if<policy::NetworkSet>(&peer);
    return networks != nullptr &&
           std::any_of(end.addresses.begin(), end.addresses.end(),
                       [&](const base::Address& each) { return is_in(*networks, each); });
}

bool matches(const policy::Rule& rule, const Traffic& traffic) {
    const auto has_peer = [&](const policy::Peer& peer) { return is_in(peer, *traffic.peer); };
    const auto has_port = [&](const policy::Port& port) { return matches(port, traffic); };
    return (rule.any_peer || std::any_of(rule.peers.begin(), rule.peers.end(), has_peer)) &&
           (rule.ports.empty() || std::any_of(rule.ports.begin(), rule.ports.end(), has_port));
}

const policy::Rule* first_match(const policy::Policy& policy, const Traffic& traffic) {
    const auto& rules =
        traffic.direction == base::Direction::Egress ? policy.egress : policy.ingress;
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const policy::Rule& each) {
        return matches(each, traffic);
    });
    return rule == rules.end() ? nullptr : &*rule;
}

}  // namespace tierwall::lint
