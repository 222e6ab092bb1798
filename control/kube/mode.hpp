// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mode: whether what a policy denies is dropped, or let through and counted.
///
/// Written as the annotation `tierwall.io/mode: audit` or `enforce` on a policy, or on a Namespace
/// for all NetworkPolicies in it that do not say themselves.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    a look at the object's annotations.

#include "control/document/value.hpp"
#include "control/kube/object.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::kube {

inline constexpr const char* kModeAnnotation = "tierwall.io/mode";

enum class Mode : std::uint8_t {
    Unset,    ///< a NetworkPolicy is treated as its Namespace says, anything else is enforced
    Enforce,  ///< also for what cannot be understood
    Audit,
};

/// Can objects of this kind say it?
bool has_mode(const std::string& kind);

/// Requires: an object of such a kind. A value that is neither of the two is a problem, and stands
/// for Enforce.
Mode decode_mode(const document::Value& object, std::vector<Problem>& problems);

}  // namespace tierwall::kube
