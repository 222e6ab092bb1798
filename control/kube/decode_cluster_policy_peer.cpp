// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode_cluster_policy_peer.hpp"

#include "control/kube/decode_selector.hpp"

#include <algorithm>
#include <string>

namespace tierwall::kube {
namespace {

using document::Kind;
using document::Reader;

std::optional<NamespacedPods> decode_pods(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    reader.allow_only({"namespaceSelector", "podSelector"});
    if (!reader.is(Kind::Object)) return NamespacedPods{};
    return NamespacedPods{decode_selector(reader.at("namespaceSelector")),
                          decode_selector(reader.at("podSelector"))};
}

std::optional<std::vector<std::string>> decode_list(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    return decode_strings(reader);
}

/// What peers of either direction have.
ClusterPolicyPeer decode_pods_peer(const Reader& reader) {
    ClusterPolicyPeer peer;
    peer.namespaces = decode_selector(reader.at("namespaces"));
    peer.pods = decode_pods(reader.at("pods"));
    return peer;
}

ClusterPolicyPeer unreadable(bool unknown) {
    ClusterPolicyPeer peer;
    peer.has_unknown = unknown;
    return peer;
}

}  // namespace

bool has_unknown(const Reader& element, std::initializer_list<std::string_view> known) {
    bool found = false;
    for (const auto& [key, member] : element.members()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        element.fault(base::Errc::Invalid, "unknown field \"" + std::string(key) + "\"");
        found = true;
    }
    return found;
}

std::optional<ClusterPolicySubject> decode_subject(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    reader.allow_only({"namespaces", "pods"});
    if (!reader.is(Kind::Object)) return ClusterPolicySubject{};
    return ClusterPolicySubject{decode_selector(reader.at("namespaces")),
                                decode_pods(reader.at("pods"))};
}

ClusterPolicyPeer decode_ingress_peer(const Reader& reader) {
    const bool unknown = has_unknown(reader, {"namespaces", "pods"});
    if (!reader.is(Kind::Object)) return unreadable(unknown);
    ClusterPolicyPeer peer = decode_pods_peer(reader);
    peer.has_unknown = unknown;
    return peer;
}

ClusterPolicyPeer decode_egress_peer(const Reader& reader) {
    const bool unknown =
        has_unknown(reader, {"namespaces", "pods", "networks", "nodes", "domainNames"});
    if (!reader.is(Kind::Object)) return unreadable(unknown);
    ClusterPolicyPeer peer = decode_pods_peer(reader);
    peer.has_unknown = unknown;
    peer.networks = decode_list(reader.at("networks"));
    peer.nodes = decode_selector(reader.at("nodes"));
    peer.domain_names = decode_list(reader.at("domainNames"));
    return peer;
}

ClusterPolicyPeer decode_nameless_peer(const Reader& reader) {
    const bool unknown = has_unknown(reader, {"namespaces", "pods", "networks", "nodes"});
    if (!reader.is(Kind::Object)) return unreadable(unknown);
    ClusterPolicyPeer peer = decode_pods_peer(reader);
    peer.has_unknown = unknown;
    peer.networks = decode_list(reader.at("networks"));
    peer.nodes = decode_selector(reader.at("nodes"));
    return peer;
}

std::optional<std::vector<ClusterPolicyPeer>> decode_peers(const Reader& reader,
                                                           DecodePeer decode_peer) {
    if (!reader.present()) return std::nullopt;
    std::vector<ClusterPolicyPeer> peers;
    for (const Reader& item : reader.items()) peers.push_back(decode_peer(item));
    return peers;
}

}  // namespace tierwall::kube
