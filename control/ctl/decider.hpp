// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decider(): what decided a direction, in a few words for a table's cell.
///
/// Threads: any.
/// Memory:  a string.
/// Cost:    none on the packet path.

#include <cstdint>
#include <string>

namespace tierwall::ctl {

struct Decider {
    std::string tier;
    std::string policy;
    std::int32_t rule = -1;
};

/// "Admin ClusterNetworkPolicy/guard rule 2"; "NetworkPolicy NetworkPolicy/shop/web isolation";
/// "Default".
inline std::string decider(const Decider& what) {
    if (what.policy.empty()) return what.tier;
    return what.tier + " " + what.policy +
           (what.rule < 0 ? " isolation" : " rule " + std::to_string(what.rule));
}

}  // namespace tierwall::ctl
