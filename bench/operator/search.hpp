// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// search(): the highest rate at which nothing is lost, by halving, as RFC 2544 (26.1) has it.
///
/// The first trial offers as much as the tester can; every other one halves what is left between
/// the highest rate that passed and the lowest that did not. A rate that loses is tried again as
/// often as the plan allows: on a machine that others share, a loss may be theirs.
///
/// Threads: one.
/// Memory:  a few words a trial.
/// Cost:    what the trials take; about log2(1 / resolution) + 2 rates.

#include <cstdint>
#include <functional>
#include <vector>

namespace tierwall::tester {

struct Trial {
    double wanted_pps = 0;         ///< 0: as fast as the tester can
    double offered_pps = 0;        ///< what it really was
    double seconds = 0;            ///< that the tester had its core
    double tester_waited_s = 0;    ///< besides: somebody else had it, and nothing was offered
    double firewall_waited_s = 0;  ///< the firewall's workers were kept from theirs, if known
    std::uint64_t offered = 0;
    std::uint64_t received = 0;
    /// What the tester or its port was too slow for.
    std::uint64_t not_offered = 0;

    std::uint64_t lost() const { return offered > received ? offered - received : 0; }
    double received_pps() const {
        return seconds > 0 ? static_cast<double>(received) / seconds : 0;
    }
};

struct SearchPlan {
    double resolution = 0.01;  ///< of the rate that is found
    unsigned attempts = 3;     ///< trials of a rate that loses, before it counts as too high
    double rate_max = 0;       ///< packets a second; 0: what the tester can
};

struct Found {
    /// The offered rate of a trial without loss; 0 when there was none.
    double rate_pps = 0;
    /// No rate that could be offered lost anything: the tester is the limit.
    bool tester_limit = false;
    /// As much as goes through when more is offered than can; 0 when no more could be offered.
    double overload_pps = 0;
    std::vector<Trial> trials;
};

/// Runs one trial at so many packets a second, 0 meaning as fast as possible.
using RunTrial = std::function<Trial(double rate_pps)>;

Found search(const SearchPlan& plan, const RunTrial& run);

/// Nothing was lost, and what was wanted was also offered (but for the resolution).
bool is_loss_free(const Trial& trial, const SearchPlan& plan);

}  // namespace tierwall::tester
