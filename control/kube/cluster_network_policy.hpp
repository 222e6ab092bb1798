// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2) as written: nothing checked.
///
/// What this program does not know in a peer or protocol stays visible as a mark, because a rule
/// that is understood only in part must fail closed.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/cluster_policy_peer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::kube {

struct ClusterPolicyRange {
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;
    friend bool operator==(const ClusterPolicyRange&, const ClusterPolicyRange&) = default;
};

struct ClusterPolicyPort {
    std::optional<std::int64_t> number;
    std::optional<ClusterPolicyRange> range;
    friend bool operator==(const ClusterPolicyPort&, const ClusterPolicyPort&) = default;
};

struct ClusterPolicyTransport {
    std::optional<ClusterPolicyPort> destination_port;
    friend bool operator==(const ClusterPolicyTransport&, const ClusterPolicyTransport&) = default;
};

struct ClusterPolicyProtocol {
    std::optional<ClusterPolicyTransport> tcp;
    std::optional<ClusterPolicyTransport> udp;
    std::optional<ClusterPolicyTransport> sctp;
    std::optional<std::string> named_port;
    bool has_unknown = false;
    friend bool operator==(const ClusterPolicyProtocol&, const ClusterPolicyProtocol&) = default;

    int known_fields() const {
        return tcp.has_value() + udp.has_value() + sctp.has_value() + named_port.has_value();
    }
};

struct ClusterPolicyRule {
    std::string name;
    std::optional<std::string> action;
    std::optional<std::vector<ClusterPolicyPeer>> peers;  ///< `from` or `to`
    std::optional<std::vector<ClusterPolicyProtocol>> protocols;
    bool understood = true;  ///< false: something in it is wrong or unknown, it must fail closed
    friend bool operator==(const ClusterPolicyRule&, const ClusterPolicyRule&) = default;
};

struct ClusterNetworkPolicy {
    std::string name;
    std::optional<std::string> tier;
    std::optional<std::int64_t> priority;
    std::optional<ClusterPolicySubject> subject;
    std::vector<ClusterPolicyRule> ingress;
    std::vector<ClusterPolicyRule> egress;
    friend bool operator==(const ClusterNetworkPolicy&, const ClusterNetworkPolicy&) = default;

    std::string path() const { return "ClusterNetworkPolicy/" + name; }
};

}  // namespace tierwall::kube
