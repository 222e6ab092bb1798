// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RuleTally: what each rule decided, whatever its number is.
///
/// Workers count by a rule's number, for as long as they live. Numbers go to other rules: one that
/// is removed leaves its number to the next new one, and a tierwall-sync that starts again may
/// number everything anew. So what was counted before a rule got its number is taken off, and what
/// it had under the number before is added.
///
/// Threads: control.
/// Memory:  some 100 bytes for a rule that did not keep its first number.
/// Cost:    proportional to the rules that changed.

#include "control/agent/enforcer.hpp"
#include "dataplane/worker/dataplane.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace tierwall::agent {

/// What was decided by a rule.
struct RuleHits {
    std::uint64_t decided = 0;
    std::uint64_t would_deny = 0;
    friend bool operator==(const RuleHits&, const RuleHits&) = default;
};

/// Of all workers, since they started.
RuleHits counted(const worker::Dataplane& dataplane, std::uint32_t rule);

class RuleTally {
public:
    /// What workers counted for a number since they started.
    using Counted = std::function<RuleHits(std::uint32_t number)>;

    /// Numbers and names that a change of snapshot concerns, as they were before it.
    struct Leaving {
        std::set<std::uint32_t> numbers;
        std::set<std::uint32_t> policies;
        std::map<std::string, RuleHits> hits;  ///< by what the rule is
    };
    /// Before the change is applied.
    Leaving leaving(const proto::Difference& change, const Enforcer& enforcer,
                    const Counted& counted) const;
    /// After it was.
    void follow(const Leaving& leaving, const Enforcer& enforcer, const Counted& counted);

    /// Of the rule that has this number now.
    RuleHits of(std::uint32_t number, const RuleHits& counted) const;

private:
    struct Offset {
        RuleHits counted;  ///< before the rule got its number
        RuleHits carried;  ///< under other numbers
    };
    std::unordered_map<std::uint32_t, Offset> offsets_;
};

}  // namespace tierwall::agent
