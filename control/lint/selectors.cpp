// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/policy/selector.hpp"

#include <algorithm>

namespace tierwall::lint {
namespace {

/// Why the set is empty for sure, or nothing.
std::string emptiness(const Scene& scene, const policy::PodSet& set) {
    if (LabelSet(set.pods).empty() || LabelSet(set.namespaces).empty()) {
        return "contradicts itself: no labels can match";
    }
    if (!scene.has_pods() || !scene.members(set).empty()) return "";
    if (!set.namespace_name.empty()) {
        if (!scene.has_pods_in(set.namespace_name)) return "";
        return "matches none of the pods of namespace " + set.namespace_name;
    }
    const bool by_namespace = !set.namespaces.requirements.empty();
    if (by_namespace && !scene.knows_all_namespaces()) return "";
    bool any_namespace = false;
    bool any_pods = false;
    for (const auto& [name, space] : scene.objects().cluster.namespaces) {
        if (!policy::matches(set.namespaces, space.labels)) continue;
        any_namespace = true;
        any_pods = any_pods || scene.has_pods_in(name);
    }
    if (!any_namespace) return by_namespace ? "matches none of the namespaces" : "";
    return any_pods ? "matches none of the pods of the namespaces it selects" : "";
}

std::string emptiness(const Scene& scene, const policy::NodeSet& set) {
    if (LabelSet(set.nodes).empty()) return "contradicts itself: no labels can match";
    const auto& nodes = scene.objects().cluster.nodes;
    const bool none = std::none_of(nodes.begin(), nodes.end(), [&set](const auto& node) {
        return policy::matches(set.nodes, node.second.labels);
    });
    return none && !nodes.empty() ? "matches none of the nodes" : "";
}

constexpr const char* kAdvice = "; compare the labels";

void check_peers(const Scene& scene, const policy::Policy& policy, base::Direction direction,
                 Findings& findings) {
    for (const policy::Rule& rule : rules_of(policy, direction)) {
        for (std::size_t i = 0; i < rule.peers.size(); ++i) {
            std::string why;
            if (const auto* pods = std::get_if<policy::PodSet>(&rule.peers[i])) {
                why = emptiness(scene, *pods);
            } else if (const auto* nodes = std::get_if<policy::NodeSet>(&rule.peers[i])) {
                why = emptiness(scene, *nodes);
            }
            if (why.empty()) continue;
            add(findings, "selector-matches-nothing",
                {policy.path(), peer_field(policy, direction, rule, i)}, why + kAdvice);
        }
    }
}

}  // namespace

void check_selectors(const Scene& scene, Findings& findings) {
    for (const policy::Policy& policy : scene.policies()) {
        const std::string why = emptiness(scene, policy.subject);
        if (!why.empty()) {
            add(findings, "selector-matches-nothing", {policy.path(), subject_field(policy)},
                why + ", so that the policy has no effect" + kAdvice);
        }
        for (const base::Direction direction : kBothDirections) {
            check_peers(scene, policy, direction, findings);
        }
    }
}

}  // namespace tierwall::lint
