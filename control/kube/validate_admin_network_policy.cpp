// SPDX-License-Identifier: Apache-2.0
#include "control/kube/validate_admin_network_policy.hpp"

#include "control/kube/rule_fields.hpp"

#include <algorithm>

namespace tierwall::kube {
namespace {

using base::Errc;

/// One pass over one policy.
class AdminPolicyCheck {
public:
    AdminPolicyCheck(const AdminNetworkPolicy& policy, Channel channel)
        : policy_(policy),
          channel_(channel),
          check_({.channel = channel, .list_max = 100, .both_selectors = true}, problems_) {}

    std::vector<Problem> run() {
        check_head();
        check_.subject(policy_.subject);
        check_rules(policy_.ingress, "spec.ingress", "from");
        check_rules(policy_.egress, "spec.egress", "to");
        return std::move(problems_);
    }

private:
    void check_head() const;
    void check_rules(const std::vector<AdminPolicyRule>& rules, const std::string& at,
                     const std::string& peers) const;
    void check_rule(const AdminPolicyRule& rule, const std::string& at,
                    const std::string& peers) const;
    void check_named_port_peers(const AdminPolicyRule& rule, const std::string& at) const;
    void check_domain_use(const AdminPolicyRule& rule, const std::string& at) const;
    void check_port(const AdminPolicyPort& port, const std::string& at) const;
    void check_number(const AdminPolicyNumber& number, const std::string& at) const;
    void check_range(const AdminPolicyRange& range, const std::string& at) const;
    void check_protocol(const std::optional<std::string>& protocol, const std::string& at) const;

    const AdminNetworkPolicy& policy_;
    Channel channel_;
    std::vector<Problem> problems_;
    PeerCheck check_;
};

void AdminPolicyCheck::check_head() const {
    check_.object_name(policy_.name);
    if (!policy_.baseline) {
        check_.priority(policy_.priority);
    } else if (policy_.name != "default") {
        check_.add(kWholeObject, Errc::Invalid,
                   "Only one baseline admin network policy with metadata.name=\"default\" can be "
                   "created in the cluster");
    }
}

void AdminPolicyCheck::check_rules(const std::vector<AdminPolicyRule>& rules, const std::string& at,
                                   const std::string& peers) const {
    if (!rules.empty()) check_.length(rules.size(), at, "rules");
    for (std::size_t i = 0; i < rules.size(); ++i) check_rule(rules[i], item(at, i), peers);
}

void AdminPolicyCheck::check_rule(const AdminPolicyRule& rule, const std::string& at,
                                  const std::string& peers) const {
    check_.rule_name(rule.name, at);
    if (policy_.baseline) {
        check_.action(rule.action, at, {"Allow", "Deny"});
    } else {
        check_.action(rule.action, at, {"Allow", "Deny", "Pass"});
    }
    const std::string list = at + "." + peers;
    check_.peers(rule.peers, list);
    if (rule.peers) check_domain_use(rule, list);
    if (!rule.ports) return;
    if (rule.peers && channel_ == Channel::Experimental) check_named_port_peers(rule, at);
    const std::string ports = at + ".ports";
    check_.length(rule.ports->size(), ports, "ports");
    for (std::size_t i = 0; i < rule.ports->size(); ++i) {
        check_port((*rule.ports)[i], item(ports, i));
    }
}

void AdminPolicyCheck::check_named_port_peers(const AdminPolicyRule& rule,
                                              const std::string& at) const {
    const auto named = [](const AdminPolicyPort& port) { return port.named_port.has_value(); };
    if (!std::any_of(rule.ports->begin(), rule.ports->end(), named) ||
        !std::any_of(rule.peers->begin(), rule.peers->end(), is_portless)) {
        return;
    }
    const std::string kinds = policy_.baseline ? "networks/nodes" : "networks/nodes/domainNames";
    check_.add(
        at, Errc::Invalid,
        kinds + " peer cannot be set with namedPorts since there are no namedPorts for " + kinds);
}

void AdminPolicyCheck::check_domain_use(const AdminPolicyRule& rule, const std::string& at) const {
    if (rule.action == "Allow") return;
    for (std::size_t i = 0; i < rule.peers->size(); ++i) {
        if (!(*rule.peers)[i].domain_names) continue;
        check_.warn(item(at, i) + ".domainNames", Errc::Invalid,
                    "domainNames may only be used with Allow action; the rule fails closed");
    }
}

void AdminPolicyCheck::check_port(const AdminPolicyPort& port, const std::string& at) const {
    if (port.known_fields() == 0 && !port.has_unknown) {
        check_.add(at, Errc::Invalid, "must specify a port");
    } else if (port.known_fields() > 1) {
        check_.add(at, Errc::Invalid, "must specify exactly one port");
    } else if (port.named_port) {
        check_.experimental("namedPort", at);
    }
    if (port.number) check_number(*port.number, at + ".portNumber");
    if (port.range) check_range(*port.range, at + ".portRange");
    if (port.named_port) check_.named_port(*port.named_port, at + ".namedPort");
}

void AdminPolicyCheck::check_number(const AdminPolicyNumber& number, const std::string& at) const {
    check_protocol(number.protocol, at + ".protocol");
    if (!number.port) check_.add(at + ".port", Errc::Required, "is required");
    check_.port(number.port, at + ".port");
}

void AdminPolicyCheck::check_range(const AdminPolicyRange& range, const std::string& at) const {
    check_protocol(range.protocol, at + ".protocol");
    if (!range.start) check_.add(at + ".start", Errc::Required, "is required");
    if (!range.end) check_.add(at + ".end", Errc::Required, "is required");
    check_.port(range.start, at + ".start");
    check_.port(range.end, at + ".end");
    if (range.start && range.end && *range.start > *range.end) {
        check_.warn(at, Errc::Invalid, "ends before it starts, and matches nothing");
    }
}

void AdminPolicyCheck::check_protocol(const std::optional<std::string>& protocol,
                                      const std::string& at) const {
    if (!protocol || *protocol == "TCP" || *protocol == "UDP" || *protocol == "SCTP") return;
    check_.warn(at, Errc::NotSupported,
                "\"" + *protocol +
                    "\" is not supported: TCP, UDP or SCTP; the API server does not check it "
                    "here, and the rule fails closed");
}

}  // namespace

std::vector<Problem> validate(const AdminNetworkPolicy& policy, Channel channel) {
    return AdminPolicyCheck(policy, channel).run();
}

}  // namespace tierwall::kube
