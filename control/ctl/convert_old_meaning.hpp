// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What policies of the oldest kinds meant, as policies of the one model, so that convert() can be
/// checked. It knows nothing of what convert() makes of them.
///
/// Before networking.k8s.io/v1 an annotation isolated a namespace for ingress, and policies only
/// opened it; a list of peers or ports that was there but empty matched nothing. Without any such
/// annotation a policy of extensions/v1beta1 means what one of networking.k8s.io/v1 does.
///
/// Threads: any; pure.
/// Memory:  the policies.
/// Cost:    O(size).

#include "control/ctl/convert.hpp"
#include "control/policy/policy.hpp"

#include <string>
#include <vector>

namespace tierwall::ctl {

struct OldMeaning {
    std::vector<policy::Policy> policies;
    /// "Kind/namespace/name" of those that say something nobody here knows the meaning of.
    std::vector<std::string> unknown;
};

/// Of the documents that are of such kinds. Fails: as isolated_namespaces().
base::Result<OldMeaning> old_meaning(const Documents& documents);

}  // namespace tierwall::ctl
