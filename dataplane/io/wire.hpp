// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Wire: ports in pairs, 0 with 1, 2 with 3; what comes in at one end leaves at the other.
///
/// Threads: any; a function of values.
/// Memory:  none.
/// Cost:    one instruction.

#include <cstdint>

namespace tierwall::io {

constexpr std::uint16_t other_end(std::uint16_t port) noexcept {
    return static_cast<std::uint16_t>(port ^ 1u);
}

}  // namespace tierwall::io
