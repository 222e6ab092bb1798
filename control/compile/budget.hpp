// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Budget: what one subject's policies may cost a dataplane, and what goes when they cost more.
///
/// A dataplane builds a table in a time and in memory that grow with its rows, so a group of
/// subjects has a bound, and each of its policies a smaller one. What does not fit fails closed
/// alone: a whole policy where policies isolate, single rules where they are asked in order.
///
/// Threads: any.
/// Memory:  none of its own.
/// Cost:    O(parts log parts).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tierwall::compile {

/// What may be enforced or not: a policy, or one rule of it.
struct Part {
    std::uint32_t policy = 0;
    std::uint32_t rule = 0;  ///< 0: the whole policy
    std::size_t rows = 0;
    bool fixed = false;  ///< has failed closed already
};

struct Budget {
    std::size_t policy = 0;
    std::size_t group = 0;
    const char* unit = "rows";
};

struct Overrun {
    std::uint32_t policy = 0;
    std::uint32_t rule = 0;
    std::string what;  ///< "needs more than 8192 rows"
};

/// The parts that must go: of a policy, and then of all together, the largest first, and of equals
/// the earlier ones. `parts`: of one group, in the order in which they are asked.
std::vector<Overrun> overruns(std::span<const Part> parts, const Budget& budget);

}  // namespace tierwall::compile
