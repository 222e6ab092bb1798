// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// shrink(): the smallest story that still shows a fault, by leaving out one thing after the other:
/// steps, objects, then rules, peers, ports, labels and addresses inside of objects.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    at most kTriesMax tries.

#include "test/oracle/generate.hpp"

#include <functional>

namespace tierwall::oracle {

inline constexpr int kTriesMax = 4000;

using StillFails = std::function<bool(const Story&)>;

/// Requires: still_fails(story).
Story shrink(Story story, const StillFails& still_fails);

/// What is left, for people and for the shrinker's own test.
struct Size {
    std::size_t steps = 0;
    std::size_t policies = 0;
    std::size_t rules = 0;
    std::size_t peers = 0;
    std::size_t ports = 0;
    std::size_t pods = 0;
    std::size_t nodes = 0;
};
Size size_of(const Story& story);

}  // namespace tierwall::oracle
