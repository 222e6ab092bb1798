// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Hash functions for the keys of the control plane's maps.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    a few nanoseconds a word.

#include "dataplane/base/address.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace tierwall::resolve {

constexpr std::size_t mixed(std::size_t seed, std::size_t value) noexcept {
    std::uint64_t mix = (seed ^ value) + 0x9e3779b97f4a7c15ULL + (std::uint64_t{seed} << 6);
    mix = (mix ^ (mix >> 32)) * 0xd6e8feb86659fd93ULL;
    return static_cast<std::size_t>(mix ^ (mix >> 32));
}

inline std::size_t mixed(std::size_t seed, std::string_view value) noexcept {
    return mixed(seed, std::hash<std::string_view>{}(value));
}

/// FNV-1a: the same in every process, unlike std::hash; 0 for nothing only.
constexpr std::uint64_t lasting_hash(std::string_view text) noexcept {
    if (text.empty()) return 0;
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char each : text) {
        hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3u;
    }
    return hash == 0 ? 1 : hash;
}

struct AddressHash {
    std::size_t operator()(const base::Address& address) const noexcept {
        return mixed(static_cast<std::size_t>(address.high()),
                     static_cast<std::size_t>(address.low()));
    }
};

struct PrefixHash {
    std::size_t operator()(const base::Prefix& prefix) const noexcept {
        const auto family = static_cast<std::size_t>(prefix.family);
        return mixed(AddressHash{}(prefix.address), prefix.length + 256 * family);
    }
};

/// For vectors of numbers.
struct RangeHash {
    template <typename Range>
    std::size_t operator()(const Range& range) const noexcept {
        std::size_t seed = range.size();
        for (const auto& value : range) seed = mixed(seed, static_cast<std::size_t>(value));
        return seed;
    }
};

}  // namespace tierwall::resolve
