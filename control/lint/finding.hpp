// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Finding: one thing that is legal and surely not meant, and the kinds of them that there are.
///
/// A finding holds for the objects that were given; a check that cannot be sure says nothing.
///
/// Threads: values.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/object.hpp"

#include <span>
#include <string>

namespace tierwall::lint {

struct Finding {
    std::string rule;       ///< Kind::id
    kube::Problem problem;  ///< a warning
};

/// What a check looks for.
struct Kind {
    const char* id;       ///< stable: others refer to it
    const char* summary;  ///< one sentence
    const char* help;     ///< why it matters and what to do
    base::Errc error;     ///< the API's word that comes closest
};

/// In the order of their documentation.
std::span<const Kind> kinds();
/// Requires: one of kinds().
const Kind& kind(const std::string& id);

}  // namespace tierwall::lint
