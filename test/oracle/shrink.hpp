// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// shrink(): the smallest scenario that still shows a fault, by leaving out one thing after the
/// other.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    at most kTriesMax tries.

#include "test/oracle/generate.hpp"

#include <functional>

namespace tierwall::oracle {

inline constexpr int kTriesMax = 3000;

Scenario shrink(Scenario scenario, const std::function<bool(const Scenario&)>& still_fails);

}  // namespace tierwall::oracle
