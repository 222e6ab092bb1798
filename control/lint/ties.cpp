// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/witness.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace tierwall::lint {
namespace {

/// Policies of one priority that one policy is compared with, the last before it; of what is left
/// out the check says so.
constexpr std::size_t kTiedMax = 64;
/// Kinds of pods that two policies select and that are looked at.
constexpr std::size_t kSubjectsMax = 16;

using Kinds = std::vector<KindNumber>;

bool can_tie(const policy::Policy& policy) { return policy.tier != base::kTierNetworkPolicy; }

bool are_tied(const policy::Policy& a, const policy::Policy& b) {
    return a.tier == b.tier && a.priority == b.priority;
}

/// The policies that one may tie with, and kinds of pods that both select.
class Rivals {
public:
    explicit Rivals(const Work& work) : scene_(work.scene), budget_(work.budget) { find_usable(); }

    /// Ascending; with some kinds of pods where there are pods.
    std::map<std::uint32_t, Kinds> of(std::uint32_t number);
    /// Were there more than kTiedMax?
    bool were_too_many() const { return too_many_; }

private:
    void find_usable();
    void add_by_pods(std::uint32_t number, std::map<std::uint32_t, Kinds>& rivals);
    void add_by_areas(std::uint32_t number, std::map<std::uint32_t, Kinds>& rivals);

    const Scene& scene_;
    Budget& budget_;
    std::vector<bool> usable_;  ///< of each kind of pod
    bool too_many_ = false;
};

/// Pods under the same policies are judged alike, but for their ports and for being their own
/// peers: some of them are enough.
void Rivals::find_usable() {
    std::map<PolicyNumbers, std::size_t> seen;
    for (const PodKind& kind : scene_.pod_kinds()) {
        budget_.spend(1 + kind.policies.size());
        usable_.push_back(kind.live && kind.policies.size() >= 2 &&
                          seen[kind.policies]++ < kSubjectsMax);
    }
}

std::map<std::uint32_t, Kinds> Rivals::of(std::uint32_t number) {
    too_many_ = false;
    std::map<std::uint32_t, Kinds> rivals;
    if (!can_tie(scene_.policies()[number])) return rivals;
    if (scene_.has_pods()) {
        add_by_pods(number, rivals);
    } else {
        add_by_areas(number, rivals);
    }
    return rivals;
}

/// In a kind's list those of one tier and priority stand together.
void Rivals::add_by_pods(std::uint32_t number, std::map<std::uint32_t, Kinds>& rivals) {
    const auto& policies = scene_.policies();
    for (const KindNumber kind : scene_.members(scene_.subject(number))) {
        if (!budget_.spend()) return;
        if (!usable_[kind]) continue;
        const PolicyNumbers& list = scene_.pod_kinds()[kind].policies;
        const auto own = std::lower_bound(list.begin(), list.end(), number);
        std::size_t count = 0;
        for (auto at = own; at != list.begin();) {
            const std::uint32_t other = *--at;
            if (!are_tied(policies[other], policies[number]) || !budget_.spend(2)) break;
            if (count++ == kTiedMax) {
                too_many_ = true;
                break;
            }
            Kinds& kinds = rivals[other];
            if (kinds.size() < kSubjectsMax) kinds.push_back(kind);
        }
    }
}

/// Without pods: those of which no selector says that they have no pod in common.
void Rivals::add_by_areas(std::uint32_t number, std::map<std::uint32_t, Kinds>& rivals) {
    const Area& area = scene_.subject_area(number);
    for (std::uint32_t other = number; other-- > 0;) {
        const policy::Policy& policy = scene_.policies()[other];
        const Area& theirs = scene_.subject_area(other);
        if (!are_tied(policy, scene_.policies()[number])) return;
        if (!budget_.spend(area.cost(theirs))) return;
        if (!area.meets(theirs)) continue;
        if (rivals.size() >= kTiedMax) {
            too_many_ = true;
            return;
        }
        rivals[other];
    }
}

void report(const policy::Policy& first, const policy::Policy& second, const Disagreement& found,
            Findings& findings) {
    const base::Direction direction = found.traffic.direction;
    add(findings, "priority-tie", {second.path(), "spec.priority"},
        "is " + std::to_string(second.priority) + " like that of " + first.path() +
            ", and nothing says which decides where they disagree: " + describe(found) +
            " matches " + words_for(direction, *found.second, second) + " here and " +
            words_for(direction, *found.first, first) +
            " there; give the one that must win a lower number");
}

}  // namespace

void check_priority_ties(const Work& work) {
    const auto& policies = work.scene.policies();
    Rivals rivals(work);
    Witnesses witnesses(work.scene, work.budget);
    std::optional<std::uint32_t> too_many;
    each_policy(work, [&](std::uint32_t number) {
        const auto others = rivals.of(number);
        if (rivals.were_too_many() && !too_many) too_many = number;
        for (const auto& [other, kinds] : others) {
            const auto found = witnesses.find(other, number, kinds);
            if (!found) continue;
            report(policies[other], policies[number], *found, work.findings);
            return;
        }
    });
    if (too_many && !work.budget.is_spent()) give_up(work, policies[*too_many].path());
}

}  // namespace tierwall::lint
