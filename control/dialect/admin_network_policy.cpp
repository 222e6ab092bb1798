// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/admin_network_policy.hpp"

#include "control/dialect/cluster_policy_peer.hpp"
#include "control/kube/syntax.hpp"
#include "dataplane/base/protocol.hpp"

#include <optional>

namespace tierwall::dialect {
namespace {

using kube::AdminPolicyPort;
using kube::AdminPolicyRule;
using policy::Port;
using policy::Rule;

/// How much of one element of `ports` there is.
enum class Portion { Some, Nothing, NotUnderstood };

std::optional<std::uint8_t> protocol_of(const std::optional<std::string>& word) {
    const std::string text = word.value_or("TCP");
    if (text == "TCP") return base::kIpTcp;
    if (text == "UDP") return base::kIpUdp;
    if (text == "SCTP") return base::kIpSctp;
    return std::nullopt;
}

/// A range that ends before it starts is one that the API accepts, and has no port in it.
Portion add_range(const kube::AdminPolicyRange& range, std::vector<Port>& ports) {
    const auto protocol = protocol_of(range.protocol);
    const std::int64_t first = range.start.value_or(0);
    const std::int64_t last = range.end.value_or(0);
    if (!protocol || !kube::is_port_number(first) || !kube::is_port_number(last)) {
        return Portion::NotUnderstood;
    }
    if (last < first) return Portion::Nothing;
    ports.push_back(
        {*protocol, static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last), ""});
    return Portion::Some;
}

Portion add_port(const AdminPolicyPort& written, std::vector<Port>& ports) {
    if (written.has_unknown || written.known_fields() != 1) return Portion::NotUnderstood;
    if (written.named_port) {
        return add_named_port(*written.named_port, ports) ? Portion::Some : Portion::NotUnderstood;
    }
    if (written.range) return add_range(*written.range, ports);
    return add_range({written.number->protocol, written.number->port, written.number->port}, ports);
}

/// False when the rule must fail closed.
bool fill_ports(const std::vector<AdminPolicyPort>& written, const RulePlace& place, Rule& result) {
    bool good = !written.empty();
    for (std::size_t i = 0; i < written.size(); ++i) {
        switch (add_port(written[i], result.ports)) {
            case Portion::Some: break;
            case Portion::Nothing:
                place.warn(element(place.ports, i) + ".portRange",
                           "ends before it starts, and matches nothing");
                break;
            case Portion::NotUnderstood:
                place.report(element(place.ports, i),
                             "cannot be understood; the rule fails closed");
                good = false;
                break;
        }
    }
    // No port at all would stand for every port.
    if (result.ports.empty()) result.peers.clear();
    return good;
}

Rule admin_rule(const AdminPolicyRule& written, const RulePlace& place) {
    Rule result;
    result.name = written.name;
    result.action = base::Action::Deny;
    if (written.action == "Allow") result.action = base::Action::Allow;
    if (written.action == "Pass") result.action = base::Action::Pass;
    bool good = written.understood && written.action && fill_peers(written.peers, place, result);
    if (written.ports) good = fill_ports(*written.ports, place, result) && good;
    if (!good) close(result);
    return result;
}

std::vector<Rule> admin_rules(const std::vector<AdminPolicyRule>& written, RulePlace place,
                              bool admin) {
    const std::string list = place.field;
    std::vector<Rule> result;
    for (std::size_t i = 0; i < written.size(); ++i) {
        place.field = element(list.c_str(), i);
        place.names_allowed = admin && written[i].action == "Allow";
        Rule made = admin_rule(written[i], place);
        made.index = static_cast<std::uint32_t>(i);
        add_by_ports(std::move(made), result);
    }
    return result;
}

}  // namespace

policy::Policy translate(const kube::AdminNetworkPolicy& written,
                         std::vector<kube::Problem>& problems) {
    policy::Policy result;
    result.tier = written.baseline ? base::kTierBaseline : base::kTierAdmin;
    result.priority = static_cast<std::int32_t>(written.priority.value_or(0));
    result.kind = written.kind();
    result.name = written.name;
    const auto pods = subject(written.subject);
    if (pods) result.subject = *pods;
    const bool admin = !written.baseline;
    const std::string path = written.path();
    result.ingress = admin_rules(written.ingress,
                                 {path, "spec.ingress", "from", "ports", false, &problems}, admin);
    result.egress =
        admin_rules(written.egress, {path, "spec.egress", "to", "ports", false, &problems}, admin);
    // Validation leaves no policy without a subject. Should one come this far, then for all pods,
    // and with no rule that allows anything.
    if (!pods) close_all(result);
    return result;
}

}  // namespace tierwall::dialect
