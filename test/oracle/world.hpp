// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// World: a cluster and its policies as the oracle sees them.
///
/// These structs stay close to the API objects on purpose: nothing is resolved, merged or numbered
/// ahead of a question, so that a mistake in such a step cannot be made here as well.
///
/// Threads: values.
/// Memory:  plain values.
/// Cost:    irrelevant; only tests use it.

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::oracle {

using Json = nlohmann::json;

struct Ip {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};  ///< IPv4 uses the first four
    friend auto operator<=>(const Ip&, const Ip&) = default;
};
/// Aborts on text that is no address: cases and generators are trusted.
Ip read_ip(const std::string& text);
std::string text(const Ip& ip);

struct Block {
    Ip address;
    int length = 0;
};
Block read_block(const std::string& text);
bool contains(const Block& block, const Ip& ip);

using Labels = std::map<std::string, std::string>;

struct Expression {
    std::string key;
    std::string op;
    std::vector<std::string> values;
};
struct Selector {
    Labels labels;
    std::vector<Expression> expressions;
};

struct Namespace {
    std::string name;
    Labels labels;
};
struct NamedPort {
    std::string name;
    std::string protocol;
    int number = 0;
};
struct Pod {
    std::string ns;
    std::string name;
    std::string created;
    std::string node;
    Labels labels;
    std::vector<Ip> ips;
    std::vector<NamedPort> ports;
    bool host_network = false;
    bool terminated = false;
};
struct Node {
    std::string name;
    Labels labels;
    std::vector<Ip> ips;
};

/// One element of `from` or `to`; several fields may be set, as in the API.
struct Peer {
    std::optional<Selector> pod_selector;
    std::optional<Selector> namespace_selector;
    bool any_namespace = false;  ///< cluster-scoped kinds: namespaceSelector left out
    std::vector<Block> blocks;   ///< ipBlock.cidr or networks
    std::vector<Block> except;
    std::optional<Selector> nodes;
    std::vector<std::string> names;
    bool named_ports_match = true;  ///< false: networks, nodes and domainNames of cluster kinds
    bool known = true;
};

/// One element of `ports` or `protocols`.
struct PortMatch {
    std::string protocol;  ///< "TCP", "UDP", "SCTP"; empty: any of them
    std::string name;      ///< not empty: named
    int first = 0;
    int last = 65535;
    bool known = true;
};

struct Rule {
    std::string action;  ///< "Accept", "Deny", "Pass"
    std::string name;
    std::vector<Peer> peers;
    bool any_peer = false;
    std::vector<PortMatch> ports;
    bool any_port = false;
};

struct Policy {
    std::string kind;
    std::string ns;
    std::string name;
    std::string tier;
    int priority = 0;
    std::optional<Selector> subject_namespaces;  ///< unset for cluster kinds: every namespace
    Selector subject_pods;
    bool isolates_egress = false;
    bool isolates_ingress = false;
    std::vector<Rule> egress;
    std::vector<Rule> ingress;
    std::string path() const;
};

struct World {
    std::vector<Namespace> namespaces;
    std::vector<Pod> pods;
    std::vector<Node> nodes;
    std::vector<Policy> policies;
    std::map<std::string, std::vector<Ip>> dns;
    std::string scope_node;  ///< empty: all pods are subjects
};

/// From a case file's `cluster` and `policies`.
World read_world(const Json& cluster, const Json& policies);

}  // namespace tierwall::oracle
