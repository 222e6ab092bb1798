// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Coverage: do some rules together match everything that one rule matches?
///
/// A yes is a proof: it holds for every pod that could come, given what is known of namespaces. Of
/// rules that speak of addresses it also counts that the pods given have theirs in these blocks.
/// Several rules count together where each has some of the ports, or some of the addresses of a
/// block. A no may be too cautious: selectors are compared one with one, not with unions of
/// selectors.
///
/// Threads: one; pure.
/// Memory:  none to speak of.
/// Cost:    for a peer that few rules hold some lookups; each comparison is a step of the budget.

#include "control/lint/budget.hpp"
#include "control/lint/rule_index.hpp"
#include "control/lint/scene.hpp"

#include <functional>

namespace tierwall::lint {

/// By which rules may a rule be covered?
struct CoverageQuestion {
    RuleNumber rule = 0;
    RuleNumber end = 0;                      ///< by those before this one
    std::function<bool(RuleNumber)> counts;  ///< and of those
};

class Coverage {
public:
    Coverage(const Scene& scene, const RuleIndex& index, Budget& budget)
        : scene_(scene), index_(index), budget_(budget) {}

    /// Rules that match all that the rule matches, ascending; nothing when they leave something to
    /// it, when it can match nothing anyway, or when the budget is spent.
    RuleNumbers of(const CoverageQuestion& question) const;

private:
    const Scene& scene_;
    const RuleIndex& index_;
    Budget& budget_;
};

}  // namespace tierwall::lint
