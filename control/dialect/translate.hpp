// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// translate: every policy object in force -> the one model.
///
/// Threads: any; pure.
/// Memory:  the result's.
/// Cost:    O(size of all policies).

#include "control/kube/objects.hpp"
#include "control/policy/policy.hpp"

#include <vector>

namespace tierwall::dialect {

/// In the order in which they are asked: by tier, then policy::asked_before(). Adds a problem for
/// each rule that had to fail closed although its object is sound, and a warning for each peer of
/// domain names, which needs names learned from DNS answers to match anything, for ranges that
/// match nothing and for policies of both versions of one API.
std::vector<policy::Policy> translate(const kube::Objects& objects,
                                      std::vector<kube::Problem>& problems);

/// The parts of that: the policies in any order with what is wrong in each, and what is told of all
/// of them together.
std::vector<policy::Policy> translate_each(const kube::Objects& objects,
                                           std::vector<kube::Problem>& problems);
std::vector<kube::Problem> common_problems(const kube::Objects& objects);

}  // namespace tierwall::dialect
