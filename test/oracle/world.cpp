// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/world.hpp"

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>

namespace tierwall::oracle {

namespace {

const Json kNothing;

const Json& at(const Json& object, const char* key) {
    if (!object.is_object()) return kNothing;
    const auto found = object.find(key);
    return found == object.end() ? kNothing : *found;
}

std::string string_at(const Json& object, const char* key, const std::string& otherwise = "") {
    const Json& value = at(object, key);
    return value.is_string() ? value.get<std::string>() : otherwise;
}

/// Kubernetes' old parser took 010 for ten, inet_pton takes it for an error.
std::string without_leading_zeros(const std::string& text) {
    if (text.find(':') != std::string::npos) return text;
    std::string out;
    bool start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit_follows = i + 1 < text.size() && std::isdigit(text[i + 1]) != 0;
        if (start && text[i] == '0' && digit_follows) continue;
        out += text[i];
        start = text[i] == '.';
    }
    return out;
}

Labels read_labels(const Json& object) {
    Labels labels;
    if (!object.is_object()) return labels;
    for (const auto& [key, value] : object.items()) {
        labels[key] = value.is_string() ? value.get<std::string>() : "";
    }
    return labels;
}

Selector read_selector(const Json& object) {
    Selector selector;
    selector.labels = read_labels(at(object, "matchLabels"));
    for (const Json& item : at(object, "matchExpressions")) {
        Expression expression{string_at(item, "key"), string_at(item, "operator"), {}};
        for (const Json& value : at(item, "values")) expression.values.push_back(value);
        selector.expressions.push_back(expression);
    }
    return selector;
}

bool is_bad(const Selector& selector) {
    for (const Expression& e : selector.expressions) {
        const bool takes_values = e.op == "In" || e.op == "NotIn";
        const bool takes_none = e.op == "Exists" || e.op == "DoesNotExist";
        if (!takes_values && !takes_none) return true;
        if (takes_values == e.values.empty()) return true;
    }
    return false;
}

std::vector<Block> read_blocks(const Json& list) {
    std::vector<Block> blocks;
    for (const Json& item : list) blocks.push_back(read_block(item));
    return blocks;
}

// ---- NetworkPolicy v1 ----

Peer read_np_peer(const Json& item) {
    Peer peer;
    if (item.contains("podSelector")) peer.pod_selector = read_selector(item["podSelector"]);
    if (item.contains("namespaceSelector")) {
        peer.namespace_selector = read_selector(item["namespaceSelector"]);
    }
    if (item.contains("ipBlock")) {
        peer.blocks.push_back(read_block(item["ipBlock"]["cidr"]));
        peer.except = read_blocks(at(item["ipBlock"], "except"));
    }
    return peer;
}

PortMatch read_np_port(const Json& item) {
    PortMatch port;
    port.protocol = string_at(item, "protocol", "TCP");
    const Json& number = at(item, "port");
    if (number.is_string()) port.name = number;
    if (number.is_number()) port.first = port.last = number;
    if (at(item, "endPort").is_number()) port.last = item["endPort"];
    return port;
}

std::vector<Rule> read_np_rules(const Json& list, const char* peers) {
    std::vector<Rule> rules;
    for (const Json& item : list) {
        Rule rule;
        rule.action = "Accept";
        for (const Json& peer : at(item, peers)) rule.peers.push_back(read_np_peer(peer));
        for (const Json& port : at(item, "ports")) rule.ports.push_back(read_np_port(port));
        rule.any_peer = rule.peers.empty();
        rule.any_port = rule.ports.empty();
        rules.push_back(rule);
    }
    return rules;
}

void read_network_policy(const Json& spec, Policy& policy) {
    policy.tier = "NetworkPolicy";
    policy.subject_pods = read_selector(at(spec, "podSelector"));
    policy.ingress = read_np_rules(at(spec, "ingress"), "from");
    policy.egress = read_np_rules(at(spec, "egress"), "to");
    const Json& types = at(spec, "policyTypes");
    for (const Json& type : types) {
        policy.isolates_ingress |= type == "Ingress";
        policy.isolates_egress |= type == "Egress";
    }
    if (types.empty()) {
        policy.isolates_ingress = true;
        policy.isolates_egress = !policy.egress.empty();
    }
}

// ---- cluster-scoped kinds ----

void read_pods_peer(const Json& pods, Peer& peer) {
    peer.pod_selector = read_selector(at(pods, "podSelector"));
    if (pods.contains("namespaceSelector")) {
        peer.namespace_selector = read_selector(pods["namespaceSelector"]);
    } else {
        peer.any_namespace = true;
    }
}

Peer read_cluster_peer(const Json& item, bool egress) {
    Peer peer;
    if (item.contains("namespaces")) {
        peer.namespace_selector = read_selector(item["namespaces"]);
    } else if (item.contains("pods")) {
        read_pods_peer(item["pods"], peer);
    } else if (egress && item.contains("networks")) {
        peer.blocks = read_blocks(item["networks"]);
        peer.named_ports_match = false;
    } else if (egress && item.contains("nodes")) {
        peer.nodes = read_selector(item["nodes"]);
        peer.named_ports_match = false;
    } else if (egress && item.contains("domainNames")) {
        for (const Json& name : item["domainNames"]) peer.names.push_back(name);
        peer.named_ports_match = false;
    } else {
        peer.known = false;
    }
    for (const auto* selector : {&peer.pod_selector, &peer.namespace_selector, &peer.nodes}) {
        if (selector->has_value() && is_bad(**selector)) peer.known = false;
    }
    return peer;
}

PortMatch read_protocol(const Json& item) {
    static constexpr std::pair<const char*, const char*> kWords[] = {
        {"tcp", "TCP"}, {"udp", "UDP"}, {"sctp", "SCTP"}};
    PortMatch port;
    if (item.contains("destinationNamedPort")) {
        port.name = item["destinationNamedPort"];
        return port;
    }
    for (const auto& [word, protocol] : kWords) {
        if (!item.contains(word)) continue;
        const Json& destination = at(item[word], "destinationPort");
        port.protocol = protocol;
        if (destination.contains("number")) port.first = port.last = destination["number"];
        if (destination.contains("range")) {
            port.first = destination["range"]["start"];
            port.last = destination["range"]["end"];
        }
        return port;
    }
    port.known = false;
    return port;
}

/// v1alpha1: portNumber, portRange, namedPort.
PortMatch read_admin_port(const Json& item) {
    PortMatch port;
    if (item.contains("namedPort")) {
        port.name = item["namedPort"];
    } else if (item.contains("portNumber")) {
        port.protocol = string_at(item["portNumber"], "protocol", "TCP");
        port.first = port.last = item["portNumber"]["port"];
    } else if (item.contains("portRange")) {
        port.protocol = string_at(item["portRange"], "protocol", "TCP");
        port.first = item["portRange"]["start"];
        port.last = item["portRange"]["end"];
    } else {
        port.known = false;
    }
    return port;
}

std::vector<Rule> read_cluster_rules(const Json& list, bool egress, bool alpha2) {
    std::vector<Rule> rules;
    for (const Json& item : list) {
        Rule rule;
        rule.action = string_at(item, "action");
        if (rule.action == "Allow") rule.action = "Accept";
        rule.name = string_at(item, "name");
        for (const Json& peer : at(item, egress ? "to" : "from")) {
            rule.peers.push_back(read_cluster_peer(peer, egress));
        }
        for (const Json& port : at(item, alpha2 ? "protocols" : "ports")) {
            rule.ports.push_back(alpha2 ? read_protocol(port) : read_admin_port(port));
        }
        rule.any_port = rule.ports.empty();
        rules.push_back(rule);
    }
    return rules;
}

void read_cluster_policy(const Json& spec, Policy& policy) {
    const bool alpha2 = policy.kind == "ClusterNetworkPolicy";
    policy.tier = policy.kind == "AdminNetworkPolicy" ? "Admin" : "Baseline";
    if (alpha2) policy.tier = string_at(spec, "tier");
    if (at(spec, "priority").is_number()) policy.priority = spec["priority"];
    const Json& subject = at(spec, "subject");
    if (subject.contains("namespaces")) {
        policy.subject_namespaces = read_selector(subject["namespaces"]);
    } else {
        const Json& pods = at(subject, "pods");
        policy.subject_pods = read_selector(at(pods, "podSelector"));
        if (pods.contains("namespaceSelector")) {
            policy.subject_namespaces = read_selector(pods["namespaceSelector"]);
        }
    }
    policy.ingress = read_cluster_rules(at(spec, "ingress"), false, alpha2);
    policy.egress = read_cluster_rules(at(spec, "egress"), true, alpha2);
}

Policy read_policy(const Json& object) {
    Policy policy;
    policy.kind = string_at(object, "kind");
    policy.name = string_at(at(object, "metadata"), "name");
    if (policy.kind == "NetworkPolicy") {
        policy.ns = string_at(at(object, "metadata"), "namespace", "default");
        read_network_policy(at(object, "spec"), policy);
    } else {
        read_cluster_policy(at(object, "spec"), policy);
    }
    return policy;
}

Pod read_pod(const Json& item) {
    Pod pod;
    pod.ns = string_at(item, "namespace");
    pod.name = string_at(item, "name");
    pod.created = string_at(item, "created");
    pod.node = string_at(item, "node");
    pod.labels = read_labels(at(item, "labels"));
    for (const Json& ip : at(item, "ips")) pod.ips.push_back(read_ip(ip));
    for (const Json& port : at(item, "ports")) {
        pod.ports.push_back(
            {string_at(port, "name"), string_at(port, "protocol", "TCP"), port["containerPort"]});
    }
    const std::string phase = string_at(item, "phase", "Running");
    pod.host_network = at(item, "hostNetwork") == true;
    pod.terminated = phase == "Succeeded" || phase == "Failed";
    return pod;
}

Node read_node(const Json& item) {
    Node node{string_at(item, "name"), read_labels(at(item, "labels")), {}};
    for (const Json& address : at(item, "addresses")) {
        const std::string type = string_at(address, "type");
        if (type != "InternalIP" && type != "ExternalIP") continue;
        node.ips.push_back(read_ip(address["address"]));
    }
    return node;
}

}  // namespace

