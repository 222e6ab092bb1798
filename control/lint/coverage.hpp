// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Coverage: do some rules together match everything that one rule matches?
///
/// A yes is a proof: it holds for every pod that could come, given what is known of namespaces. Of
/// rules that speak of addresses it also counts that the pods given have theirs in these blocks.
/// A no may be too cautious: selectors are compared one with one, not with unions of selectors.
///
/// Threads: one; pure.
/// Memory:  none to speak of.
/// Cost:    O(peers * peers) for two rules.

#include "control/lint/scene.hpp"
#include "control/policy/policy.hpp"

#include <vector>

namespace tierwall::lint {

struct RulePlace {
    const policy::Policy* policy = nullptr;
    const policy::Rule* rule = nullptr;
};

class Coverage {
public:
    explicit Coverage(const Scene& scene) : scene_(scene) {}

    /// Those of `earlier` that match all that `rule` matches, or nothing when they leave something
    /// to it, or when it can match nothing anyway.
    std::vector<RulePlace> of(const policy::Rule& rule,
                              const std::vector<RulePlace>& earlier) const;
    /// Does the rule match every end that the peer holds, at some port?
    bool holds(const policy::Rule& earlier, const policy::Peer& peer) const;

private:
    bool holds(const policy::Peer& outer, const policy::Peer& inner) const;
    bool networks_hold_pods(const policy::Rule& earlier, const policy::PodSet& pods) const;
    bool is_nothing(const policy::Peer& peer) const;

    const Scene& scene_;
};

}  // namespace tierwall::lint
