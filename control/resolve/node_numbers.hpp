// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// NodeNumbers: a number for every node that exists or that a pod says it runs on.
///
/// Threads: one control thread.
/// Memory:  about 100 bytes a node.
/// Cost:    O(log nodes).

#include "control/resolve/ledger.hpp"
#include "control/resolve/numbers.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace tierwall::resolve {

class NodeNumbers {
public:
    explicit NodeNumbers(Journal& journal) : entries_(journal), numbers_(journal, 1, 0xfffffffe) {}

    /// Counts one more mention; the empty name has number 0.
    std::uint32_t acquire(const std::string& name);
    void release(const std::string& name);
    std::uint32_t find(const std::string& name) const;

    struct Changes {
        std::map<std::uint32_t, std::string> added;
        std::set<std::uint32_t> removed;
    };
    /// Since the last call. Numbers without a mention are freed.
    Changes take_changes();
    void forget_changes();

private:
    struct Entry {
        std::uint32_t number = 0;
        std::uint32_t mentions = 0;
    };
    Ledger<std::map<std::string, Entry>> entries_;
    Numbers numbers_;
    Changes changes_;
    std::set<std::string> unused_;
};

}  // namespace tierwall::resolve
