// SPDX-License-Identifier: Apache-2.0
#include "control/kube/domain_names.hpp"

namespace tierwall::kube {

std::vector<Problem> unlearned_names(const ClusterNetworkPolicy& policy) {
    std::vector<Problem> problems;
    if (policy.tier != "Admin") return problems;
    for (std::size_t i = 0; i < policy.egress.size(); ++i) {
        const ClusterPolicyRule& rule = policy.egress[i];
        // Elsewhere names make the rule fail closed, which is said already.
        if (!rule.understood || rule.action != "Accept" || !rule.peers) continue;
        for (std::size_t j = 0; j < rule.peers->size(); ++j) {
            if (!(*rule.peers)[j].domain_names) continue;
            problems.push_back(
                {"", policy.path(),
                 "spec.egress[" + std::to_string(i) + "].to[" + std::to_string(j) + "].domainNames",
                 base::Errc::NotSupported,
                 "matches nothing until names are learned from DNS answers", Severity::Warning});
        }
    }
    return problems;
}

}  // namespace tierwall::kube
