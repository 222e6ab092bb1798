// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode_cluster_network_policy.hpp"

#include "control/kube/decode_cluster_policy_peer.hpp"

namespace tierwall::kube {
namespace {

using document::Kind;
using document::Reader;

constexpr std::int64_t kAnyLeast = INT64_MIN;
constexpr std::int64_t kAnyMost = INT64_MAX;

ClusterPolicyRange decode_range(const Reader& reader) {
    reader.allow_only({"start", "end"});
    if (!reader.is(Kind::Object)) return {};
    return {reader.at("start").integer(kAnyLeast, kAnyMost),
            reader.at("end").integer(kAnyLeast, kAnyMost)};
}

ClusterPolicyPort decode_cluster_policy_port(const Reader& reader) {
    ClusterPolicyPort port;
    reader.allow_only({"number", "range"});
    if (!reader.is(Kind::Object)) return port;
    port.number = reader.at("number").integer(kAnyLeast, kAnyMost);
    if (const Reader range = reader.at("range"); range.present()) port.range = decode_range(range);
    return port;
}

std::optional<ClusterPolicyTransport> decode_transport(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    reader.allow_only({"destinationPort"});
    ClusterPolicyTransport transport;
    if (!reader.is(Kind::Object)) return transport;
    const Reader port = reader.at("destinationPort");
    if (port.present()) transport.destination_port = decode_cluster_policy_port(port);
    return transport;
}

ClusterPolicyProtocol decode_cluster_policy_protocol(const Reader& reader) {
    ClusterPolicyProtocol protocol;
    protocol.has_unknown = has_unknown(reader, {"tcp", "udp", "sctp", "destinationNamedPort"});
    if (!reader.is(Kind::Object)) return protocol;
    protocol.tcp = decode_transport(reader.at("tcp"));
    protocol.udp = decode_transport(reader.at("udp"));
    protocol.sctp = decode_transport(reader.at("sctp"));
    protocol.named_port = reader.at("destinationNamedPort").text();
    return protocol;
}

ClusterPolicyRule decode_rule(const Reader& reader, std::string_view peers,
                              DecodePeer decode_peer) {
    ClusterPolicyRule rule;
    has_unknown(reader, {"name", "action", "protocols", peers});
    if (!reader.is(Kind::Object)) return rule;
    rule.name = reader.at("name").text().value_or("");
    rule.action = reader.at("action").text();
    rule.peers = decode_peers(reader.at(peers), decode_peer);
    if (const Reader list = reader.at("protocols"); list.present()) {
        rule.protocols.emplace();
        for (const Reader& item : list.items())
            rule.protocols->push_back(decode_cluster_policy_protocol(item));
    }
    return rule;
}

}  // namespace

ClusterNetworkPolicy decode_cluster_network_policy(const Reader& root) {
    ClusterNetworkPolicy policy;
    root.allow_only({"apiVersion", "kind", "metadata", "spec", "status"});
    const Reader spec = root.at("spec").required();
    spec.allow_only({"tier", "priority", "subject", "ingress", "egress"});
    if (!spec.is(Kind::Object)) return policy;
    policy.tier = spec.at("tier").text();
    policy.priority = spec.at("priority").integer(kAnyLeast, kAnyMost);
    policy.subject = decode_subject(spec.at("subject"));
    for (const Reader& item : spec.at("ingress").items()) {
        policy.ingress.push_back(decode_rule(item, "from", decode_ingress_peer));
    }
    for (const Reader& item : spec.at("egress").items()) {
        policy.egress.push_back(decode_rule(item, "to", decode_egress_peer));
    }
    return policy;
}

}  // namespace tierwall::kube
