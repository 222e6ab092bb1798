// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace tierwall::lint {
namespace {

/// For each direction, the kinds of pods that NetworkPolicies isolate.
using Isolated = std::array<std::vector<bool>, 2>;

Isolated isolated(const Scene& scene, Budget& budget) {
    Isolated out;
    for (const base::Direction direction : kBothDirections) {
        auto& kinds = out[static_cast<std::size_t>(direction)];
        for (const PodKind& kind : scene.pod_kinds()) {
            budget.spend(kind.policies.size());
            kinds.push_back(
                std::any_of(kind.policies.begin(), kind.policies.end(), [&](std::uint32_t number) {
                    const policy::Policy& policy = scene.policies()[number];
                    return policy.tier == base::kTierNetworkPolicy && !policy.audit &&
                           isolates(policy, direction);
                }));
        }
    }
    return out;
}

class Baselines {
public:
    explicit Baselines(const Work& work)
        : scene_(work.scene), work_(work), isolated_(isolated(work.scene, work.budget)) {}

    void check(const policy::Policy& policy);

private:
    bool is_moot(const policy::Policy& policy, base::Direction direction);

    const Scene& scene_;
    const Work& work_;
    Isolated isolated_;
};

bool Baselines::is_moot(const policy::Policy& policy, base::Direction direction) {
    const auto& kinds = isolated_[static_cast<std::size_t>(direction)];
    for (const KindNumber number : scene_.members(policy.subject)) {
        if (!work_.budget.spend()) return false;
        if (scene_.pod_kinds()[number].live && !kinds[number]) return false;
    }
    return scene_.has_live_members(policy.subject);
}

void Baselines::check(const policy::Policy& policy) {
    if (policy.tier != base::kTierBaseline) return;
    for (const base::Direction direction : kBothDirections) {
        if (rules_of(policy, direction).empty() || !is_moot(policy, direction)) continue;
        const bool egress = direction == base::Direction::Egress;
        add(work_.findings, work_.kind, {policy.path(), egress ? "spec.egress" : "spec.ingress"},
            std::string("is never asked: NetworkPolicies isolate every pod that the policy "
                        "selects for ") +
                base::name(direction) +
                ", and that is final; use the Admin tier, or remove the rules");
    }
}

}  // namespace

void check_baseline(const Work& work) {
    Baselines baselines(work);
    each_policy(work, [&](std::uint32_t i) { baselines.check(work.scene.policies()[i]); });
}

}  // namespace tierwall::lint
