// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// validate_selector: the API's rules for label selectors.
///
/// Threads: any; pure.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/object.hpp"

#include <string>
#include <vector>

namespace tierwall::kube {

/// Adds what is wrong, at `field` and below it; path and object are left empty.
void validate_selector(const LabelSelector& selector, const std::string& field,
                       std::vector<Problem>& problems);

}  // namespace tierwall::kube
