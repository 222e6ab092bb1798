// SPDX-License-Identifier: Apache-2.0
#include "control/kube/api_versions.hpp"

namespace tierwall::kube {
namespace {

Problem mixed(const std::string& older) {
    return {"",
            older,
            "apiVersion",
            base::Errc::Invalid,
            "policy.networking.k8s.io/v1alpha1 is in use beside v1alpha2: policies of both are "
            "enforced, in the order of priority, kind and name",
            Severity::Warning};
}

}  // namespace

std::vector<Problem> mixed_versions(const Objects& objects) {
    if (objects.cluster_network_policies.empty()) return {};
    for (const auto* older : {&objects.admin_network_policies, &objects.baseline_policies}) {
        if (!older->empty()) return {mixed(older->begin()->second.path())};
    }
    return {};
}

}  // namespace tierwall::kube
