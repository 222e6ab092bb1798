// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ClusterPolicyPeer: subjects and peers as all cluster-scoped policies write them, unchecked.
///
/// What this program does not know in a peer stays visible as a mark, because a rule that is
/// understood only in part must fail closed.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/object.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tierwall::kube {

struct NamespacedPods {
    std::optional<LabelSelector> namespace_selector;
    std::optional<LabelSelector> pod_selector;
    friend bool operator==(const NamespacedPods&, const NamespacedPods&) = default;
};

struct ClusterPolicySubject {
    std::optional<LabelSelector> namespaces;
    std::optional<NamespacedPods> pods;
    friend bool operator==(const ClusterPolicySubject&, const ClusterPolicySubject&) = default;
};

struct ClusterPolicyPeer {
    std::optional<LabelSelector> namespaces;
    std::optional<NamespacedPods> pods;
    std::optional<std::vector<std::string>> networks;      ///< egress only
    std::optional<LabelSelector> nodes;                    ///< egress only
    std::optional<std::vector<std::string>> domain_names;  ///< egress only
    bool has_unknown = false;  ///< a field that this direction's peers do not have
    friend bool operator==(const ClusterPolicyPeer&, const ClusterPolicyPeer&) = default;

    int known_fields() const {
        return namespaces.has_value() + pods.has_value() + networks.has_value() +
               nodes.has_value() + domain_names.has_value();
    }
};

}  // namespace tierwall::kube
