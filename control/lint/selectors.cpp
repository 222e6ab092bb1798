// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/label_set.hpp"

#include <algorithm>
#include <map>

namespace tierwall::lint {
namespace {

constexpr const char* kAdvice = "; compare the labels";

/// Does it ask for namespaces by name?
bool names_namespaces(const policy::Selector& selector) {
    return std::any_of(selector.requirements.begin(), selector.requirements.end(),
                       [](const policy::Requirement& each) {
                           return each.key == kNameLabel && each.op == policy::Operator::In;
                       });
}

/// Why a set is empty for sure, or nothing; each set is looked at once.
class Emptiness {
public:
    explicit Emptiness(const Work& work);

    const std::string& of(const policy::PodSet& set);
    const std::string& of(const policy::NodeSet& set);

private:
    std::string reason(const policy::PodSet& set);
    std::string reason_among_namespaces(const policy::PodSet& set);
    std::string reason(const policy::NodeSet& set);
    bool can_tell_namespaces(const policy::PodSet& set) const;

    const Scene& scene_;
    Budget& budget_;
    bool knows_own_namespaces_ = false;  ///< those of all policies are given
    std::map<SetNumber, std::string> of_pods_;
    std::map<policy::NodeSet, std::string> of_nodes_;
};

Emptiness::Emptiness(const Work& work) : scene_(work.scene), budget_(work.budget) {
    const auto& policies = scene_.policies();
    budget_.spend(policies.size());
    knows_own_namespaces_ = std::all_of(policies.begin(), policies.end(), [&](const auto& each) {
        return each.namespace_name.empty() ||
               scene_.known_namespaces().contains(each.namespace_name);
    });
}

const std::string& Emptiness::of(const policy::PodSet& set) {
    const auto [entry, added] = of_pods_.try_emplace(*scene_.sets().find(set));
    if (added) entry->second = reason(set);
    return entry->second;
}

const std::string& Emptiness::of(const policy::NodeSet& set) {
    const auto [entry, added] = of_nodes_.try_emplace(set);
    if (added) entry->second = reason(set);
    return entry->second;
}

std::string Emptiness::reason(const policy::PodSet& set) {
    if (LabelSet(set.pods).empty() || LabelSet(set.namespaces).empty()) {
        return "contradicts itself: no labels can match";
    }
    if (scene_.has_pods() && !scene_.members(set).empty()) return "";
    if (scene_.has_pods() && scene_.has_host_pods(set)) {
        return "matches only host-networked pods, of which no policy speaks";
    }
    if (set.namespace_name.empty()) return reason_among_namespaces(set);
    if (!scene_.has_pods_in(set.namespace_name)) return "";
    return "matches none of the pods of namespace " + set.namespace_name;
}

/// Without pods, few manifests have all namespaces: one alone is the author's own, and a name tells
/// of one that is somewhere else.
bool Emptiness::can_tell_namespaces(const policy::PodSet& set) const {
    if (!scene_.knows_all_namespaces()) return false;
    return scene_.has_pods() || (knows_own_namespaces_ && scene_.known_namespaces().size() > 1 &&
                                 !names_namespaces(set.namespaces));
}

std::string Emptiness::reason_among_namespaces(const policy::PodSet& set) {
    const bool by_namespace = !set.namespaces.requirements.empty();
    if (by_namespace && !can_tell_namespaces(set)) return "";
    const LabelSet labels(set.namespaces);
    bool any_namespace = false;
    bool any_pods = false;
    for (const auto& [name, space] : scene_.objects().cluster.namespaces) {
        if (!budget_.spend(1 + labels.keys())) return "";
        if (!labels.holds(space.labels)) continue;
        any_namespace = true;
        any_pods = any_pods || scene_.has_pods_in(name);
    }
    if (!any_namespace) return by_namespace ? "matches none of the namespaces" : "";
    return any_pods ? "matches none of the pods of the namespaces it selects" : "";
}

std::string Emptiness::reason(const policy::NodeSet& set) {
    const LabelSet labels(set.nodes);
    if (labels.empty()) return "contradicts itself: no labels can match";
    const auto& nodes = scene_.objects().cluster.nodes;
    for (const auto& [name, node] : nodes) {
        if (!budget_.spend(1 + labels.keys()) || labels.holds(node.labels)) return "";
    }
    return nodes.empty() ? "" : "matches none of the nodes";
}

void check_peers(const Work& work, const policy::Policy& policy, base::Direction direction,
                 Emptiness& emptiness) {
    for (const policy::Rule& rule : rules_of(policy, direction)) {
        for (std::size_t i = 0; i < rule.peers.size(); ++i) {
            if (!work.budget.spend()) return;
            std::string why;
            if (const auto* pods = std::get_if<policy::PodSet>(&rule.peers[i])) {
                why = emptiness.of(*pods);
            } else if (const auto* nodes = std::get_if<policy::NodeSet>(&rule.peers[i])) {
                why = emptiness.of(*nodes);
            }
            if (why.empty()) continue;
            add(work.findings, work.kind, {policy.path(), peer_field(policy, direction, rule, i)},
                why + kAdvice);
        }
    }
}

}  // namespace

void check_selectors(const Work& work) {
    Emptiness emptiness(work);
    each_policy(work, [&](std::uint32_t number) {
        const policy::Policy& policy = work.scene.policies()[number];
        const std::string& why = emptiness.of(policy.subject);
        if (!why.empty()) {
            add(work.findings, work.kind, {policy.path(), subject_field(policy)},
                why + ", so that the policy has no effect" + kAdvice);
        }
        for (const base::Direction direction : kBothDirections) {
            check_peers(work, policy, direction, emptiness);
        }
    });
}

}  // namespace tierwall::lint
