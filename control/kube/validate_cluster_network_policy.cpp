// SPDX-License-Identifier: Apache-2.0
#include "control/kube/validate_cluster_network_policy.hpp"

#include "control/kube/rule_fields.hpp"
#include "control/kube/syntax.hpp"
#include "control/kube/validate_selector.hpp"

#include <algorithm>
#include <set>

namespace tierwall::kube {
namespace {

using base::Errc;

constexpr std::size_t kListMax = 25;
constexpr std::size_t kNameMax = 100;
constexpr std::size_t kCidrMax = 43;
constexpr std::int64_t kPriorityMax = 1000;

/// One pass over one policy.
class Check {
public:
    Check(const ClusterNetworkPolicy& policy, Channel channel)
        : policy_(policy), channel_(channel) {}

    std::vector<Problem> run() {
        check_head();
        check_subject();
        check_rules(policy_.ingress, "spec.ingress", "from");
        check_rules(policy_.egress, "spec.egress", "to");
        return std::move(problems_);
    }

private:
    void add(std::string field, Errc error, std::string message) {
        problems_.push_back({"", "", std::move(field), error, std::move(message)});
    }

    void warn(std::string field, std::string message) {
        add(std::move(field), Errc::Invalid, std::move(message));
        problems_.back().severity = Severity::Warning;
    }

    void check_head();
    void check_subject();
    void check_rules(const std::vector<ClusterPolicyRule>& rules, const std::string& at,
                     const std::string& peers);
    void check_rule(const ClusterPolicyRule& rule, const std::string& at, const std::string& peers);
    void check_named_port_peers(const ClusterPolicyRule& rule, const std::string& at);
    void check_peer(const ClusterPolicyPeer& peer, const std::string& at);
    void check_pods(const NamespacedPods& pods, const std::string& at);
    void check_selector(const LabelSelector& selector, const std::string& at);
    void check_set(const std::vector<std::string>& items, const std::string& at);
    void check_networks(const std::vector<std::string>& networks, const std::string& at);
    void check_domain_names(const std::vector<std::string>& names, const std::string& at);
    void check_domain_use(const ClusterPolicyRule& rule, const std::string& at);
    void check_protocol(const ClusterPolicyProtocol& protocol, const std::string& at);
    void check_transport(const ClusterPolicyTransport& transport, const std::string& at);
    void check_port(std::optional<std::int64_t> number, const std::string& at);
    void check_range(const ClusterPolicyRange& range, const std::string& at);

