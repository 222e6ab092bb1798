// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Shape: how large a generated cluster is, and from which seed it grows.
///
/// Threads: values.
/// Memory:  a few words.
/// Cost:    none.

#include <cstdint>

namespace tierwall::bench {

/// Of one tier. A rule counts once for each of its ports, as rules(objects) does.
struct TierShape {
    std::uint32_t policies = 0;
    /// At least about so many in all: policies are given more rules until it is reached, and in the
    /// Admin and Baseline tiers more policies where 25 rules each are not enough. 0: as many as
    /// such policies usually have.
    std::uint32_t rules = 0;
};

struct Shape {
    std::uint64_t seed = 1;
    std::uint32_t pods = 1000;
    std::uint32_t namespaces = 30;  ///< at least 4: the first three are the cluster's own
    std::uint32_t nodes = 20;       ///< at most 250 pods each, else there are more
    TierShape admin{10, 0};
    TierShape network{100, 0};
    TierShape baseline{3, 0};
    std::uint32_t dual_stack_percent = 20;  ///< of namespaces; their pods have IPv6 addresses too
};

/// 100,000 pods in 1,000 namespaces with 10,000 policies.
inline Shape large_shape(std::uint64_t seed = 1) {
    return {.seed = seed,
            .pods = 100'000,
            .namespaces = 1'000,
            .nodes = 1'000,
            .admin = {40, 0},
            .network = {9'950, 0},
            .baseline = {10, 0},
            .dual_stack_percent = 20};
}

/// A cluster whose three tiers have about `rules` rules together, most of them NetworkPolicies'.
inline Shape shape_of_rules(std::uint32_t rules, std::uint64_t seed = 1) {
    const std::uint32_t spaces = rules / 25 < 12 ? 12 : rules / 25 > 1'000 ? 1'000 : rules / 25;
    return {.seed = seed,
            .pods = spaces * 40,
            .namespaces = spaces,
            .nodes = spaces / 2 + 3,
            .admin = {rules / 200 + 1, rules / 10},
            .network = {rules / 8 + 2, rules - rules / 10 - rules / 20},
            .baseline = {rules / 400 + 1, rules / 20},
            .dual_stack_percent = 20};
}

}  // namespace tierwall::bench
