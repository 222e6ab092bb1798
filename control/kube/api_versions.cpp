// SPDX-License-Identifier: Apache-2.0
#include "control/kube/api_versions.hpp"

#include <algorithm>
#include <variant>

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

template <typename Policy>
bool is_a(const std::shared_ptr<const Decoded>& object) {
    return std::holds_alternative<Policy>(object->object);
}

}  // namespace

std::vector<Problem> mixed_versions(const Objects& objects) {
    if (objects.cluster_network_policies.empty()) return {};
    for (const auto* older : {&objects.admin_network_policies, &objects.baseline_policies}) {
        if (!older->empty()) return {mixed(older->begin()->second.path())};
    }
    return {};
}

std::vector<Problem> mixed_versions(const Contents& objects) {
    const auto older = std::find_if(objects.begin(), objects.end(), is_a<AdminNetworkPolicy>);
    const bool newer = std::any_of(objects.begin(), objects.end(), is_a<ClusterNetworkPolicy>);
    if (!newer || older == objects.end()) return {};
    Problem problem = mixed((*older)->key.path());
    problem.path = (*older)->path;
    problem.line = (*older)->line;
    return {problem};
}

}  // namespace tierwall::kube
