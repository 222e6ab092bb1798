// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ground: the generated clusters that single functions are measured in, each made once.
///
/// Threads: one.
/// Memory:  a cluster with its tables for each number of rules that is asked for.
/// Cost:    seconds, the first time.

#include "bench/path/enforced.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace tierwall::bench {

/// What the packet path does at a time.
inline constexpr std::size_t kMicroBurst = 32;

/// Null: it cannot be made; the state says why then.
Enforced* cluster_of(std::uint32_t rules, benchmark::State& state);
/// Connections of that cluster that policy allows, over IPv4.
const std::vector<Connection>& connections_of(std::uint32_t rules, Enforced& cluster);
/// The time is that of a burst; this makes "items" of it, so that the table says packets a second.
void count_items(benchmark::State& state, std::size_t a_round);

}  // namespace tierwall::bench
