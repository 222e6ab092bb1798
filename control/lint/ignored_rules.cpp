// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>

namespace tierwall::lint {

void check_ignored_rules(const Scene& scene, Findings& findings) {
    for (const auto& [name, policy] : scene.objects().network_policies) {
        if (policy.policy_types.empty()) continue;
        const auto check = [&](const char* type, const char* field, bool has_rules) {
            const auto& types = policy.policy_types;
            if (!has_rules || std::find(types.begin(), types.end(), type) != types.end()) return;
            add(findings, "ignored-rules", {policy.path(), field},
                std::string("has no effect, because policyTypes does not list ") + type +
                    "; add it, or remove the rules");
        };
        check("Ingress", "spec.ingress", !policy.ingress.empty());
        check("Egress", "spec.egress", !policy.egress.empty());
    }
}

}  // namespace tierwall::lint
