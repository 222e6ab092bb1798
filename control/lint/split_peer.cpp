// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/selector.hpp"
#include "control/lint/checks.hpp"
#include "control/lint/label_set.hpp"

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
bool is_split(const Work& work, const kube::NetworkPolicy& policy,
              const kube::LabelSelector& namespaces, const kube::LabelSelector& pods) {
    const Scene& scene = work.scene;
    const auto in_namespaces = dialect::selector(namespaces);
    const auto with_labels = dialect::selector(pods);
    if (!in_namespaces || !with_labels || !scene.has_pods_in(policy.namespace_name)) return false;
    const auto own = scene.sets().find({policy.namespace_name, {}, *with_labels});
    if (own && !scene.members(*own).empty()) return false;
    const LabelSet space_labels(*in_namespaces);
    const LabelSet pod_labels(*with_labels);
    bool elsewhere = false;
    for (const PodKind& kind : scene.pod_kinds()) {
        if (!work.budget.spend(1 + pod_labels.keys())) return false;
        if (kind.host_network || !pod_labels.holds(kind.traits.labels)) continue;
        const std::string& space = kind.traits.namespace_name;
        if (space == policy.namespace_name) return false;
        if (elsewhere || !work.budget.spend(space_labels.keys())) continue;
        elsewhere = space_labels.holds(scene.labels_of_namespace(space));
    }
    return elsewhere;
}

/// The element that was meant to be part of the one beside it, or nothing.
std::optional<std::size_t> split_peer_of(const Work& work, const kube::NetworkPolicy& policy,
                                         const kube::NetworkPolicyRule& rule) {
    for (std::size_t i = 0; i + 1 < rule.peers.size(); ++i) {
        if (!work.budget.spend()) return std::nullopt;
        const bool namespaces_first = only_namespaces(rule.peers[i]) != nullptr;
        const auto* namespaces = only_namespaces(rule.peers[namespaces_first ? i : i + 1]);
        const auto* pods = only_pods(rule.peers[namespaces_first ? i + 1 : i]);
        if (namespaces == nullptr || pods == nullptr) continue;
        if (is_split(work, policy, *namespaces, *pods)) return namespaces_first ? i + 1 : i;
    }
    return std::nullopt;
}

void check(const Work& work, const kube::NetworkPolicy& policy, base::Direction direction) {
    const bool egress = direction == base::Direction::Egress;
    const auto& rules = egress ? policy.egress : policy.ingress;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto peer = split_peer_of(work, policy, rules[i]);
        if (!peer) continue;
        const std::string rule = egress ? "spec.egress[" : "spec.ingress[";
        add(work.findings, work.kind,
            {policy.path(), rule + std::to_string(i) + (egress ? "].to[" : "].from[") +
                                std::to_string(*peer) + "]"},
            "selects no pod of namespace " + policy.namespace_name +
                ", but pods in the namespaces of the peer beside it; to mean these, write both "
                "selectors in one list element, else every pod of those namespaces is a peer");
    }
}

}  // namespace

void check_split_peers(const Work& work) {
    each_policy(work, [&work](std::uint32_t number) {
        const policy::Policy& policy = work.scene.policies()[number];
        if (policy.tier != base::kTierNetworkPolicy) return;
        const auto& written = work.scene.objects().network_policies;
        const auto own = written.find(policy.namespace_name + "/" + policy.name);
        if (own == written.end()) return;
        for (const base::Direction direction : kBothDirections) {
            check(work, own->second, direction);
        }
    });
}

}  // namespace tierwall::lint
