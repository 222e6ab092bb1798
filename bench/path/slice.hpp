// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Slice: a short stretch of measuring, and what many of them together say.
///
/// What is compared runs in turns, a slice each, so that whatever else the machine does in these
/// seconds meets all of it alike. Each turn gives one ratio; the median of the turns counts.
///
/// Threads: one.
/// Memory:  a few bytes a slice.
/// Cost:    two clock reads a slice.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tierwall::bench {

struct Slice {
    std::uint64_t packets = 0;
    /// The time that the measuring thread had its core: on a shared machine others take turns.
    double cpu_s = 0;
    double wall_s = 0;

    double ns() const { return packets == 0 ? 0 : cpu_s * 1e9 / static_cast<double>(packets); }
    double mpps() const { return cpu_s == 0 ? 0 : static_cast<double>(packets) / cpu_s / 1e6; }
};

/// Time of the calling thread on its core, and of the clock on the wall.
class SliceClock {
public:
    SliceClock();
    Slice since(std::uint64_t packets) const;

private:
    double cpu_s_;
    double wall_s_;
};

struct Spread {
    double median = 0;
    double min = 0;
    double max = 0;
    std::size_t runs = 0;
};
Spread spread_of(std::vector<double> values);

/// One of the things that are compared.
struct Contender {
    std::string name;
    std::function<Slice(double seconds)> run;
    std::vector<Slice> slices = {};

    Spread ns() const;
    Spread mpps() const;
};

/// Turn by turn, speed of `a` over speed of `b`.
Spread speed_ratio(const Contender& a, const Contender& b);

struct Schedule {
    std::size_t turns = 15;
    double seconds = 0.4;  ///< a slice
};
/// One short turn that does not count, then all turns. Each turn begins with another contender.
void take_turns(std::vector<Contender>& contenders, const Schedule& schedule,
                const std::function<void(std::size_t turn)>& progress);

}  // namespace tierwall::bench