    const ClusterNetworkPolicy& policy_;
    Channel channel_;
    std::vector<Problem> problems_;
};

void Check::check_head() {
    if (!policy_.name.empty() && !is_dns_subdomain(policy_.name)) {
        add("metadata.name", Errc::Invalid, "\"" + policy_.name + "\" is not a DNS-1123 subdomain");
    }
    if (!policy_.tier) {
        add("spec.tier", Errc::Required, "is required");
    } else if (*policy_.tier != "Admin" && *policy_.tier != "Baseline") {
        add("spec.tier", Errc::NotSupported,
            "\"" + *policy_.tier + "\" is not supported: Admin or Baseline");
    }
    if (!policy_.priority) {
        add("spec.priority", Errc::Required, "is required");
    } else if (*policy_.priority < 0 || *policy_.priority > kPriorityMax) {
        add("spec.priority", Errc::Invalid, "must be between 0 and 1000");
    }
}

void Check::check_subject() {
    if (!policy_.subject) {
        add("spec.subject", Errc::Required, "is required");
        return;
    }
    const ClusterPolicySubject& subject = *policy_.subject;
    if (subject.namespaces.has_value() == subject.pods.has_value()) {
        add("spec.subject", Errc::Invalid, "must have exactly one of namespaces and pods");
    }
    if (subject.namespaces) check_selector(*subject.namespaces, "spec.subject.namespaces");
    if (subject.pods) check_pods(*subject.pods, "spec.subject.pods");
}

void Check::check_selector(const LabelSelector& selector, const std::string& at) {
    // A key or operator that is not there at all is refused by the schema; the rest of the rules
    // for selectors is not in it.
    for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
        const SelectorExpression& expression = selector.match_expressions[i];
        const std::string place = item(at + ".matchExpressions", i);
        if (expression.key.empty()) add(place + ".key", Errc::Required, "is required");
        if (expression.op.empty()) add(place + ".operator", Errc::Required, "is required");
    }
    std::vector<Problem> found;
    validate_selector(selector, at, found);
    for (Problem& problem : found) {
        warn(std::move(problem.field), problem.message +
                                           "; the API server does not check it here, "
                                           "and what it selects fails closed");
    }
}

void Check::check_pods(const NamespacedPods& pods, const std::string& at) {
    if (pods.namespace_selector) {
        check_selector(*pods.namespace_selector, at + ".namespaceSelector");
    }
    if (pods.pod_selector) {
        check_selector(*pods.pod_selector, at + ".podSelector");
    } else {
        add(at + ".podSelector", Errc::Required, "is required");
    }
}

void Check::check_rules(const std::vector<ClusterPolicyRule>& rules, const std::string& at,
                        const std::string& peers) {
    if (rules.size() > kListMax) add(at, Errc::TooMany, "must have at most 25 rules");
    for (std::size_t i = 0; i < rules.size(); ++i) check_rule(rules[i], item(at, i), peers);
}

void Check::check_rule(const ClusterPolicyRule& rule, const std::string& at,
                       const std::string& peers) {
    if (rule.name.size() > kNameMax) {
        add(at + ".name", Errc::TooLong, "must have at most 100 characters");
    }
    if (!rule.action) {
        add(at + ".action", Errc::Required, "is required");
    } else if (*rule.action != "Accept" && *rule.action != "Deny" && *rule.action != "Pass") {
        add(at + ".action", Errc::NotSupported,
            "\"" + *rule.action + "\" is not supported: Accept, Deny or Pass");
    }
    const std::string list = at + "." + peers;
    if (!rule.peers) {
        add(list, Errc::Required, "is required");
    } else {
        if (rule.peers->empty()) add(list, Errc::Invalid, "must have at least one peer");
        if (rule.peers->size() > kListMax) add(list, Errc::TooMany, "must have at most 25 peers");
        for (std::size_t i = 0; i < rule.peers->size(); ++i) {
            check_peer((*rule.peers)[i], item(list, i));
        }
        check_domain_use(rule, list);
        if (channel_ == Channel::Experimental) check_named_port_peers(rule, at);
    }
    if (!rule.protocols) return;
    const std::string protocols = at + ".protocols";
    if (rule.protocols->empty()) add(protocols, Errc::Invalid, "must have at least one protocol");
    if (rule.protocols->size() > kListMax) {
        add(protocols, Errc::TooMany, "must have at most 25 protocols");
    }
    for (std::size_t i = 0; i < rule.protocols->size(); ++i) {
        check_protocol((*rule.protocols)[i], item(protocols, i));
    }
}

void Check::check_named_port_peers(const ClusterPolicyRule& rule, const std::string& at) {
    const auto portless = [](const ClusterPolicyPeer& peer) {
        return peer.networks || peer.nodes || peer.domain_names;
    };
    const auto named = [](const ClusterPolicyProtocol& protocol) {
        return protocol.named_port.has_value();
    };
    if (!rule.protocols || !std::any_of(rule.protocols->begin(), rule.protocols->end(), named) ||
        !std::any_of(rule.peers->begin(), rule.peers->end(), portless)) {
        return;
    }
    add(at, Errc::Invalid,
        "networks/nodes/domainNames peer cannot be set with namedPorts since there are no "
        "namedPorts for networks/nodes/domainNames");
}

void Check::check_peer(const ClusterPolicyPeer& peer, const std::string& at) {
    const bool only_experimental = peer.nodes || peer.domain_names;
    if (peer.known_fields() == 0 && !peer.has_unknown) {
        add(at, Errc::Invalid, "must specify a peer");
    } else if (peer.known_fields() > 1) {
        add(at, Errc::Invalid, "must specify exactly one peer");
    } else if (only_experimental && channel_ == Channel::Standard) {
        add(at, Errc::Invalid,
            std::string("unknown field \"") + (peer.nodes ? "nodes" : "domainNames") +
                "\" in the standard channel");
    }
    if (peer.namespaces) check_selector(*peer.namespaces, at + ".namespaces");
    if (peer.pods) check_pods(*peer.pods, at + ".pods");
    if (peer.nodes) check_selector(*peer.nodes, at + ".nodes");
    if (peer.networks) check_networks(*peer.networks, at + ".networks");
    if (peer.domain_names) check_domain_names(*peer.domain_names, at + ".domainNames");
}

void Check::check_set(const std::vector<std::string>& items, const std::string& at) {
    if (items.empty()) add(at, Errc::Invalid, "must have at least one item");
    if (items.size() > kListMax) add(at, Errc::TooMany, "must have at most 25 items");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (seen.insert(items[i]).second) continue;
        add(item(at, i), Errc::Duplicate, "\"" + items[i] + "\" appears twice");
    }
}

