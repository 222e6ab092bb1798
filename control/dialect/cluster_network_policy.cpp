// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/cluster_network_policy.hpp"

#include "control/dialect/cluster_policy_peer.hpp"
#include "control/kube/syntax.hpp"
#include "dataplane/base/protocol.hpp"

#include <optional>

namespace tierwall::dialect {
namespace {

using kube::ClusterPolicyProtocol;
using kube::ClusterPolicyRule;
using policy::Port;
using policy::Rule;

std::optional<Port> transport(std::uint8_t protocol, const kube::ClusterPolicyTransport& written) {
    if (!written.destination_port) return std::nullopt;
    const kube::ClusterPolicyPort& port = *written.destination_port;
    if (port.number.has_value() == port.range.has_value()) return std::nullopt;
    const std::int64_t first = port.number ? *port.number : port.range->start.value_or(0);
    const std::int64_t last = port.number ? *port.number : port.range->end.value_or(0);
    if (!kube::is_port_number(first) || !kube::is_port_number(last) || last < first)
        return std::nullopt;
    return Port{protocol, static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last), ""};
}

/// Adds the element's ports; false when it is not understood.
bool add_ports(const ClusterPolicyProtocol& written, std::vector<Port>& ports) {
    if (written.has_unknown || written.known_fields() != 1) return false;
    if (written.named_port) return add_named_port(*written.named_port, ports);
    std::optional<Port> port;
    if (written.tcp) port = transport(base::kIpTcp, *written.tcp);
    if (written.udp) port = transport(base::kIpUdp, *written.udp);
    if (written.sctp) port = transport(base::kIpSctp, *written.sctp);
    if (port) ports.push_back(*port);
    return port.has_value();
}

base::Action action_of(const std::optional<std::string>& word) {
    if (word == "Accept") return base::Action::Allow;
    if (word == "Pass") return base::Action::Pass;
    return base::Action::Deny;
}

/// False when the rule must fail closed.
bool fill(const ClusterPolicyRule& written, const RulePlace& place, Rule& result) {
    if (!written.understood || !written.action) return false;
    bool good = fill_peers(written.peers, place, result);
    if (!written.protocols) return good;
    if (written.protocols->empty()) return false;
    for (std::size_t i = 0; i < written.protocols->size(); ++i) {
        if (add_ports((*written.protocols)[i], result.ports)) continue;
        place.report(element(place.ports, i), "cannot be understood; the rule fails closed");
        good = false;
    }
    return good;
}

Rule rule(const ClusterPolicyRule& written, const RulePlace& place) {
    Rule result;
    result.action = action_of(written.action);
    result.name = written.name;
    if (!fill(written, place, result)) close(result);
    return result;
}

std::vector<Rule> rules(const std::vector<ClusterPolicyRule>& written, RulePlace place,
                        bool admin) {
    const std::string list = place.field;
    std::vector<Rule> result;
    for (std::size_t i = 0; i < written.size(); ++i) {
        place.field = element(list.c_str(), i);
        place.names_allowed = admin && written[i].action == "Accept";
        Rule made = rule(written[i], place);
        made.index = static_cast<std::uint32_t>(i);
        add_by_ports(std::move(made), result);
    }
    return result;
}

}  // namespace

policy::Policy translate(const kube::ClusterNetworkPolicy& written,
                         std::vector<kube::Problem>& problems) {
    policy::Policy result;
    result.tier = written.tier == "Baseline" ? base::kTierBaseline : base::kTierAdmin;
    result.priority = static_cast<std::int32_t>(written.priority.value_or(0));
    result.kind = "ClusterNetworkPolicy";
    result.name = written.name;
    const auto pods = subject(written.subject);
    if (pods) result.subject = *pods;
    const bool admin = written.tier == "Admin";
    const std::string path = written.path();
    result.ingress = rules(written.ingress,
                           {path, "spec.ingress", "from", "protocols", false, &problems}, admin);
    result.egress =
        rules(written.egress, {path, "spec.egress", "to", "protocols", false, &problems}, admin);
    // Validation leaves no policy without a subject. Should one come this far, then for all pods,
    // and with no rule that allows anything.
    if (!pods) close_all(result);
    return result;
}

}  // namespace tierwall::dialect
