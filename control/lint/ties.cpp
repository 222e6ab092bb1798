// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/witness.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace tierwall::lint {
namespace {

/// Policies of one priority that one policy is compared with; about more nothing is said.
constexpr std::size_t kTiedMax = 64;
/// Kinds of pods that two policies select and that are looked at.
constexpr std::size_t kSubjectsMax = 16;

struct Pair {
    std::uint32_t first;
    std::uint32_t second;
    friend auto operator<=>(const Pair&, const Pair&) = default;
};

bool can_tie(const policy::Policy& policy) {
    return policy.tier != base::kTierNetworkPolicy && !policy.audit;
}

/// Pairs with some pod in common, and kinds of such pods.
std::map<Pair, std::vector<KindNumber>> pairs_with_pods(const Scene& scene) {
    std::map<Pair, std::vector<KindNumber>> pairs;
    std::map<PolicyNumbers, std::size_t> seen;
    for (KindNumber number = 0; number < scene.pod_kinds().size(); ++number) {
        const PodKind& kind = scene.pod_kinds()[number];
        if (!kind.live || kind.policies.size() < 2) continue;
        // Pods under the same policies are judged alike, but for their ports and for being their
        // own peers: some of them are enough.
        if (++seen[kind.policies] > kSubjectsMax) continue;
        std::map<std::pair<std::uint16_t, std::int32_t>, PolicyNumbers> tied;
        for (const std::uint32_t each : kind.policies) {
            const policy::Policy& policy = scene.policies()[each];
            if (can_tie(policy)) tied[{policy.tier, policy.priority}].push_back(each);
        }
        for (const auto& [_, numbers] : tied) {
            for (std::size_t i = 1; i < numbers.size(); ++i) {
                const std::size_t start = i > kTiedMax ? i - kTiedMax : 0;
                for (std::size_t j = start; j < i; ++j) {
                    auto& kinds = pairs[{numbers[j], numbers[i]}];
                    if (kinds.size() < kSubjectsMax) kinds.push_back(number);
                }
            }
        }
    }
    return pairs;
}

/// Without pods: pairs of which no selector says that they have no pod in common.
std::vector<Pair> pairs_that_may_meet(const Scene& scene) {
    std::map<std::pair<std::uint16_t, std::int32_t>, PolicyNumbers> tied;
    for (std::uint32_t i = 0; i < scene.policies().size(); ++i) {
        const policy::Policy& policy = scene.policies()[i];
        if (can_tie(policy)) tied[{policy.tier, policy.priority}].push_back(i);
    }
    std::vector<Pair> pairs;
    for (const auto& [_, numbers] : tied) {
        for (std::size_t i = 1; i < numbers.size(); ++i) {
            for (std::size_t j = i > kTiedMax ? i - kTiedMax : 0; j < i; ++j) {
                const Area& area = scene.subject_area(numbers[j]);
                if (area.meets(scene.subject_area(numbers[i]))) {
                    pairs.push_back({numbers[j], numbers[i]});
                }
            }
        }
    }
    return pairs;
}

void report(const Scene& scene, const Pair& pair, const Disagreement& found, Findings& findings) {
    const policy::Policy& first = scene.policies()[pair.first];
    const policy::Policy& second = scene.policies()[pair.second];
    const base::Direction direction = found.traffic.direction;
    add(findings, "priority-tie", {second.path(), "spec.priority"},
        "is " + std::to_string(second.priority) + " like that of " + first.path() +
            ", and nothing says which decides where they disagree: " + describe(found) +
            " matches " + words_for(direction, *found.second, second) + " here and " +
            words_for(direction, *found.first, first) +
            " there; give the one that must win a lower number");
}

}  // namespace

void check_priority_ties(const Scene& scene, Findings& findings) {
    std::set<std::uint32_t> reported;
    const Witnesses witnesses(scene);
    const auto check = [&](const Pair& pair, const std::vector<KindNumber>& kinds) {
        if (reported.contains(pair.second)) return;
        const auto found = witnesses.find(pair.first, pair.second, kinds);
        if (!found) return;
        reported.insert(pair.second);
        report(scene, pair, *found, findings);
    };
    if (scene.has_pods()) {
        for (const auto& [pair, kinds] : pairs_with_pods(scene)) check(pair, kinds);
    } else {
        for (const Pair& pair : pairs_that_may_meet(scene)) check(pair, {});
    }
}

}  // namespace tierwall::lint
