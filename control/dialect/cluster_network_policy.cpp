// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/cluster_network_policy.hpp"

#include "control/dialect/selector.hpp"
#include "control/kube/syntax.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <optional>

namespace tierwall::dialect {
namespace {

using kube::ClusterPolicyPeer;
using kube::ClusterPolicyProtocol;
using kube::ClusterPolicyRule;
using policy::Peer;
using policy::Port;
using policy::Rule;

constexpr std::uint8_t kNamedProtocols[] = {base::kIpTcp, base::kIpUdp, base::kIpSctp};

std::optional<policy::PodSet> all_pods(const kube::LabelSelector& namespaces) {
    const auto chosen = selector(namespaces);
    if (!chosen) return std::nullopt;
    return policy::PodSet{"", *chosen, {}};
}

std::optional<policy::PodSet> some_pods(const kube::NamespacedPods& written) {
    if (!written.pod_selector) return std::nullopt;
    const auto namespaces = selector(written.namespace_selector.value_or(kube::LabelSelector{}));
    const auto pods = selector(*written.pod_selector);
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

std::optional<Port> transport(std::uint8_t protocol, const kube::ClusterPolicyTransport& written) {
    if (!written.destination_port) return std::nullopt;
    const kube::ClusterPolicyPort& port = *written.destination_port;
    if (port.number.has_value() == port.range.has_value()) return std::nullopt;
    const std::int64_t first = port.number ? *port.number : port.range->start.value_or(0);
    const std::int64_t last = port.number ? *port.number : port.range->end.value_or(0);
    if (!kube::is_port_number(first) || !kube::is_port_number(last) || last < first)
        return std::nullopt;
    return Port{protocol, static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last), ""};
}

/// Adds the element's ports; false when it is not understood.
bool add_ports(const ClusterPolicyProtocol& written, std::vector<Port>& ports) {
    if (written.has_unknown || written.known_fields() != 1) return false;
    if (written.named_port) {
        // A name goes with any protocol: each destination pod says which of them it means.
        if (written.named_port->empty()) return false;
        for (const std::uint8_t protocol : kNamedProtocols) {
            ports.push_back({protocol, 0, 65535, *written.named_port});
        }
        return true;
    }
    std::optional<Port> port;
    if (written.tcp) port = transport(base::kIpTcp, *written.tcp);
    if (written.udp) port = transport(base::kIpUdp, *written.udp);
    if (written.sctp) port = transport(base::kIpSctp, *written.sctp);
    if (port) ports.push_back(*port);
    return port.has_value();
}

base::Action action_of(const std::optional<std::string>& word) {
    if (word == "Accept") return base::Action::Allow;
    if (word == "Pass") return base::Action::Pass;
    return base::Action::Deny;
}

struct Place {
    const kube::ClusterNetworkPolicy* policy;
    std::string field;  ///< "spec.ingress[0]"
    const char* peers;  ///< "from" or "to"
    std::vector<kube::Problem>* problems;

    void report(const std::string& below, std::string message) const {
        problems->push_back(
            {"", policy->path(), field + "." + below, base::Errc::Invalid, std::move(message)});
    }
};

std::string item(const char* list, std::size_t index) {
    return std::string(list) + "[" + std::to_string(index) + "]";
}

/// Incomplete knowledge of names errs on the side of denying only where a name can but allow.
bool names_allowed(const kube::ClusterNetworkPolicy& policy, const ClusterPolicyRule& rule) {
    return policy.tier == "Admin" && rule.action == "Accept";
}

/// False when the rule must fail closed.
bool fill(const ClusterPolicyRule& written, const Place& place, Rule& result) {
    if (!written.understood || !written.action) return false;
    if (!written.peers || written.peers->empty()) return false;
    bool good = true;
    for (std::size_t i = 0; i < written.peers->size(); ++i) {
        const ClusterPolicyPeer& each = (*written.peers)[i];
        auto translated = peer(each);
        if (!translated) {
            place.report(item(place.peers, i), "cannot be understood; the rule fails closed");
        } else if (each.domain_names && !names_allowed(*place.policy, written)) {
            place.report(item(place.peers, i) + ".domainNames",
                         "only for Accept in the Admin tier; the rule fails closed");
            translated.reset();
        }
        good = good && translated.has_value();
        if (translated) result.peers.push_back(*std::move(translated));
    }
    if (!written.protocols) return good;
    if (written.protocols->empty()) return false;
    for (std::size_t i = 0; i < written.protocols->size(); ++i) {
        if (add_ports((*written.protocols)[i], result.ports)) continue;
        place.report(item("protocols", i), "cannot be understood; the rule fails closed");
        good = false;
    }
    return good;
}

/// Accept matches nothing; Deny and Pass deny everything.
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

Rule rule(const ClusterPolicyRule& written, const Place& place) {
    Rule result;
    result.action = action_of(written.action);
    result.name = written.name;
    if (!fill(written, place, result)) close(result);
    return result;
}

bool is_named(const Port& port) { return !port.name.empty(); }
bool is_pods(const Peer& peer) { return std::holds_alternative<policy::PodSet>(peer); }

/// Networks, nodes and domain names have no port names: a named port never matches them, even where
/// a pod is behind the address. A rule with both is two in one place.
void add_by_ports(Rule rule, std::vector<Rule>& result) {
    if (std::none_of(rule.ports.begin(), rule.ports.end(), is_named) ||
        std::all_of(rule.peers.begin(), rule.peers.end(), is_pods)) {
        result.push_back(std::move(rule));
        return;
    }
    Rule addresses = rule;
    std::erase_if(addresses.peers, is_pods);
    std::erase_if(addresses.ports, is_named);
    std::erase_if(rule.peers, [](const Peer& peer) { return !is_pods(peer); });
    result.push_back(std::move(rule));
    if (!addresses.ports.empty()) result.push_back(std::move(addresses));
}

std::vector<Rule> rules(const std::vector<ClusterPolicyRule>& written, Place place) {
    const std::string list = place.field;
    std::vector<Rule> result;
    for (std::size_t i = 0; i < written.size(); ++i) {
        place.field = item(list.c_str(), i);
        Rule made = rule(written[i], place);
        made.index = static_cast<std::uint32_t>(i);
        add_by_ports(std::move(made), result);
    }
    return result;
}

}  // namespace

policy::Policy translate(const kube::ClusterNetworkPolicy& written,
                         std::vector<kube::Problem>& problems) {
    policy::Policy result;
    result.tier = written.tier == "Baseline" ? base::kTierBaseline : base::kTierAdmin;
    result.priority = static_cast<std::int32_t>(written.priority.value_or(0));
    result.kind = "ClusterNetworkPolicy";
    result.name = written.name;
    const auto& subject = written.subject;
    std::optional<policy::PodSet> pods;
    if (subject && subject->namespaces) pods = all_pods(*subject->namespaces);
    if (subject && subject->pods) pods = some_pods(*subject->pods);
    if (pods) result.subject = *pods;
    result.ingress = rules(written.ingress, {&written, "spec.ingress", "from", &problems});
    result.egress = rules(written.egress, {&written, "spec.egress", "to", &problems});
    // Validation leaves no policy without a subject. Should one come this far, then for all pods,
    // and with no rule that allows anything.
    if (!pods) close_all(result);
    return result;
}

}  // namespace tierwall::dialect
