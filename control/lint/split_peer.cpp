// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/selector.hpp"
#include "control/lint/checks.hpp"
#include "control/policy/selector.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace tierwall::lint {
namespace {

bool is_empty(const kube::LabelSelector& selector) {
    return selector.match_labels.empty() && selector.match_expressions.empty();
}

const kube::LabelSelector* only_namespaces(const kube::NetworkPolicyPeer& peer) {
    const bool alone = peer.namespace_selector && !peer.pod_selector && !peer.ip_block;
    return alone && !is_empty(*peer.namespace_selector) ? &*peer.namespace_selector : nullptr;
}

const kube::LabelSelector* only_pods(const kube::NetworkPolicyPeer& peer) {
    const bool alone = peer.pod_selector && !peer.namespace_selector && !peer.ip_block;
    return alone && !is_empty(*peer.pod_selector) ? &*peer.pod_selector : nullptr;
}

/// As they stand the pods are looked for in the policy's own namespace. When there are none, but
/// some in the namespaces of the other element, it was meant to be one element.
bool is_split(const Scene& scene, const kube::NetworkPolicy& policy,
              const kube::LabelSelector& namespaces, const kube::LabelSelector& pods) {
    const auto in_namespaces = dialect::selector(namespaces);
    const auto with_labels = dialect::selector(pods);
    if (!in_namespaces || !with_labels || !scene.has_pods_in(policy.namespace_name)) return false;
    bool elsewhere = false;
    for (const PodKind& kind : scene.pod_kinds()) {
        if (!policy::matches(*with_labels, kind.traits.labels)) continue;
        const std::string& space = kind.traits.namespace_name;
        if (space == policy.namespace_name) return false;
        elsewhere = elsewhere || policy::matches(*in_namespaces, scene.labels_of_namespace(space));
    }
    return elsewhere;
}

/// The element that was meant to be part of the one beside it, or nothing.
std::optional<std::size_t> split_peer_of(const Scene& scene, const kube::NetworkPolicy& policy,
                                         const kube::NetworkPolicyRule& rule) {
    for (std::size_t i = 0; i + 1 < rule.peers.size(); ++i) {
        const bool namespaces_first = only_namespaces(rule.peers[i]) != nullptr;
        const auto* namespaces = only_namespaces(rule.peers[namespaces_first ? i : i + 1]);
        const auto* pods = only_pods(rule.peers[namespaces_first ? i + 1 : i]);
        if (namespaces == nullptr || pods == nullptr) continue;
        if (is_split(scene, policy, *namespaces, *pods)) return namespaces_first ? i + 1 : i;
    }
    return std::nullopt;
}

}  // namespace

void check_split_peers(const Scene& scene, Findings& findings) {
    for (const auto& [name, policy] : scene.objects().network_policies) {
        for (const base::Direction direction : kBothDirections) {
            const bool egress = direction == base::Direction::Egress;
            const auto& rules = egress ? policy.egress : policy.ingress;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                const auto peer = split_peer_of(scene, policy, rules[i]);
                if (!peer) continue;
                const std::string rule = egress ? "spec.egress[" : "spec.ingress[";
                add(findings, "split-peer",
                    {policy.path(), rule + std::to_string(i) + (egress ? "].to[" : "].from[") +
                                        std::to_string(*peer) + "]"},
                    "selects no pod of namespace " + policy.namespace_name +
                        ", but pods in the namespaces of the peer beside it; to mean these, write "
                        "both selectors in one list element, else every pod of those namespaces "
                        "is a peer");
            }
        }
    }
}

}  // namespace tierwall::lint
