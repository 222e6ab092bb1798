// SPDX-License-Identifier: Apache-2.0
#include "control/kube/lint.hpp"

#include "control/kube/api_versions.hpp"
#include "control/kube/validate_admin_network_policy.hpp"
#include "control/kube/validate_cluster_network_policy.hpp"
#include "control/kube/validate_network_policy.hpp"

#include <algorithm>
#include <map>

namespace tierwall::kube {
namespace {

std::vector<Problem> schema_problems(const Decoded& decoded, Channel channel) {
    if (const auto* policy = std::get_if<NetworkPolicy>(&decoded.object)) return validate(*policy);
    if (const auto* policy = std::get_if<ClusterNetworkPolicy>(&decoded.object)) {
        return validate(*policy, channel);
    }
    if (const auto* policy = std::get_if<AdminNetworkPolicy>(&decoded.object)) {
        return validate(*policy, channel);
    }
    return {};
}

}  // namespace

std::vector<Problem> lint(const Contents& objects, Channel channel) {
    std::vector<Problem> problems;
    std::map<ObjectKey, const Decoded*> first;
    for (const auto& object : objects) {
        problems.insert(problems.end(), object->form_problems.begin(), object->form_problems.end());
        std::vector<Problem> found = schema_problems(*object, channel);
        add_unless_covered(std::move(found), *object, problems);
        const auto [known, added] = first.try_emplace(object->key, object.get());
        if (added || object->soundness == Soundness::Ignored) continue;
        problems.push_back(
            {object->path, object->key.path(), "metadata.name", base::Errc::Duplicate,
             "is also in " + known->second->path + ":" + std::to_string(known->second->line),
             Severity::Error, object->line});
    }
    for (Problem& problem : mixed_versions(objects)) problems.push_back(std::move(problem));
    return problems;
}

}  // namespace tierwall::kube
