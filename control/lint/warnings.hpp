// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// warnings: what is legal in these manifests and surely not meant. Start reading here.
///
/// The objects become policies of the one model and kinds of pods (Scene), and each check of
/// checks.hpp looks at these. What one file has wrong leaves the others' meaning open, so that
/// callers ask for warnings only where there are no errors.
///
/// How much is compared is limited: a check that would need more steps than the size of the objects
/// allows ends, and a finding (not-fully-checked) says which one and where.
///
/// Threads: any; pure.
/// Memory:  a copy of the objects, and about as much again.
/// Cost:    five seconds for 10,000 policies and 100,000 pods. A check that gives up has taken half
///          a second, and a quarter for each megabyte of manifests.

#include "control/kube/store.hpp"
#include "control/lint/finding.hpp"

#include <cstdint>
#include <vector>

namespace tierwall::lint {

/// Steps that each check may take: some, and some more for each pod, rule, peer, block and port. A
/// cluster of 10,000 pods and 1,000 policies needs less than a fourth of them.
struct Effort {
    std::uint64_t at_least = 20'000'000;
    std::uint64_t per_object = 200;
};

/// Steps that were taken; by the scene, of which `check` is "pods", and by each check.
struct Taken {
    const char* check;
    std::uint64_t steps;
    std::uint64_t allowed;
};

struct Report {
    std::vector<Finding> findings;
    std::vector<Taken> taken;
};

/// In the order of the objects, each with the file and line of its object.
/// Requires: objects without errors.
std::vector<Finding> warnings(const kube::Contents& objects);
/// The same, with another effort.
Report report(const kube::Contents& objects, const Effort& effort);

}  // namespace tierwall::lint
