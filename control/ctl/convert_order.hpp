// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Are the policies of a tier asked in the order in which they were? What convert() makes has
/// another kind, perhaps another name, and for a part of a policy another priority: each of these
/// may change who comes first.
///
/// Threads: any; pure.
/// Memory:  a name a policy.
/// Cost:    O(policies * log).

#include "control/ctl/convert.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tierwall::ctl {

/// "Admin" or "Baseline"; empty for what is in neither.
std::string tier_of(const nlohmann::ordered_json& document);
/// Nothing where none is given. The one baseline of the older kind has 0.
std::optional<std::int64_t> priority_of(const nlohmann::ordered_json& document);

/// Fails: Invalid, naming two policies that would change places.
base::Status check_order(const Documents& given, const Conversion& made);

}  // namespace tierwall::ctl
