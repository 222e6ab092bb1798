// SPDX-License-Identifier: Apache-2.0
#include "control/kube/domain_names.hpp"

namespace tierwall::kube {
namespace {

/// `allowing` is the one action that names go with. Elsewhere they make the rule fail closed, which
/// is said already.
template <typename Policy>
std::vector<Problem> unlearned(const Policy& policy, const char* allowing) {
    std::vector<Problem> problems;
    for (std::size_t i = 0; i < policy.egress.size(); ++i) {
        const auto& rule = policy.egress[i];
        if (!rule.understood || rule.action != allowing || !rule.peers) continue;
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

}  // namespace

std::vector<Problem> unlearned_names(const ClusterNetworkPolicy& policy) {
    if (policy.tier != "Admin") return {};
    return unlearned(policy, "Accept");
}

std::vector<Problem> unlearned_names(const AdminNetworkPolicy& policy) {
    if (policy.baseline) return {};
    return unlearned(policy, "Allow");
}

std::vector<Problem> unlearned_names(const Objects& objects) {
    std::vector<Problem> problems;
    const auto add = [&problems](const auto& policies) {
        for (const auto& [name, written] : policies) {
            for (Problem& each : unlearned_names(written)) problems.push_back(std::move(each));
        }
    };
    add(objects.cluster_network_policies);
    add(objects.admin_network_policies);
    return problems;
}

}  // namespace tierwall::kube
