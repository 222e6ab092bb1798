// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1) as written: nothing checked.
///
/// BaselineAdminNetworkPolicy is the same object without a priority, with one name and fewer
/// actions and peers. What this program does not know in a peer or port stays visible as a mark,
/// because a rule that is understood only in part must fail closed.
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

struct AdminPolicyNumber {
    std::optional<std::string> protocol;
    std::optional<std::int64_t> port;
    friend bool operator==(const AdminPolicyNumber&, const AdminPolicyNumber&) = default;
};

struct AdminPolicyRange {
    std::optional<std::string> protocol;
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;
    friend bool operator==(const AdminPolicyRange&, const AdminPolicyRange&) = default;
};

struct AdminPolicyPort {
    std::optional<AdminPolicyNumber> number;
    std::optional<AdminPolicyRange> range;
    std::optional<std::string> named_port;
    bool has_unknown = false;
    friend bool operator==(const AdminPolicyPort&, const AdminPolicyPort&) = default;

    int known_fields() const {
        return number.has_value() + range.has_value() + named_port.has_value();
    }
};

struct AdminPolicyRule {
    std::string name;
    std::optional<std::string> action;
    std::optional<std::vector<ClusterPolicyPeer>> peers;  ///< `from` or `to`
    std::optional<std::vector<AdminPolicyPort>> ports;
    bool understood = true;  ///< false: something in it is wrong or unknown, it must fail closed
    friend bool operator==(const AdminPolicyRule&, const AdminPolicyRule&) = default;
};

struct AdminNetworkPolicy {
    bool baseline = false;  ///< a BaselineAdminNetworkPolicy
    std::string name;
    std::optional<std::int64_t> priority;  ///< none in the baseline
    std::optional<ClusterPolicySubject> subject;
    std::vector<AdminPolicyRule> ingress;
    std::vector<AdminPolicyRule> egress;
    friend bool operator==(const AdminNetworkPolicy&, const AdminNetworkPolicy&) = default;

    const char* kind() const {
        return baseline ? "BaselineAdminNetworkPolicy" : "AdminNetworkPolicy";
    }
    std::string path() const { return std::string(kind()) + "/" + name; }
};

}  // namespace tierwall::kube
