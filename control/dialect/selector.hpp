// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// selector: a LabelSelector as written -> the one model's Selector.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/kube/object.hpp"
#include "control/policy/policy.hpp"

#include <optional>

namespace tierwall::dialect {

/// Nothing when it breaks the API's rules for selectors: it must then fail closed.
std::optional<policy::Selector> selector(const kube::LabelSelector& written);

}  // namespace tierwall::dialect
