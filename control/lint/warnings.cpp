// SPDX-License-Identifier: Apache-2.0
#include "control/lint/warnings.hpp"

#include "control/lint/checks.hpp"
#include "control/lint/scene.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace tierwall::lint {
namespace {

struct Origin {
    std::size_t place = 0;
    const kube::Decoded* object = nullptr;
};

struct Check {
    const char* kind;
    void (*look)(const Work&);
    bool needs_pods;  ///< to be known with all sets that they are in
};
constexpr Check kChecks[] = {
    {"priority-tie", check_priority_ties, true},
    {"rule-shadowed", check_shadowed_rules, false},
    {"one-address-family", check_address_families, false},
    {"dns-blocked", check_dns, true},
    {"selector-matches-nothing", check_selectors, true},
    {"baseline-never-acts", check_baseline, true},
    {"named-port-unknown", check_named_ports, true},
    {"split-peer", check_split_peers, true},
};

/// In the order of the objects.
void set_places(const kube::Contents& objects, Findings& findings) {
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
}

}  // namespace

Report report(const kube::Contents& objects, const Effort& effort) {
    Scene scene(objects);
    const std::uint64_t allowed = effort.at_least + effort.per_object * scene.size();
    Report out;
    Budget of_scene(allowed);
    scene.look_at_pods(of_scene);
    out.taken.push_back({"pods", of_scene.taken(), allowed});
    for (const Check& check : kChecks) {
        Budget budget(allowed);
        const Work work{scene, check.kind, budget, out.findings};
        if (!check.needs_pods || scene.is_complete()) {
            check.look(work);
        } else if (!scene.policies().empty()) {
            give_up(work, scene.policies().front().path());
        }
        out.taken.push_back({check.kind, budget.taken(), allowed});
    }
    set_places(objects, out.findings);
    return out;
}

std::vector<Finding> warnings(const kube::Contents& objects) {
    return std::move(report(objects, Effort{}).findings);
}

}  // namespace tierwall::lint
