// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_network_policy: a document -> NetworkPolicy, and what to enforce when that fails.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/document/reader.hpp"
#include "control/kube/network_policy.hpp"

#include <optional>
#include <string>

namespace tierwall::kube {

/// Reads `spec`; names are the caller's. Unknown fields are faults.
NetworkPolicy decode_network_policy(const document::Reader& root);

/// A policy that only isolates the subjects of one that cannot be used: in the directions that it
/// names, in both when that cannot be read either. Nothing when its podSelector cannot be read.
std::optional<NetworkPolicy> isolating_policy(const document::Value& root);

}  // namespace tierwall::kube