void Check::check_networks(const std::vector<std::string>& networks, const std::string& at) {
    check_set(networks, at);
    for (std::size_t i = 0; i < networks.size(); ++i) {
        if (networks[i].size() > kCidrMax) {
            add(item(at, i), Errc::TooLong, "must have at most 43 characters");
        } else if (!is_strict_cidr(networks[i])) {
            add(item(at, i), Errc::Invalid, "Invalid CIDR format provided");
        }
    }
}

void Check::check_domain_names(const std::vector<std::string>& names, const std::string& at) {
    check_set(names, at);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (is_domain_peer(names[i])) continue;
        add(item(at, i), Errc::Invalid,
            "\"" + names[i] + "\" is no domain name, such as example.com or *.example.com");
    }
}

void Check::check_domain_use(const ClusterPolicyRule& rule, const std::string& at) {
    const bool baseline = policy_.tier == "Baseline";
    if (rule.action == "Accept" && !baseline) return;
    for (std::size_t i = 0; i < rule.peers->size(); ++i) {
        if (!(*rule.peers)[i].domain_names) continue;
        warn(item(at, i) + ".domainNames",
             baseline ? "domainNames cannot be used in the Baseline tier; the rule fails closed"
                      : "domainNames may only be used with Accept; the rule fails closed");
    }
}

void Check::check_protocol(const ClusterPolicyProtocol& protocol, const std::string& at) {
    if (protocol.known_fields() == 0 && !protocol.has_unknown) {
        add(at, Errc::Invalid, "must specify a protocol");
    } else if (protocol.known_fields() > 1) {
        add(at, Errc::Invalid, "must specify exactly one protocol");
    }
    if (protocol.tcp) check_transport(*protocol.tcp, at + ".tcp");
    if (protocol.udp) check_transport(*protocol.udp, at + ".udp");
    if (protocol.sctp) check_transport(*protocol.sctp, at + ".sctp");
}

void Check::check_transport(const ClusterPolicyTransport& transport, const std::string& at) {
    if (!transport.destination_port) {
        add(at, Errc::Invalid, "must specify destinationPort; for all ports the range 1-65535");
        return;
    }
    const ClusterPolicyPort& port = *transport.destination_port;
    const std::string place = at + ".destinationPort";
    if (port.number.has_value() == port.range.has_value()) {
        add(place, Errc::Invalid, "must have exactly one of number and range");
    }
    check_port(port.number, place + ".number");
    if (port.range) check_range(*port.range, place + ".range");
}

void Check::check_port(std::optional<std::int64_t> number, const std::string& at) {
    if (number && (*number < 1 || *number > 65535)) {
        add(at, Errc::Invalid, "must be between 1 and 65535");
    }
}

void Check::check_range(const ClusterPolicyRange& range, const std::string& at) {
    if (!range.start) add(at + ".start", Errc::Required, "is required");
    if (!range.end) add(at + ".end", Errc::Required, "is required");
    check_port(range.start, at + ".start");
    check_port(range.end, at + ".end");
    if (range.start && range.end && *range.start >= *range.end) {
        add(at, Errc::Invalid, "Start port must be less than End port");
    }
}

}  // namespace

std::vector<Problem> validate(const ClusterNetworkPolicy& policy, Channel channel) {
    return Check(policy, channel).run();
}

}  // namespace tierwall::kube
