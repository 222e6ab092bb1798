// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Rule sets: two generated clusters that differ in how alike their rules are.
///
/// Filters that keep a hash table for each mask are fast while all rules have one shape, and slow
/// down with every further one. So things are compared with one shape, and with many.
///
/// Threads: values.
/// Memory:  a cluster each.
/// Cost:    milliseconds.

#include "bench/cluster/cluster.hpp"

#include <cstdint>

namespace tierwall::bench {

/// Every rule is about a source pod, a destination pod, a protocol and a port: each application's
/// pods are open to some applications, in its namespace and in others. All pods are isolated.
Generated one_shape(std::uint32_t namespaces, std::uint64_t seed);

/// Three tiers with blocks of all lengths, ranges of ports, and rules without ports.
Generated many_shapes(std::uint32_t namespaces, std::uint64_t seed);

}  // namespace tierwall::bench
