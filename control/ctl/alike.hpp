// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// alike(): which rows and columns of a square of numbers are the same, so that one of each is
/// enough to be shown.
///
/// Threads: any; pure.
/// Memory:  32 bytes a row.
/// Cost:    each number is asked for once. Rows are compared by 128-bit hashes.

#include "control/resolve/hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace tierwall::ctl {

/// For each index the list that it is in; lists ascend, and are in the order of their first.
/// Indices of different kinds are never put together. `cell(i, j)` answers a number.
template <typename Cell>
std::vector<std::vector<std::size_t>> alike(std::span<const std::uint64_t> kinds, Cell&& cell) {
    using Hash = std::array<std::size_t, 2>;
    const std::size_t size = kinds.size();
    std::vector<Hash> rows(size);
    std::vector<Hash> columns(size);
    for (std::size_t i = 0; i < size; ++i) {
        rows[i] = {resolve::mixed(1, kinds[i]), resolve::mixed(2, kinds[i])};
        columns[i] = {3, 4};
    }
    for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = 0; j < size; ++j) {
            const auto value = static_cast<std::size_t>(cell(i, j));
            for (std::size_t half = 0; half < 2; ++half) {
                rows[i][half] = resolve::mixed(rows[i][half], value);
                columns[j][half] = resolve::mixed(columns[j][half], value);
            }
        }
    }
    std::map<std::array<Hash, 2>, std::size_t> known;
    std::vector<std::vector<std::size_t>> lists;
    for (std::size_t i = 0; i < size; ++i) {
        const auto [entry, fresh] = known.try_emplace({rows[i], columns[i]}, lists.size());
        if (fresh) lists.emplace_back();
        lists[entry->second].push_back(i);
    }
    return lists;
}

}  // namespace tierwall::ctl
