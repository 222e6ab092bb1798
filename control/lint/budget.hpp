// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Budget: how many steps a check may take, so that no input keeps it busy for long.
///
/// A step is one comparison of small things, some ten nanoseconds. Steps are counted and not timed:
/// the same objects have the same findings on every machine. Whoever spends the last one answers
/// with the cautious word (nothing found, nothing held) and returns; the check itself looks at the
/// end of each object whether its budget is spent, and then drops what it had to say of that one.
///
/// Threads: one.
/// Memory:  two words.
/// Cost:    an addition.

#include <cstdint>

namespace tierwall::lint {

class Budget {
public:
    explicit Budget(std::uint64_t allowed) : allowed_(allowed) {}

    /// False when there were not that many left.
    bool spend(std::uint64_t steps = 1) {
        taken_ += steps;
        return taken_ <= allowed_;
    }
    bool is_spent() const { return taken_ > allowed_; }
    std::uint64_t taken() const { return taken_; }

private:
    std::uint64_t allowed_;
    std::uint64_t taken_ = 0;
};

}  // namespace tierwall::lint
