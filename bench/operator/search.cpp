// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/search.hpp"

#include <algorithm>
#include <optional>

namespace tierwall::tester {
namespace {

/// Below this nobody looks for a rate any more.
constexpr double kRateMin_pps = 100;

class Hunt {
public:
    Hunt(const SearchPlan& plan, const RunTrial& run) : plan_(plan), run_(run) {}

    /// The trial without loss, if there is one.
    std::optional<Trial> attempt(double rate_pps) {
        for (unsigned i = 0; i < std::max(plan_.attempts, 1u); ++i) {
            const Trial trial = run_(rate_pps);
            found.trials.push_back(trial);
            if (is_loss_free(trial, plan_)) return trial;
        }
        return std::nullopt;
    }

    Found found;

private:
    const SearchPlan& plan_;
    const RunTrial& run_;
};

}  // namespace

bool is_loss_free(const Trial& trial, const SearchPlan& plan) {
    if (trial.offered == 0 || trial.lost() != 0) return false;
    return trial.wanted_pps == 0 || trial.offered_pps >= trial.wanted_pps * (1 - plan.resolution);
}

Found search(const SearchPlan& plan, const RunTrial& run) {
    Hunt hunt(plan, run);
    const std::optional<Trial> first = hunt.attempt(plan.rate_max);
    Found& found = hunt.found;
    if (first) {
        found.rate_pps = first->offered_pps;
        found.tester_limit = plan.rate_max == 0;
        return found;
    }
    found.overload_pps = found.trials.front().received_pps();
    double high = found.trials.front().offered_pps;
    double low = 0;
    // What goes through under overload is a good guess: an answer is seldom far from it.
    double next = std::min(found.overload_pps, high * 0.98);
    while (high > kRateMin_pps && high - low > plan.resolution * high) {
        if (next <= low || next >= high) next = (low + high) / 2;
        if (const std::optional<Trial> passed = hunt.attempt(next)) {
            found.rate_pps = std::max(found.rate_pps, passed->offered_pps);
            low = next;
        } else {
            high = next;
        }
        next = (low + high) / 2;
    }
    return found;
}

}  // namespace tierwall::tester
