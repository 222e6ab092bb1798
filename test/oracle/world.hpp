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

#include "test/oracle/fault.hpp"
#include "test/oracle/ip.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::oracle {

using Json = nlohmann::json;
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

/// The annotation `tierwall.io/mode` as it is written; nothing: it is not there.
using Mode = std::optional<std::string>;

struct Namespace {
    std::string name;
    Labels labels;
    Mode mode;
};
struct NamedPort {
    std::string name;
    std::string protocol;
    int number = 0;
    std::string container;  ///< "": a container; "sidecar"; "init", which is gone before traffic
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
    std::string created;
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
    bool protocol_given = true;
    std::string name;  ///< not empty: named
    int first = 0;
    int last = 65535;  ///< below first: matches nothing
    bool known = true;
};

struct Rule {
    std::string action;  ///< "Accept", "Deny", "Pass"
    std::string name;
    std::vector<Peer> peers;
    bool any_peer = false;
    std::vector<PortMatch> ports;
    bool any_port = false;
    bool known = true;  ///< false: the rule itself has a field that nobody here knows
};

struct Policy {
    std::string kind;
    std::string ns;
    std::string name;
    std::string tier;
    int priority = 0;
    std::optional<Selector> subject_namespaces;  ///< unset for cluster kinds: every namespace
    Selector subject_pods;
    std::vector<std::string> types;  ///< of a NetworkPolicy, as written
    std::vector<Rule> egress;
    std::vector<Rule> ingress;
    Mode mode;
    /// False: the API server would have refused it. What is read of it fails closed, and an
    /// earlier sound version stays in force instead.
    bool sound = true;
    std::string path() const;
};

/// Where the API's text leaves a choice.
struct Options {
    bool own_node_may_enter = true;        ///< NetworkPolicy admits the pod's own node
    bool own_node_may_be_reached = false;  ///< and lets the pod reach its own node
    /// A NetworkPolicy that selects the pod for one direction keeps Baseline from both.
    bool final_in_both_directions = false;
    /// domainNames elsewhere than with Accept in the Admin tier make their rule fail closed.
    bool names_only_to_accept = true;
};

struct World {
    std::vector<Namespace> namespaces;
    std::vector<Pod> pods;
    std::vector<Node> nodes;
    std::vector<Policy> policies;
    std::map<std::string, std::vector<Ip>> dns;
    std::string scope_node;  ///< empty: all pods are subjects
    Options options;
    Fault fault = Fault::None;
};

/// Of an object with annotations, or of its metadata.
Mode read_mode(const Json& metadata);

/// From a case file's `cluster` and `policies`.
World read_world(const Json& cluster, const Json& policies);

/// One policy object of any kind.
Policy read_policy(const Json& object);

}  // namespace tierwall::oracle
