// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// selector: does a Selector match these labels.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    requirements times log(labels).

#include "control/policy/policy.hpp"

#include <functional>
#include <map>
#include <string>

namespace tierwall::policy {

using Labels = std::map<std::string, std::string, std::less<>>;

/// A missing key matches NotIn and DoesNotExist, and never equals "".
bool matches(const Requirement& requirement, const Labels& labels);
bool matches(const Selector& selector, const Labels& labels);

/// Sorts values and requirements and drops repeats, so that equal selectors compare equal.
void normalize(Selector& selector);

}  // namespace tierwall::policy
