// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode_admin_network_policy.hpp"

#include "control/kube/decode_cluster_policy_peer.hpp"

namespace tierwall::kube {
namespace {

using document::Kind;
using document::Reader;

std::optional<std::int64_t> any_integer(const Reader& reader) {
    return reader.integer(INT64_MIN, INT64_MAX);
}

std::optional<AdminPolicyNumber> decode_port_number(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    reader.allow_only({"protocol", "port"});
    if (!reader.is(Kind::Object)) return AdminPolicyNumber{};
    return AdminPolicyNumber{reader.at("protocol").text(), any_integer(reader.at("port"))};
}

std::optional<AdminPolicyRange> decode_port_range(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    reader.allow_only({"protocol", "start", "end"});
    if (!reader.is(Kind::Object)) return AdminPolicyRange{};
    return AdminPolicyRange{reader.at("protocol").text(), any_integer(reader.at("start")),
                            any_integer(reader.at("end"))};
}

AdminPolicyPort decode_admin_policy_port(const Reader& reader) {
    AdminPolicyPort port;
    port.has_unknown = has_unknown(reader, {"portNumber", "portRange", "namedPort"});
    if (!reader.is(Kind::Object)) return port;
    port.number = decode_port_number(reader.at("portNumber"));
    port.range = decode_port_range(reader.at("portRange"));
    port.named_port = reader.at("namedPort").text();
    return port;
}

AdminPolicyRule decode_admin_policy_rule(const Reader& reader, std::string_view peers,
                                         DecodePeer decode_peer) {
    AdminPolicyRule rule;
    has_unknown(reader, {"name", "action", "ports", peers});
    if (!reader.is(Kind::Object)) return rule;
    rule.name = reader.at("name").text().value_or("");
    rule.action = reader.at("action").text();
    rule.peers = decode_peers(reader.at(peers), decode_peer);
    if (const Reader list = reader.at("ports"); list.present()) {
        rule.ports.emplace();
        for (const Reader& item : list.items()) {
            rule.ports->push_back(decode_admin_policy_port(item));
        }
    }
    return rule;
}

}  // namespace

AdminNetworkPolicy decode_admin_network_policy(const Reader& root, bool baseline) {
    AdminNetworkPolicy policy;
    policy.baseline = baseline;
    root.allow_only({"apiVersion", "kind", "metadata", "spec", "status"});
    const Reader spec = root.at("spec").required();
    if (baseline) {
        spec.allow_only({"subject", "ingress", "egress"});
    } else {
        spec.allow_only({"priority", "subject", "ingress", "egress"});
    }
    if (!spec.is(Kind::Object)) return policy;
    if (!baseline) policy.priority = any_integer(spec.at("priority"));
    policy.subject = decode_subject(spec.at("subject"));
    for (const Reader& item : spec.at("ingress").items()) {
        policy.ingress.push_back(decode_admin_policy_rule(item, "from", decode_ingress_peer));
    }
    const DecodePeer decode_to = baseline ? decode_nameless_peer : decode_egress_peer;
    for (const Reader& item : spec.at("egress").items()) {
        policy.egress.push_back(decode_admin_policy_rule(item, "to", decode_to));
    }
    return policy;
}

}  // namespace tierwall::kube
