// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/cluster_policy_peer.hpp"

#include "control/dialect/selector.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>

namespace tierwall::dialect {
namespace {

using kube::ClusterPolicyPeer;
using policy::Peer;
using policy::Port;
using policy::Rule;

std::optional<policy::PodSet> all_pods(const kube::LabelSelector& namespaces) {
    const auto chosen = selector(namespaces);
    if (!chosen) return std::nullopt;
    return policy::PodSet{"", *chosen, {}};
}

std::optional<policy::PodSet> some_pods(const kube::NamespacedPods& written) {
    // Where a selector must not be missing, the rule is not understood, and does not come here.
    const auto namespaces = selector(written.namespace_selector.value_or(kube::LabelSelector{}));
    const auto pods = selector(written.pod_selector.value_or(kube::LabelSelector{}));
    if (!namespaces || !pods) return std::nullopt;
    return policy::PodSet{"", *namespaces, *pods};
}

std::optional<Peer> networks_peer(const std::vector<std::string>& written) {
    policy::NetworkSet networks;
    for (const std::string& cidr : written) {
        const auto prefix = base::parse_prefix(cidr);
        if (!prefix) return std::nullopt;
        networks.cidrs.push_back(*prefix);
    }
    auto& cidrs = networks.cidrs;
    if (cidrs.empty()) return std::nullopt;
    std::sort(cidrs.begin(), cidrs.end());
    cidrs.erase(std::unique(cidrs.begin(), cidrs.end()), cidrs.end());
    return networks;
}

Peer names_peer(const std::vector<std::string>& written) {
    policy::NameSet names;
    for (std::string name : written) {
        for (char& c : name) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        if (name.ends_with('.')) name.pop_back();
        names.names.push_back(std::move(name));
    }
    std::sort(names.names.begin(), names.names.end());
    names.names.erase(std::unique(names.names.begin(), names.names.end()), names.names.end());
    return names;
}

template <typename T>
std::optional<Peer> widen(std::optional<T> set) {
    if (!set) return std::nullopt;
    return Peer(*std::move(set));
}

std::optional<Peer> peer(const ClusterPolicyPeer& written) {
    if (written.has_unknown || written.known_fields() != 1) return std::nullopt;
    if (written.namespaces) return widen(all_pods(*written.namespaces));
    if (written.pods) return widen(some_pods(*written.pods));
    if (written.networks) return networks_peer(*written.networks);
    if (written.domain_names) {
        if (written.domain_names->empty()) return std::nullopt;
        return names_peer(*written.domain_names);
    }
    const auto nodes = selector(*written.nodes);
    if (!nodes) return std::nullopt;
    return Peer(policy::NodeSet{*nodes});
}

constexpr std::uint8_t kNamedProtocols[] = {base::kIpTcp, base::kIpUdp, base::kIpSctp};

bool is_named(const Port& port) { return !port.name.empty(); }
bool is_pods(const Peer& peer) { return std::holds_alternative<policy::PodSet>(peer); }

}  // namespace

void RulePlace::report(const std::string& below, std::string message) const {
    problems->push_back({"", object, field + "." + below, base::Errc::Invalid, std::move(message)});
}

void RulePlace::warn(const std::string& below, std::string message) const {
    report(below, std::move(message));
    problems->back().severity = kube::Severity::Warning;
}

std::string element(const char* list, std::size_t index) {
    return std::string(list) + "[" + std::to_string(index) + "]";
}

std::optional<policy::PodSet> subject(const std::optional<kube::ClusterPolicySubject>& written) {
    if (written && written->namespaces) return all_pods(*written->namespaces);
    if (written && written->pods) return some_pods(*written->pods);
    return std::nullopt;
}

bool fill_peers(const std::optional<std::vector<ClusterPolicyPeer>>& written,
                const RulePlace& place, Rule& rule) {
    if (!written || written->empty()) return false;
    bool good = true;
    for (std::size_t i = 0; i < written->size(); ++i) {
        const ClusterPolicyPeer& each = (*written)[i];
        auto translated = peer(each);
        if (!translated) {
            place.report(element(place.peers, i), "cannot be understood; the rule fails closed");
        } else if (each.domain_names && !place.names_allowed) {
            place.report(element(place.peers, i) + ".domainNames",
                         "only for what allows in the Admin tier; the rule fails closed");
            translated.reset();
        }
        good = good && translated.has_value();
        if (translated) rule.peers.push_back(*std::move(translated));
    }
    return good;
}

bool add_named_port(const std::string& name, std::vector<Port>& ports) {
    if (name.empty()) return false;
    for (const std::uint8_t protocol : kNamedProtocols) {
        ports.push_back({protocol, 0, 65535, name});
    }
    return true;
}

void close(Rule& rule) {
    rule.failed_closed = true;
    rule.peers.clear();
    rule.ports.clear();
    if (rule.action == base::Action::Allow) return;
    rule.action = base::Action::Deny;
    rule.any_peer = true;
}

void close_all(policy::Policy& policy) {
    for (Rule& rule : policy.ingress) close(rule);
    for (Rule& rule : policy.egress) close(rule);
}

void add_by_ports(Rule rule, std::vector<Rule>& rules) {
    if (std::none_of(rule.ports.begin(), rule.ports.end(), is_named) ||
        std::all_of(rule.peers.begin(), rule.peers.end(), is_pods)) {
        rules.push_back(std::move(rule));
        return;
    }
    Rule addresses = rule;
    std::erase_if(addresses.peers, is_pods);
    std::erase_if(addresses.ports, is_named);
    std::erase_if(rule.peers, [](const Peer& peer) { return !is_pods(peer); });
    rules.push_back(std::move(rule));
    if (!addresses.ports.empty()) rules.push_back(std::move(addresses));
}

}  // namespace tierwall::dialect
