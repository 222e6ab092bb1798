// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/network_policy.hpp"

#include "control/dialect/selector.hpp"
#include "control/kube/syntax.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <optional>

namespace tierwall::dialect {
namespace {

using policy::Peer;
using policy::Port;
using policy::Rule;

/// Inside the policy's namespace unless there is a namespaceSelector, be it an empty one.
std::optional<Peer> pods_peer(const kube::NetworkPolicyPeer& written, const std::string& own) {
    policy::PodSet pods;
    const auto chosen = selector(written.pod_selector.value_or(kube::LabelSelector{}));
    if (!chosen) return std::nullopt;
    pods.pods = *chosen;
    if (!written.namespace_selector) {
        pods.namespace_name = own;
        return pods;
    }
    const auto namespaces = selector(*written.namespace_selector);
    if (!namespaces) return std::nullopt;
    pods.namespaces = *namespaces;
    return pods;
}

bool add_prefix(const std::string& cidr, std::vector<base::Prefix>& prefixes) {
    const auto prefix = base::parse_stored_prefix(cidr);
    if (prefix) prefixes.push_back(*prefix);
    return prefix.has_value();
}

std::optional<Peer> networks_peer(const kube::IpBlock& written) {
    policy::NetworkSet networks;
    if (!add_prefix(written.cidr, networks.cidrs)) return std::nullopt;
    for (const std::string& except : written.except) {
        if (!add_prefix(except, networks.except)) return std::nullopt;
    }
    std::sort(networks.except.begin(), networks.except.end());
    networks.except.erase(std::unique(networks.except.begin(), networks.except.end()),
                          networks.except.end());
    return networks;
}

std::optional<Peer> peer(const kube::NetworkPolicyPeer& written, const std::string& own) {
    const bool has_selector = written.pod_selector || written.namespace_selector;
    if (has_selector == written.ip_block.has_value()) return std::nullopt;
    return has_selector ? pods_peer(written, own) : networks_peer(*written.ip_block);
}

std::optional<std::uint8_t> protocol(const std::string& word) {
    if (word == "TCP") return base::kIpTcp;
    if (word == "UDP") return base::kIpUdp;
    if (word == "SCTP") return base::kIpSctp;
    return std::nullopt;
}

std::optional<Port> port(const kube::NetworkPolicyPort& written) {
    const auto number = protocol(written.protocol.value_or("TCP"));
    if (!number) return std::nullopt;
    Port result;
    result.protocol = *number;
    if (const auto* name = std::get_if<std::string>(&written.port)) {
        if (name->empty() || written.end_port) return std::nullopt;
        result.name = *name;
    } else if (const auto* first = std::get_if<std::int64_t>(&written.port)) {
        const std::int64_t last = written.end_port.value_or(*first);
        if (!kube::is_port_number(*first) || !kube::is_port_number(last) || last < *first)
            return std::nullopt;
        result.first = static_cast<std::uint16_t>(*first);
        result.last = static_cast<std::uint16_t>(last);
    } else if (written.end_port) {
        return std::nullopt;
    }
    return result;
}

/// A rule that matches nothing keeps its place, so that the others keep their numbers.
Rule rule(const kube::NetworkPolicyRule& written, const std::string& own) {
    Rule result;
    result.action = base::Action::Allow;
    result.any_peer = written.peers.empty();
    for (const kube::NetworkPolicyPeer& each : written.peers) {
        if (auto translated = peer(each, own)) {
            result.peers.push_back(*std::move(translated));
        } else {
            result.failed_closed = true;
        }
    }
    for (const kube::NetworkPolicyPort& each : written.ports) {
        if (const auto translated = port(each)) {
            result.ports.push_back(*translated);
        } else {
            result.failed_closed = true;
        }
    }
    if (result.failed_closed) {
        result.any_peer = false;
        result.peers.clear();
        result.ports.clear();
    }
    return result;
}

std::vector<Rule> rules(const std::vector<kube::NetworkPolicyRule>& written, bool isolated,
                        const std::string& own) {
    std::vector<Rule> result;
    if (!isolated) return result;  // rules of a direction that is not in policyTypes are ignored
    for (const kube::NetworkPolicyRule& each : written) {
        result.push_back(rule(each, own));
        result.back().index = static_cast<std::uint32_t>(result.size() - 1);
    }
    return result;
}

bool names_type(const kube::NetworkPolicy& written, const char* type) {
    const auto& types = written.policy_types;
    return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

policy::Policy translate(const kube::NetworkPolicy& written) {
    policy::Policy result;
    result.tier = base::kTierNetworkPolicy;
    result.kind = "NetworkPolicy";
    result.namespace_name = written.namespace_name;
    result.name = written.name;
    result.subject.namespace_name = written.namespace_name;
    const auto subject = selector(written.pod_selector);
    if (subject) result.subject.pods = *subject;  // else the whole namespace: fails closed
    const bool types_given = !written.policy_types.empty();
    result.isolates_ingress = !types_given || names_type(written, "Ingress");
    result.isolates_egress = types_given ? names_type(written, "Egress") : !written.egress.empty();
    result.ingress = rules(written.ingress, result.isolates_ingress, written.namespace_name);
    result.egress = rules(written.egress, result.isolates_egress, written.namespace_name);
    return result;
}

}  // namespace tierwall::dialect
