// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/read_policy.hpp"

#include "test/oracle/json.hpp"

#include <algorithm>
#include <cctype>

namespace tierwall::oracle {

namespace {

bool is_label_text(const std::string& text) {
    const auto outer = [](unsigned char c) { return std::isalnum(c) != 0; };
    const auto inner = [&](unsigned char c) {
        return outer(c) || c == '-' || c == '_' || c == '.';
    };
    return text.size() <= 63 && outer(static_cast<unsigned char>(text.front())) &&
           outer(static_cast<unsigned char>(text.back())) &&
           std::all_of(text.begin(), text.end(), inner);
}

bool is_label_value(const std::string& text) { return text.empty() || is_label_text(text); }

/// A name, after a prefix and a slash if there is one.
bool is_label_key(const std::string& text) {
    const std::size_t slash = text.find('/');
    const std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
    return slash != 0 && !name.empty() && is_label_text(name);
}

bool is_bad(const Expression& e) {
    const bool takes_values = e.op == "In" || e.op == "NotIn";
    const bool takes_none = e.op == "Exists" || e.op == "DoesNotExist";
    if (!is_label_key(e.key) || (!takes_values && !takes_none)) return true;
    if (takes_values == e.values.empty()) return true;
    return !std::all_of(e.values.begin(), e.values.end(), is_label_value);
}

}  // namespace

Selector read_selector(const Json& object) {
    Selector selector;
    for (const auto& [key, value] : at(object, "matchLabels").items()) {
        selector.labels[key] = value.is_string() ? value.get<std::string>() : "";
    }
    for (const Json& item : at(object, "matchExpressions")) {
        Expression expression{string_at(item, "key"), string_at(item, "operator"), {}};
        for (const Json& value : at(item, "values")) expression.values.push_back(value);
        selector.expressions.push_back(expression);
    }
    return selector;
}

bool is_bad(const Selector& selector) {
    for (const auto& [key, value] : selector.labels) {
        if (!is_label_key(key) || !is_label_value(value)) return true;
    }
    return std::any_of(selector.expressions.begin(), selector.expressions.end(),
                       [](const Expression& e) { return is_bad(e); });
}

namespace {

bool is_inside(const Block& inner, const Block& outer) {
    return inner.length > outer.length && contains(outer, inner.address);
}

Peer read_ip_block(const Json& item) {
    Peer peer;
    const auto cidr = parse_stored_block(string_at(item, "cidr"));
    peer.known = cidr.has_value();
    if (!cidr) return peer;
    peer.blocks.push_back(*cidr);
    for (const Json& hole : at(item, "except")) {
        const auto block = parse_stored_block(hole);
        if (!block || !is_inside(*block, *cidr)) peer.known = false;
        if (block) peer.except.push_back(*block);
    }
    return peer;
}

Peer read_peer(const Json& item) {
    const bool has_pods = item.contains("podSelector");
    const bool has_namespaces = item.contains("namespaceSelector");
    Peer peer;
    if (item.contains("ipBlock")) {
        peer = read_ip_block(item["ipBlock"]);
        if (has_pods || has_namespaces) peer.known = false;
    } else {
        peer.known = has_pods || has_namespaces;
    }
    if (has_pods) peer.pod_selector = read_selector(item["podSelector"]);
    if (has_namespaces) peer.namespace_selector = read_selector(item["namespaceSelector"]);
    for (const auto* selector : {&peer.pod_selector, &peer.namespace_selector}) {
        if (selector->has_value() && is_bad(**selector)) peer.known = false;
    }
    return peer;
}

PortMatch read_port(const Json& item) {
    PortMatch port;
    port.protocol = string_at(item, "protocol", "TCP");
    port.protocol_given = item.contains("protocol");
    const Json& number = at(item, "port");
    const Json& end = at(item, "endPort");
    if (number.is_string()) port.name = number;
    if (number.is_number()) port.first = port.last = number;
    if (end.is_number()) port.last = end;
    const auto is_number = [](int value) { return value >= 1 && value <= 65535; };
    port.known = port.protocol == "TCP" || port.protocol == "UDP" || port.protocol == "SCTP";
    if (number.is_number()) {
        port.known &= is_number(port.first) && is_number(port.last) && port.first <= port.last;
    } else if (end.is_number()) {
        port.known = false;
    }
    return port;
}

std::vector<Rule> read_rules(const Json& list, const char* peers) {
    std::vector<Rule> rules;
    for (const Json& item : list) {
        Rule rule;
        rule.action = "Accept";
        for (const Json& peer : at(item, peers)) rule.peers.push_back(read_peer(peer));
        for (const Json& port : at(item, "ports")) rule.ports.push_back(read_port(port));
        rule.any_peer = rule.peers.empty();
        rule.any_port = rule.ports.empty();
        rules.push_back(rule);
    }
    return rules;
}

bool all_known(const std::vector<Rule>& rules) {
    const auto known = [](const auto& item) { return item.known; };
    return std::all_of(rules.begin(), rules.end(), [&](const Rule& rule) {
        return std::all_of(rule.peers.begin(), rule.peers.end(), known) &&
               std::all_of(rule.ports.begin(), rule.ports.end(), known);
    });
}

void read_network_policy(const Json& spec, Policy& policy) {
    policy.tier = "NetworkPolicy";
    policy.subject_pods = read_selector(at(spec, "podSelector"));
    policy.ingress = read_rules(at(spec, "ingress"), "from");
    policy.egress = read_rules(at(spec, "egress"), "to");
    for (const Json& type : at(spec, "policyTypes")) policy.types.push_back(type);
    policy.sound = all_known(policy.ingress) && all_known(policy.egress);
}

}  // namespace

Policy read_policy(const Json& object) {
    Policy policy;
    policy.kind = string_at(object, "kind");
    policy.name = string_at(at(object, "metadata"), "name");
    policy.mode = read_mode(at(object, "metadata"));
    if (policy.kind == "NetworkPolicy") {
        policy.ns = string_at(at(object, "metadata"), "namespace", "default");
        read_network_policy(at(object, "spec"), policy);
    } else {
        read_cluster_policy(at(object, "spec"), policy);
    }
    return policy;
}

}  // namespace tierwall::oracle