Ip read_ip(const std::string& text) {
    Ip ip;
    const std::string clean = without_leading_zeros(text);
    ip.v6 = clean.find(':') != std::string::npos;
    if (inet_pton(ip.v6 ? AF_INET6 : AF_INET, clean.c_str(), ip.bytes.data()) != 1) {
        std::fprintf(stderr, "no address: %s\n", text.c_str());
        std::abort();
    }
    return ip;
}

std::string text(const Ip& ip) {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(ip.v6 ? AF_INET6 : AF_INET, ip.bytes.data(), buffer, sizeof buffer);
    return buffer;
}

Block read_block(const std::string& text) {
    const std::size_t slash = text.find('/');
    return {read_ip(text.substr(0, slash)), std::stoi(text.substr(slash + 1))};
}

bool contains(const Block& block, const Ip& ip) {
    if (block.address.v6 != ip.v6) return false;
    for (int bit = 0; bit < block.length; ++bit) {
        const std::size_t byte = static_cast<std::size_t>(bit / 8);
        const int mask = 0x80 >> (bit % 8);
        if (((block.address.bytes[byte] ^ ip.bytes[byte]) & mask) != 0) return false;
    }
    return true;
}

std::string Policy::path() const { return kind + "/" + (ns.empty() ? "" : ns + "/") + name; }

World read_world(const Json& cluster, const Json& policies) {
    World world;
    for (const Json& item : at(cluster, "namespaces")) {
        Namespace ns{string_at(item, "name"), read_labels(at(item, "labels"))};
        ns.labels["kubernetes.io/metadata.name"] = ns.name;
        world.namespaces.push_back(ns);
    }
    for (const Json& item : at(cluster, "pods")) world.pods.push_back(read_pod(item));
    for (const Json& item : at(cluster, "nodes")) world.nodes.push_back(read_node(item));
    for (const Json& item : policies) world.policies.push_back(read_policy(item));
    for (const Json& item : at(cluster, "dns")) {
        for (const Json& ip : item["ips"]) world.dns[item["name"]].push_back(read_ip(ip));
    }
    return world;
}

}  // namespace tierwall::oracle
