// SPDX-License-Identifier: Apache-2.0
#include "control/kube/validate_network_policy.hpp"

#include "control/kube/rule_fields.hpp"
#include "control/kube/syntax.hpp"
#include "control/kube/validate_selector.hpp"
#include "dataplane/base/address.hpp"

#include <algorithm>

namespace tierwall::kube {
namespace {

using base::Errc;
using Problems = std::vector<Problem>;

void add(Problems& problems, std::string field, Errc error, std::string message) {
    problems.push_back({"", "", std::move(field), error, std::move(message)});
}

/// Nothing when it is no CIDR. A warning when it is not written as the block it stands for.
std::optional<base::Prefix> check_cidr(const std::string& cidr, const std::string& at,
                                       Problems& problems) {
    const auto prefix = base::parse_stored_prefix(cidr);
    if (!prefix) {
        add(problems, at, Errc::Invalid,
            "\"" + cidr + "\" is not a CIDR block, such as 10.0.0.0/8");
        return std::nullopt;
    }
    const auto address = base::parse_address(cidr.substr(0, cidr.find('/')));
    if (!is_strict_cidr(cidr) || !address || *address != prefix->address) {
        add(problems, at, Errc::Invalid, "\"" + cidr + "\" is read as " + base::text(*prefix));
        problems.back().severity = Severity::Warning;
    }
    return prefix;
}

void check_ip_block(const IpBlock& block, const std::string& at, Problems& problems) {
    if (block.cidr.empty()) {
        add(problems, at + ".cidr", Errc::Required, "must specify a CIDR block");
        return;
    }
    const auto cidr = check_cidr(block.cidr, at + ".cidr", problems);
    for (std::size_t i = 0; i < block.except.size(); ++i) {
        const std::string place = item(at + ".except", i);
        const auto except = check_cidr(block.except[i], place, problems);
        if (!cidr || !except) continue;
        if (cidr->contains(*except) && except->length > cidr->length) continue;
        add(problems, place, Errc::Invalid, "must be a strict subset of `cidr`");
    }
}

void check_peer(const NetworkPolicyPeer& peer, const std::string& at, Problems& problems) {
    const bool has_selector = peer.pod_selector || peer.namespace_selector;
    if (!has_selector && !peer.ip_block) {
        add(problems, at, Errc::Required, "must specify a peer");
    }
    if (has_selector && peer.ip_block) {
        add(problems, at, Errc::Forbidden, "may not specify both ipBlock and another peer");
    }
    if (peer.pod_selector) validate_selector(*peer.pod_selector, at + ".podSelector", problems);
    if (peer.namespace_selector) {
        validate_selector(*peer.namespace_selector, at + ".namespaceSelector", problems);
    }
    if (peer.ip_block) check_ip_block(*peer.ip_block, at + ".ipBlock", problems);
}

void check_end_port(const NetworkPolicyPort& port, const std::string& at, Problems& problems) {
    if (std::holds_alternative<std::monostate>(port.port)) {
        add(problems, at, Errc::Invalid, "may not be specified when `port` is not specified");
    } else if (std::holds_alternative<std::string>(port.port)) {
        add(problems, at, Errc::Invalid, "may not be specified when `port` is non-numeric");
    } else {
        if (*port.end_port < std::get<std::int64_t>(port.port)) {
            add(problems, at, Errc::Invalid, "must be greater than or equal to `port`");
        }
        if (!is_port_number(*port.end_port)) {
            add(problems, at, Errc::Invalid, "must be between 1 and 65535");
        }
    }
}

void check_port(const NetworkPolicyPort& port, const std::string& at, Problems& problems) {
    const auto& protocol = port.protocol;
    if (protocol && *protocol != "TCP" && *protocol != "UDP" && *protocol != "SCTP") {
        add(problems, at + ".protocol", Errc::NotSupported,
            "\"" + *protocol + "\" is not supported: TCP, UDP or SCTP");
    }
    const auto* number = std::get_if<std::int64_t>(&port.port);
    if (number != nullptr && !is_port_number(*number)) {
        add(problems, at + ".port", Errc::Invalid, "must be between 1 and 65535");
    }
    const auto* name = std::get_if<std::string>(&port.port);
    if (name != nullptr && !is_port_name(*name)) {
        add(problems, at + ".port", Errc::Invalid,
            "\"" + *name +
                "\" is no port name: 1 to 15 of [a-z0-9-], with a letter, without a "
                "hyphen at an end or twice");
    }
    if (port.end_port) check_end_port(port, at + ".endPort", problems);
}

struct Side {
    const std::vector<NetworkPolicyRule>* rules;
    const char* type;
    const char* field;
    const char* peers;
};

void check_rules(const Side& side, Problems& problems) {
    for (std::size_t i = 0; i < side.rules->size(); ++i) {
        const NetworkPolicyRule& rule = (*side.rules)[i];
        const std::string at = item(side.field, i);
        for (std::size_t j = 0; j < rule.peers.size(); ++j) {
            check_peer(rule.peers[j], item(at + "." + side.peers, j), problems);
        }
        for (std::size_t j = 0; j < rule.ports.size(); ++j) {
            check_port(rule.ports[j], item(at + ".ports", j), problems);
        }
    }
}

void check_types(const NetworkPolicy& policy, Problems& problems) {
    const auto& types = policy.policy_types;
    if (types.size() > 2) {
        add(problems, "spec.policyTypes", Errc::Invalid,
            "may not specify more than two policyTypes");
        return;
    }
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (types[i] == "Ingress" || types[i] == "Egress") continue;
        add(problems, item("spec.policyTypes", i), Errc::NotSupported,
            "\"" + types[i] + "\" is not supported: Ingress or Egress");
    }
}

/// Rules of a direction that is not isolated are read by people, not by any firewall.
void warn_of_idle_rules(const NetworkPolicy& policy, const Side& side, Problems& problems) {
    const auto& types = policy.policy_types;
    const bool named = std::find(types.begin(), types.end(), side.type) != types.end();
    if (types.empty() || named || side.rules->empty()) return;
    add(problems, side.field, Errc::Invalid,
        std::string("without effect: policyTypes does not name ") + side.type);
    problems.back().severity = Severity::Warning;
}

}  // namespace

std::vector<Problem> validate(const NetworkPolicy& policy) {
    Problems problems;
    if (!policy.name.empty() && !is_dns_subdomain(policy.name)) {
        add(problems, "metadata.name", Errc::Invalid,
            "\"" + policy.name + "\" is not a DNS-1123 subdomain");
    }
    validate_selector(policy.pod_selector, "spec.podSelector", problems);
    check_types(policy, problems);
    for (const Side& side : {Side{&policy.ingress, "Ingress", "spec.ingress", "from"},
                             Side{&policy.egress, "Egress", "spec.egress", "to"}}) {
        check_rules(side, problems);
        warn_of_idle_rules(policy, side, problems);
    }
    return problems;
}

}  // namespace tierwall::kube
