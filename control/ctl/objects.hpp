// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Objects: manifests as tierwall-sync would enforce them from an empty state.
///
/// Threads: any.
/// Memory:  the cluster and its policies.
/// Cost:    reading and decoding.

#include "control/kube/cluster.hpp"
#include "control/policy/policy.hpp"
#include "dataplane/base/result.hpp"

#include <string>
#include <vector>

namespace tierwall::ctl {

struct Objects {
    kube::Cluster cluster;
    std::vector<policy::Policy> policies;
    /// Where policies speak of domain names, a line each.
    std::vector<std::string> named;
    /// Objects that are not enforced as they are written, a line each.
    std::vector<std::string> problems;
};

/// Files and folders. Fails: Io, Invalid for what is no manifest, and for the first object that
/// blocks enforcement, naming it.
base::Result<Objects> read_objects(const std::vector<std::string>& paths);
/// The same for a text; `name` stands for the file.
base::Result<Objects> read_objects_text(const std::string& text, const std::string& name);

}  // namespace tierwall::ctl
