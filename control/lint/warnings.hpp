// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// warnings: what is legal in these manifests and surely not meant. Start reading here.
///
/// The objects become policies of the one model and kinds of pods (Scene), and each check of
/// checks.hpp looks at these. What one file has wrong leaves the others' meaning open, so that
/// callers ask for warnings only where there are no errors.
///
/// Threads: any; pure.
/// Memory:  a copy of the objects, and about as much again.
/// Cost:    seconds for 10,000 policies and 100,000 pods.

#include "control/kube/store.hpp"
#include "control/lint/finding.hpp"

#include <vector>

namespace tierwall::lint {

/// In the order of the objects, each with the file and line of its object.
/// Requires: objects without errors.
std::vector<Finding> warnings(const kube::Contents& objects);

}  // namespace tierwall::lint
