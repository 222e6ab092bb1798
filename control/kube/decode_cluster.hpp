// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_cluster: documents -> Namespace, Pod, Node, reduced to what matters for policy.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    O(size); a few microseconds a pod.

#include "control/document/reader.hpp"
#include "control/kube/cluster.hpp"

namespace tierwall::kube {

inline constexpr char kNamespaceNameLabel[] = "kubernetes.io/metadata.name";

/// Names are the caller's, for all of these; other unknown fields are none of our business.
Namespace decode_namespace(const document::Reader& root, std::string name);
Pod decode_pod(const document::Reader& root);
Node decode_node(const document::Reader& root);

/// A namespace that is known only because something is in it.
Namespace bare_namespace(const std::string& name);

}  // namespace tierwall::kube
