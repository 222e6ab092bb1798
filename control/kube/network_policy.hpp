// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// NetworkPolicy (networking.k8s.io/v1) as written: no defaults filled in, nothing checked.
///
/// Optional where the API tells absent from empty. Rule lists, peers and ports do not: there an
/// empty list and none at all are the same object.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/object.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tierwall::kube {

struct IpBlock {
    std::string cidr;
    std::vector<std::string> except;
    friend bool operator==(const IpBlock&, const IpBlock&) = default;
};

struct NetworkPolicyPeer {
    std::optional<LabelSelector> pod_selector;
    std::optional<LabelSelector> namespace_selector;
    std::optional<IpBlock> ip_block;
    friend bool operator==(const NetworkPolicyPeer&, const NetworkPolicyPeer&) = default;
};

/// Nothing, a number, or the name of a container port.
using PortReference = std::variant<std::monostate, std::int64_t, std::string>;

struct NetworkPolicyPort {
    std::optional<std::string> protocol;
    PortReference port;
    std::optional<std::int64_t> end_port;
    friend bool operator==(const NetworkPolicyPort&, const NetworkPolicyPort&) = default;
};

struct NetworkPolicyRule {
    std::vector<NetworkPolicyPeer> peers;  ///< `from` or `to`
    std::vector<NetworkPolicyPort> ports;
    friend bool operator==(const NetworkPolicyRule&, const NetworkPolicyRule&) = default;
};

struct NetworkPolicy {
    std::string namespace_name;
    std::string name;
    LabelSelector pod_selector;
    std::vector<std::string> policy_types;
    std::vector<NetworkPolicyRule> ingress;
    std::vector<NetworkPolicyRule> egress;
    friend bool operator==(const NetworkPolicy&, const NetworkPolicy&) = default;

    std::string path() const { return "NetworkPolicy/" + namespace_name + "/" + name; }
};

}  // namespace tierwall::kube
