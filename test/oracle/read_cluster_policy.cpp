// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/json.hpp"
#include "test/oracle/read_policy.hpp"

#include <initializer_list>
#include <set>
#include <string>
#include <utility>

namespace tierwall::oracle {

namespace {

using Words = std::set<std::string>;

/// Exactly one field, and one of these: the types are unions.
bool is_one_of(const Json& item, const Words& words) {
    return item.is_object() && item.size() == 1 && words.contains(item.begin().key());
}

class ClusterPolicyReader {
public:
    explicit ClusterPolicyReader(Policy& policy)
        : policy_(policy), is_cnp_(policy.kind == "ClusterNetworkPolicy") {}

    void read(const Json& spec) {
        policy_.tier = policy_.kind == "AdminNetworkPolicy" ? "Admin" : "Baseline";
        if (is_cnp_) policy_.tier = string_at(spec, "tier");
        if (at(spec, "priority").is_number()) policy_.priority = spec["priority"];
        read_subject(at(spec, "subject"));
        policy_.ingress = read_rules(at(spec, "ingress"), false);
        policy_.egress = read_rules(at(spec, "egress"), true);
    }

private:
    void read_subject(const Json& subject) {
        if (subject.contains("namespaces")) {
            policy_.subject_namespaces = read_selector(subject["namespaces"]);
            return;
        }
        const Json& pods = at(subject, "pods");
        policy_.subject_pods = read_selector(at(pods, "podSelector"));
        if (pods.contains("namespaceSelector")) {
            policy_.subject_namespaces = read_selector(pods["namespaceSelector"]);
        }
    }

    Words known_peers(bool egress) const {
        Words words{"namespaces", "pods"};
        if (egress) words.insert({"networks", "nodes"});
        if (egress && policy_.kind != "BaselineAdminNetworkPolicy") words.insert("domainNames");
        return words;
    }

    void read_pods(const Json& pods, Peer& peer) {
        peer.pod_selector = read_selector(at(pods, "podSelector"));
        if (pods.contains("namespaceSelector")) {
            peer.namespace_selector = read_selector(pods["namespaceSelector"]);
        } else {
            peer.any_namespace = true;
        }
    }

    void read_networks(const Json& list, Peer& peer) {
        for (const Json& item : list) {
            if (const auto block = parse_block(item)) {
                peer.blocks.push_back(*block);
            } else {
                peer.known = policy_.sound = false;
            }
        }
    }

    Peer read_peer(const Json& item, bool egress) {
        Peer peer;
        peer.known = is_one_of(item, known_peers(egress));
        if (!peer.known) return peer;
        if (item.contains("namespaces"))
            peer.namespace_selector = read_selector(item["namespaces"]);
        if (item.contains("pods")) read_pods(item["pods"], peer);
        if (item.contains("networks")) read_networks(item["networks"], peer);
        if (item.contains("nodes")) peer.nodes = read_selector(item["nodes"]);
        for (const Json& name : at(item, "domainNames")) peer.names.push_back(name);
        peer.named_ports_match = item.contains("namespaces") || item.contains("pods");
        for (const auto* selector : {&peer.pod_selector, &peer.namespace_selector, &peer.nodes}) {
            if (selector->has_value() && is_bad(**selector)) peer.known = false;
        }
        return peer;
    }

    /// v1alpha2: tcp, udp, sctp, destinationNamedPort.
    PortMatch read_protocol(const Json& item) {
        static constexpr std::pair<const char*, const char*> kWords[] = {
            {"tcp", "TCP"}, {"udp", "UDP"}, {"sctp", "SCTP"}};
        PortMatch port;
        port.known = is_one_of(item, {"tcp", "udp", "sctp", "destinationNamedPort"});
        port.name = string_at(item, "destinationNamedPort");
        for (const auto& [word, protocol] : kWords) {
            if (!item.contains(word)) continue;
            port.protocol = protocol;
            const Json& destination = at(item[word], "destinationPort");
            if (!is_one_of(destination, {"number", "range"})) {
                port.known = policy_.sound = false;
            } else if (destination.contains("number")) {
                port.first = port.last = destination["number"];
            } else {
                port.first = destination["range"]["start"];
                port.last = destination["range"]["end"];
            }
        }
        return port;
    }

    /// v1alpha1: portNumber, portRange, namedPort.
    PortMatch read_port(const Json& item) {
        PortMatch port;
        port.known = is_one_of(item, {"portNumber", "portRange", "namedPort"});
        port.name = string_at(item, "namedPort");
        for (const char* word : {"portNumber", "portRange"}) {
            if (!item.contains(word)) continue;
            const Json& inner = item[word];
            port.protocol = string_at(inner, "protocol", "TCP");
            port.protocol_given = inner.contains("protocol");
            port.first = inner[inner.contains("port") ? "port" : "start"];
            port.last = inner[inner.contains("port") ? "port" : "end"];
        }
        return port;
    }

    std::vector<Rule> read_rules(const Json& list, bool egress) {
        const char* peers = egress ? "to" : "from";
        const char* ports = is_cnp_ ? "protocols" : "ports";
        std::vector<Rule> rules;
        for (const Json& item : list) {
            Rule rule;
            rule.action = string_at(item, "action");
            if (rule.action == "Allow") rule.action = "Accept";
            rule.name = string_at(item, "name");
            for (const auto& [key, value] : item.items()) {
                if (!Words{"name", "action", peers, ports}.contains(key)) rule.known = false;
            }
            for (const Json& peer : at(item, peers)) rule.peers.push_back(read_peer(peer, egress));
            for (const Json& port : at(item, ports)) {
                rule.ports.push_back(is_cnp_ ? read_protocol(port) : read_port(port));
            }
            rule.any_port = rule.ports.empty();
            rules.push_back(rule);
        }
        return rules;
    }

    Policy& policy_;
    bool is_cnp_;
};

}  // namespace

void read_cluster_policy(const Json& spec, Policy& policy) {
    ClusterPolicyReader(policy).read(spec);
}

}  // namespace tierwall::oracle
