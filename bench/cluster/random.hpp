// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Random: numbers from a seed, the same on every machine and with every library.
///
/// Threads: one each.
/// Memory:  eight bytes.
/// Cost:    about a nanosecond a number.

#include <cstddef>
#include <cstdint>

namespace tierwall::bench {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    /// splitmix64.
    std::uint64_t next() {
        std::uint64_t mix = (state_ += 0x9e3779b97f4a7c15u);
        mix = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9u;
        mix = (mix ^ (mix >> 27)) * 0x94d049bb133111ebu;
        return mix ^ (mix >> 31);
    }
    /// 0..bound-1. Requires: bound not 0.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
    }
    std::uint32_t between(std::uint32_t first, std::uint32_t last) {
        return first + below(last - first + 1);
    }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    /// Requires: not empty.
    template <typename List>
    const auto& pick(const List& list) {
        return list[below(static_cast<std::uint32_t>(list.size()))];
    }

private:
    std::uint64_t state_;
};

}  // namespace tierwall::bench
