// SPDX-License-Identifier: Apache-2.0
#include "control/kube/validate_cluster_network_policy.hpp"

#include "control/kube/rule_fields.hpp"

#include <algorithm>

namespace tierwall::kube {
namespace {

using base::Errc;

/// One pass over one policy.
class ClusterPolicyCheck {
public:
    ClusterPolicyCheck(const ClusterNetworkPolicy& policy, Channel channel)
        : policy_(policy),
          channel_(channel),
          check_({.channel = channel, .list_max = 25, .both_selectors = false}, problems_) {}

    std::vector<Problem> run() {
        check_.object_name(policy_.name);
        check_tier();
        check_.priority(policy_.priority);
        check_.subject(policy_.subject);
        check_rules(policy_.ingress, "spec.ingress", "from");
        check_rules(policy_.egress, "spec.egress", "to");
        return std::move(problems_);
    }

private:
    void check_tier() const;
    void check_rules(const std::vector<ClusterPolicyRule>& rules, const std::string& at,
                     const std::string& peers) const;
    void check_rule(const ClusterPolicyRule& rule, const std::string& at,
                    const std::string& peers) const;
    void check_named_port_peers(const ClusterPolicyRule& rule, const std::string& at) const;
    void check_domain_use(const ClusterPolicyRule& rule, const std::string& at) const;
    void check_protocol(const ClusterPolicyProtocol& protocol, const std::string& at) const;
    void check_transport(const ClusterPolicyTransport& transport, const std::string& at) const;
    void check_range(const ClusterPolicyRange& range, const std::string& at) const;

    const ClusterNetworkPolicy& policy_;
    Channel channel_;
    std::vector<Problem> problems_;
    PeerCheck check_;
};

void ClusterPolicyCheck::check_tier() const {
    if (!policy_.tier) {
        check_.add("spec.tier", Errc::Required, "is required");
    } else if (*policy_.tier != "Admin" && *policy_.tier != "Baseline") {
        check_.add("spec.tier", Errc::NotSupported,
                   "\"" + *policy_.tier + "\" is not supported: Admin or Baseline");
    }
}

void ClusterPolicyCheck::check_rules(const std::vector<ClusterPolicyRule>& rules,
                                     const std::string& at, const std::string& peers) const {
    if (!rules.empty()) check_.length(rules.size(), at, "rules");
    for (std::size_t i = 0; i < rules.size(); ++i) check_rule(rules[i], item(at, i), peers);
}

void ClusterPolicyCheck::check_rule(const ClusterPolicyRule& rule, const std::string& at,
                                    const std::string& peers) const {
    check_.rule_name(rule.name, at);
    check_.action(rule.action, at, {"Accept", "Deny", "Pass"});
    const std::string list = at + "." + peers;
    check_.peers(rule.peers, list);
    if (rule.peers) check_domain_use(rule, list);
    if (!rule.protocols) return;
    if (rule.peers && channel_ == Channel::Experimental) check_named_port_peers(rule, at);
    const std::string protocols = at + ".protocols";
    check_.length(rule.protocols->size(), protocols, "protocols");
    for (std::size_t i = 0; i < rule.protocols->size(); ++i) {
        check_protocol((*rule.protocols)[i], item(protocols, i));
    }
}

void ClusterPolicyCheck::check_named_port_peers(const ClusterPolicyRule& rule,
                                                const std::string& at) const {
    const auto named = [](const ClusterPolicyProtocol& protocol) {
        return protocol.named_port.has_value();
    };
    if (!std::any_of(rule.protocols->begin(), rule.protocols->end(), named) ||
        !std::any_of(rule.peers->begin(), rule.peers->end(), is_portless)) {
        return;
    }
    check_.add(at, Errc::Invalid,
               "networks/nodes/domainNames peer cannot be set with namedPorts since there are no "
               "namedPorts for networks/nodes/domainNames");
}

void ClusterPolicyCheck::check_domain_use(const ClusterPolicyRule& rule,
                                          const std::string& at) const {
    const bool baseline = policy_.tier == "Baseline";
    if (rule.action == "Accept" && !baseline) return;
    for (std::size_t i = 0; i < rule.peers->size(); ++i) {
        if (!(*rule.peers)[i].domain_names) continue;
        check_.warn(item(at, i) + ".domainNames", Errc::Invalid,
                    baseline
                        ? "domainNames cannot be used in Baseline tier as NetworkPolicy cannot "
                          "override FQDN rules; the rule fails closed"
                        : "domainNames may only be used with Accept action; the rule fails "
                          "closed");
    }
}

void ClusterPolicyCheck::check_protocol(const ClusterPolicyProtocol& protocol,
                                        const std::string& at) const {
    if (protocol.known_fields() == 0 && !protocol.has_unknown) {
        check_.add(at, Errc::Invalid, "must specify a protocol");
    } else if (protocol.known_fields() > 1) {
        check_.add(at, Errc::Invalid, "must specify exactly one protocol");
    }
    if (protocol.tcp) check_transport(*protocol.tcp, at + ".tcp");
    if (protocol.udp) check_transport(*protocol.udp, at + ".udp");
    if (protocol.sctp) check_transport(*protocol.sctp, at + ".sctp");
    if (protocol.named_port) {
        check_.named_port(*protocol.named_port, at + ".destinationNamedPort");
    }
}

void ClusterPolicyCheck::check_transport(const ClusterPolicyTransport& transport,
                                         const std::string& at) const {
    if (!transport.destination_port) {
        check_.add(at, Errc::Invalid,
                   "must specify destinationPort; for all ports the range 1-65535");
        return;
    }
    const ClusterPolicyPort& port = *transport.destination_port;
    const std::string place = at + ".destinationPort";
    if (port.number.has_value() == port.range.has_value()) {
        check_.add(place, Errc::Invalid, "must have exactly one of number and range");
    }
    check_.port(port.number, place + ".number");
    if (port.range) check_range(*port.range, place + ".range");
}

void ClusterPolicyCheck::check_range(const ClusterPolicyRange& range, const std::string& at) const {
    if (!range.start) check_.add(at + ".start", Errc::Required, "is required");
    if (!range.end) check_.add(at + ".end", Errc::Required, "is required");
    check_.port(range.start, at + ".start");
    check_.port(range.end, at + ".end");
    if (range.start && range.end && *range.start >= *range.end) {
        check_.add(at, Errc::Invalid, "Start port must be less than End port");
    }
}

}  // namespace

std::vector<Problem> validate(const ClusterNetworkPolicy& policy, Channel channel) {
    return ClusterPolicyCheck(policy, channel).run();
}

}  // namespace tierwall::kube
