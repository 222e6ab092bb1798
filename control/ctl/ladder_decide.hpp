// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decided_by(): a loaded Ladder as the one whom a Judge asks.
///
/// Threads: one.
/// Memory:  refers to the ladder, which must outlive it.
/// Cost:    that of the ladder.

#include "control/ctl/judge.hpp"
#include "dataplane/tier/ladder.hpp"

namespace tierwall::ctl {

inline Decide decided_by(const tier::Ladder& ladder) {
    return [&ladder](base::Direction direction, std::span<const tier::Question> questions,
                     std::span<base::Decision> decisions) {
        ladder.decide(direction, questions, decisions);
    };
}

}  // namespace tierwall::ctl
