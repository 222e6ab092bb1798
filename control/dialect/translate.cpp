// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/translate.hpp"

#include "control/dialect/admin_network_policy.hpp"
#include "control/dialect/cluster_network_policy.hpp"
#include "control/dialect/network_policy.hpp"
#include "control/kube/api_versions.hpp"
#include "control/kube/domain_names.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::dialect {

std::vector<policy::Policy> translate_each(const kube::Objects& objects,
                                           std::vector<kube::Problem>& problems) {
    std::vector<policy::Policy> policies;
    policies.reserve(objects.network_policies.size() + objects.cluster_network_policies.size() +
                     objects.admin_network_policies.size() + objects.baseline_policies.size());
    for (const auto& [name, written] : objects.network_policies) {
        policies.push_back(translate(written));
    }
    for (const auto& [name, written] : objects.cluster_network_policies) {
        policies.push_back(translate(written, problems));
    }
    for (const auto* admin : {&objects.admin_network_policies, &objects.baseline_policies}) {
        for (const auto& [name, written] : *admin) policies.push_back(translate(written, problems));
    }
    for (policy::Policy& each : policies) {
        each.audit = objects.is_audited(each.path(), each.namespace_name);
    }
    return policies;
}

std::vector<kube::Problem> common_problems(const kube::Objects& objects) {
    std::vector<kube::Problem> problems = kube::unlearned_names(objects);
    for (kube::Problem& problem : kube::mixed_versions(objects)) {
        problems.push_back(std::move(problem));
    }
    return problems;
}

std::vector<policy::Policy> translate(const kube::Objects& objects,
                                      std::vector<kube::Problem>& problems) {
    std::vector<policy::Policy> policies = translate_each(objects, problems);
    for (kube::Problem& problem : common_problems(objects)) problems.push_back(std::move(problem));
    std::sort(policies.begin(), policies.end(),
              [](const policy::Policy& a, const policy::Policy& b) {
                  return a.tier != b.tier ? a.tier < b.tier : policy::asked_before(a, b);
              });
    return policies;
}

}  // namespace tierwall::dialect
