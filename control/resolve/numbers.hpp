// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Numbers: gives out numbers that stay with their owner, and are not given out again soon.
///
/// A freed number waits behind kQuarantine others before it is given to somebody else, so that
/// whoever still holds it (a reader of an older snapshot, a log line) does not take one for the
/// other. Reuse keeps numbers small: dataplanes index arrays with them.
///
/// Threads: one control thread.
/// Memory:  4 bytes a waiting number.
/// Cost:    O(1).

#include "control/resolve/journal.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace tierwall::resolve {

class Numbers {
public:
    static constexpr std::size_t kQuarantine = 16384;

    /// Gives out first..last.
    Numbers(Journal& journal, std::uint32_t first, std::uint32_t last)
        : journal_(&journal), next_(first), last_(last) {}
    Numbers(const Numbers&) = delete;
    Numbers& operator=(const Numbers&) = delete;

    /// Nothing when all are in use; near the limit, numbers wait less.
    std::optional<std::uint32_t> take();
    void free(std::uint32_t number);

private:
    Journal* journal_;
    std::uint64_t next_;
    std::uint32_t last_;
    std::deque<std::uint32_t> waiting_;
};

}  // namespace tierwall::resolve
