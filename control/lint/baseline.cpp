// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>

namespace tierwall::lint {
namespace {

bool is_isolated(const Scene& scene, const PodKind& kind, base::Direction direction) {
    return std::any_of(kind.policies.begin(), kind.policies.end(), [&](std::uint32_t number) {
        const policy::Policy& policy = scene.policies()[number];
        return policy.tier == base::kTierNetworkPolicy && !policy.audit &&
               isolates(policy, direction);
    });
}

}  // namespace

void check_baseline(const Scene& scene, Findings& findings) {
    for (const policy::Policy& policy : scene.policies()) {
        if (policy.tier != base::kTierBaseline) continue;
        const std::vector<KindNumber> members = scene.live_members(policy.subject);
        if (members.empty()) continue;
        for (const base::Direction direction : kBothDirections) {
            if (rules_of(policy, direction).empty()) continue;
            const bool moot = std::all_of(members.begin(), members.end(), [&](KindNumber number) {
                return is_isolated(scene, scene.pod_kinds()[number], direction);
            });
            if (!moot) continue;
            const bool egress = direction == base::Direction::Egress;
            add(findings, "baseline-never-acts",
                {policy.path(), egress ? "spec.egress" : "spec.ingress"},
                std::string("is never asked: NetworkPolicies isolate every pod that the policy "
                            "selects for ") +
                    base::name(direction) +
                    ", and that is final; use the Admin tier, or remove the rules");
        }
    }
}

}  // namespace tierwall::lint
