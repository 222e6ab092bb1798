// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Overview: a Matrix that is too large to look at, by namespace: how many pairs may connect.
///
/// Namespaces whose rows and columns look alike are one block: every cell of the same kind, and
/// where pairs of one cell differ, the same shares of them, within tenths. Where there are still
/// too many, shares are not looked at; and then neighbours by name are put together.
///
/// Threads: any; values.
/// Memory:  24 bytes a pair of blocks.
/// Cost:    O((namespaces * their groups)^2).

#include "control/ctl/matrix.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tierwall::ctl {

struct OverviewBlock {
    EndKind kind = EndKind::Pod;
    bool is_world = false;
    std::vector<std::string> namespaces;  ///< of pods, sorted
    std::size_t ends = 0;                 ///< pods, nodes or blocks of addresses

    /// "ns[0-19], shop (21 namespaces)", "nodes", "12 address blocks", "every other address".
    std::string name() const;
};

struct Overview {
    std::vector<OverviewBlock> blocks;
    std::vector<PairCounts> cells;  ///< by source, then destination

    const PairCounts& at(std::size_t source, std::size_t destination) const {
        return cells[source * blocks.size() + destination];
    }
    /// 'a'll, 's'ome or 'n'one of the ports for every pair; 'm'ixed; '-': nothing to judge.
    char kind(std::size_t source, std::size_t destination) const;
    /// The same, with '0' to '9' for mixed: how many tenths of the pairs may connect on some port.
    char sign(std::size_t source, std::size_t destination) const;
};

/// Requires: blocks_max of 4 or more.
Overview overview_of(const Matrix& matrix, std::size_t blocks_max);

/// "41.2% all, 3.1% some, 55.7% none" of the ports.
std::string percentages(const PairCounts& counts);

}  // namespace tierwall::ctl
