// SPDX-License-Identifier: Apache-2.0
#include "control/lint/warnings.hpp"

#include "control/lint/checks.hpp"
#include "control/lint/scene.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace tierwall::lint {
namespace {

struct Origin {
    std::size_t place = 0;
    const kube::Decoded* object = nullptr;
};

}  // namespace

std::vector<Finding> warnings(const kube::Contents& objects) {
    const Scene scene(objects);
    Findings findings;
    for (auto* check :
         {check_priority_ties, check_shadowed_rules, check_address_families, check_dns,
          check_selectors, check_baseline, check_named_ports, check_split_peers}) {
        check(scene, findings);
    }
    std::unordered_map<std::string, Origin> origins;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (!std::holds_alternative<kube::Pod>(objects[i]->object)) {
            origins.try_emplace(objects[i]->key.path(), Origin{i, objects[i].get()});
        }
    }
    for (Finding& each : findings) {
        const auto origin = origins.find(each.problem.object);
        if (origin == origins.end()) continue;
        each.problem.path = origin->second.object->path;
        each.problem.line = origin->second.object->line;
    }
    std::stable_sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) {
        const std::size_t place_a = origins[a.problem.object].place;
        const std::size_t place_b = origins[b.problem.object].place;
        return place_a != place_b ? place_a < place_b : a.problem.field < b.problem.field;
    });
    return findings;
}

}  // namespace tierwall::lint
