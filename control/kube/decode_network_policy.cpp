// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode_network_policy.hpp"

#include "control/kube/decode_selector.hpp"
#include "control/kube/validate_selector.hpp"

#include <algorithm>

namespace tierwall::kube {
namespace {

using document::Fault;
using document::Kind;
using document::Reader;

IpBlock decode_ip_block(const Reader& reader) {
    reader.allow_only({"cidr", "except"});
    if (!reader.is(Kind::Object)) return {};
    return {reader.at("cidr").text().value_or(""), decode_strings(reader.at("except"))};
}

NetworkPolicyPeer decode_peer(const Reader& reader) {
    NetworkPolicyPeer peer;
    reader.allow_only({"podSelector", "namespaceSelector", "ipBlock"});
    if (!reader.is(Kind::Object)) return peer;
    peer.pod_selector = decode_selector(reader.at("podSelector"));
    peer.namespace_selector = decode_selector(reader.at("namespaceSelector"));
    if (const Reader block = reader.at("ipBlock"); block.present()) {
        peer.ip_block = decode_ip_block(block);
    }
    return peer;
}

NetworkPolicyPort decode_policy_port(const Reader& reader) {
    NetworkPolicyPort port;
    reader.allow_only({"protocol", "port", "endPort"});
    if (!reader.is(Kind::Object)) return port;
    port.protocol = reader.at("protocol").text();
    const Reader number = reader.at("port");
    if (const auto whole = number.whole_number()) {
        port.port = *whole;
    } else if (number.is(Kind::Text)) {
        port.port = std::string(number.value()->as_text());
    } else if (number.present()) {
        number.wrong_kind("an integer or a string");
    }
    port.end_port = reader.at("endPort").integer(INT64_MIN, INT64_MAX);
    return port;
}

std::vector<NetworkPolicyRule> decode_rules(const Reader& reader, std::string_view peers) {
    std::vector<NetworkPolicyRule> rules;
    for (const Reader& item : reader.items()) {
        NetworkPolicyRule& rule = rules.emplace_back();
        item.allow_only({peers, "ports"});
        if (!item.is(Kind::Object)) continue;
        for (const Reader& peer : item.at(peers).items()) rule.peers.push_back(decode_peer(peer));
        for (const Reader& port : item.at("ports").items())
            rule.ports.push_back(decode_policy_port(port));
    }
    return rules;
}

/// Directions that a policy isolates although its rules cannot be used.
std::vector<std::string> readable_types(const Reader& spec, const std::vector<Fault>& faults) {
    std::vector<std::string> both{"Ingress", "Egress"};
    std::vector<std::string> types = decode_strings(spec.at("policyTypes"));
    const auto known = [](const std::string& type) {
        return type == "Ingress" || type == "Egress";
    };
    if (!faults.empty() || !std::all_of(types.begin(), types.end(), known)) return both;
    if (!types.empty()) return types;
    const Reader egress = spec.at("egress");
    const bool no_egress =
        !egress.present() || (egress.is(Kind::List) && egress.value()->items().empty());
    return no_egress ? std::vector<std::string>{"Ingress"} : both;
}

}  // namespace

NetworkPolicy decode_network_policy(const Reader& root) {
    NetworkPolicy policy;
    root.allow_only({"apiVersion", "kind", "metadata", "spec", "status"});
    const Reader spec = root.at("spec");
    spec.allow_only({"podSelector", "policyTypes", "ingress", "egress"});
    if (!spec.is(Kind::Object)) return policy;
    policy.pod_selector = decode_selector(spec.at("podSelector")).value_or(LabelSelector{});
    policy.policy_types = decode_strings(spec.at("policyTypes"));
    policy.ingress = decode_rules(spec.at("ingress"), "from");
    policy.egress = decode_rules(spec.at("egress"), "to");
    return policy;
}

std::optional<NetworkPolicy> isolating_policy(const document::Value& root) {
    std::vector<Fault> faults;
    const Reader spec = Reader(root, faults).at("spec");
    if (!spec.is(Kind::Object)) return std::nullopt;
    NetworkPolicy policy;
    policy.pod_selector = decode_selector(spec.at("podSelector")).value_or(LabelSelector{});
    std::vector<Problem> problems;
    validate_selector(policy.pod_selector, "spec.podSelector", problems);
    if (!faults.empty() || !problems.empty()) return std::nullopt;
    policy.policy_types = readable_types(spec, faults);
    return policy;
}

}  // namespace tierwall::kube
