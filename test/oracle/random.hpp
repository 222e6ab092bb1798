// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Random: the one source of chance of a generated cluster, from a seed.
///
/// Threads: one.
/// Memory:  the engine's state.
/// Cost:    irrelevant; only tests use it.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace tierwall::oracle {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// 0 .. limit - 1. The same everywhere, unlike std::uniform_int_distribution.
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
    /// first .. last, both included.
    int between(int first, int last) {
        return first + static_cast<int>(below(static_cast<std::size_t>(last - first + 1)));
    }
    bool chance(int percent) { return between(0, 99) < percent; }

    template <typename T>
    const T& pick(const std::vector<T>& list) {
        return list[below(list.size())];
    }
    std::string pick(std::initializer_list<const char*> list) {
        return *(list.begin() + below(list.size()));
    }
    int pick(std::initializer_list<int> list) { return *(list.begin() + below(list.size())); }

private:
    std::mt19937_64 engine_;
};

}  // namespace tierwall::oracle
