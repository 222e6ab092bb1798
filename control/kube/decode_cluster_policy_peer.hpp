// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_cluster_policy_peer: subjects and peers of cluster-scoped policies.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/document/reader.hpp"
#include "control/kube/cluster_policy_peer.hpp"

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace tierwall::kube {

/// True, with a fault at the element itself, when it has a field that is not in the list.
bool has_unknown(const document::Reader& element, std::initializer_list<std::string_view> known);

std::optional<ClusterPolicySubject> decode_subject(const document::Reader& reader);
ClusterPolicyPeer decode_ingress_peer(const document::Reader& reader);
ClusterPolicyPeer decode_egress_peer(const document::Reader& reader);
/// Without domainNames, which are then an unknown field.
ClusterPolicyPeer decode_nameless_peer(const document::Reader& reader);

using DecodePeer = ClusterPolicyPeer (*)(const document::Reader&);
/// Nothing when there is no list.
std::optional<std::vector<ClusterPolicyPeer>> decode_peers(const document::Reader& reader,
                                                           DecodePeer decode_peer);

}  // namespace tierwall::kube
