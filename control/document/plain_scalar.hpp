// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// plain_scalar: what a YAML scalar without quotes stands for.
///
/// kubectl reads YAML 1.1: `yes`, `on` and `y` are booleans, 010 is eight. Reading them in another
/// way would make a label match here and not in the cluster.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    O(length).

#include "control/document/value.hpp"

#include <cstdint>
#include <string_view>

namespace tierwall::document {

/// The text of a Text value is the one given: keep it alive.
Value plain_scalar(std::string_view text, std::uint32_t line);

}  // namespace tierwall::document
