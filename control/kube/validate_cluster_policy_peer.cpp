// SPDX-License-Identifier: Apache-2.0
#include "control/kube/validate_cluster_policy_peer.hpp"

#include "control/kube/rule_fields.hpp"
#include "control/kube/syntax.hpp"
#include "control/kube/validate_selector.hpp"

#include <algorithm>
#include <set>

namespace tierwall::kube {
namespace {

using base::Errc;

constexpr char kFailsClosed[] = ", and what it selects fails closed";
constexpr char kSubjectUnknown[] =
    ": nobody can tell whom the policy is meant for, so nothing is enforced of it when it only "
    "accepts, and no change of policy while it may deny";
constexpr std::size_t kSetMax = 25;
constexpr std::size_t kRuleNameMax = 100;
constexpr std::size_t kCidrMax = 43;
constexpr std::int64_t kPriorityMax = 1000;

/// Schemas count characters, not bytes.
std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
    }));
}

std::string at_most(std::size_t most, const char* items) {
    return "must have at most " + std::to_string(most) + " " + items;
}

}  // namespace

bool is_portless(const ClusterPolicyPeer& peer) {
    return peer.networks || peer.nodes || peer.domain_names;
}

void PeerCheck::add(std::string field, Errc error, std::string message) const {
    problems_->push_back({"", "", std::move(field), error, std::move(message)});
}

void PeerCheck::warn(std::string field, Errc error, std::string message) const {
    add(std::move(field), error, std::move(message));
    problems_->back().severity = Severity::Warning;
}

void PeerCheck::object_name(const std::string& name) const {
    if (name.empty() || is_dns_subdomain(name)) return;
    add("metadata.name", Errc::Invalid, "\"" + name + "\" is not a DNS-1123 subdomain");
}

void PeerCheck::rule_name(const std::string& name, const std::string& at) const {
    if (characters(name) <= kRuleNameMax) return;
    add(at + ".name", Errc::TooLong, at_most(kRuleNameMax, "characters"));
}

void PeerCheck::priority(std::optional<std::int64_t> priority) const {
    if (!priority) {
        add("spec.priority", Errc::Required, "is required");
    } else if (*priority < 0 || *priority > kPriorityMax) {
        add("spec.priority", Errc::Invalid, "must be between 0 and 1000");
    }
}

void PeerCheck::action(const std::optional<std::string>& action, const std::string& at,
                       std::initializer_list<std::string_view> known) const {
    if (!action) {
        add(at + ".action", Errc::Required, "is required");
        return;
    }
    if (std::find(known.begin(), known.end(), *action) != known.end()) return;
    std::string words;
    for (const std::string_view& word : known) {
        const bool last = &word + 1 == known.end();
        words += std::string(words.empty() ? "" : last ? " or " : ", ") + std::string(word);
    }
    add(at + ".action", Errc::NotSupported, "\"" + *action + "\" is not supported: " + words);
}

void PeerCheck::subject(const std::optional<ClusterPolicySubject>& subject) const {
    if (!subject) {
        add("spec.subject", Errc::Required, "is required");
        return;
    }
    if (subject->namespaces.has_value() == subject->pods.has_value()) {
        add("spec.subject", Errc::Invalid, "must have exactly one of namespaces and pods");
    }
    if (subject->namespaces) selector(*subject->namespaces, "spec.subject.namespaces");
    if (subject->pods) pods(*subject->pods, "spec.subject.pods");
}

void PeerCheck::selector(const LabelSelector& selector, const std::string& at) const {
    // A key or operator that is not there at all is refused by the schema; the rest of the rules
    // for selectors is not in it.
    std::set<std::string> missing;
    for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
        const SelectorExpression& expression = selector.match_expressions[i];
        const std::string place = item(at + ".matchExpressions", i);
        if (!expression.has_key) missing.insert(place + ".key");
        if (!expression.has_op) missing.insert(place + ".operator");
    }
    for (const std::string& field : missing) add(field, Errc::Required, "is required");
    std::vector<Problem> found;
    validate_selector(selector, at, found);
    const char* then = at.starts_with("spec.subject") ? kSubjectUnknown : kFailsClosed;
    for (Problem& problem : found) {
        if (missing.contains(problem.field)) continue;
        warn(std::move(problem.field), Errc::Invalid,
             problem.message + "; the API server does not check it here" + then);
    }
}

void PeerCheck::pods(const NamespacedPods& pods, const std::string& at) const {
    if (pods.namespace_selector) {
        selector(*pods.namespace_selector, at + ".namespaceSelector");
    } else if (demands_.both_selectors) {
        add(at + ".namespaceSelector", Errc::Required, "is required");
    }
    if (pods.pod_selector) {
        selector(*pods.pod_selector, at + ".podSelector");
    } else {
        add(at + ".podSelector", Errc::Required, "is required");
    }
}

void PeerCheck::length(std::size_t size, const std::string& list, const char* items) const {
    if (size == 0) add(list, Errc::Invalid, std::string("must not be without ") + items);
    if (size > demands_.list_max) add(list, Errc::TooMany, at_most(demands_.list_max, items));
}

void PeerCheck::peers(const std::optional<std::vector<ClusterPolicyPeer>>& peers,
                      const std::string& list) const {
    if (!peers) {
        add(list, Errc::Required, "is required");
        return;
    }
    length(peers->size(), list, "peers");
    for (std::size_t i = 0; i < peers->size(); ++i) peer((*peers)[i], item(list, i));
}

void PeerCheck::experimental(const char* field, const std::string& at) const {
    if (demands_.channel != Channel::Standard) return;
    add(at, Errc::Invalid, std::string("unknown field \"") + field + "\" in the standard channel");
}

void PeerCheck::peer(const ClusterPolicyPeer& peer, const std::string& at) const {
    if (peer.known_fields() == 0 && !peer.has_unknown) {
        add(at, Errc::Invalid, "must specify a peer");
    } else if (peer.known_fields() > 1) {
        add(at, Errc::Invalid, "must specify exactly one peer");
    } else if (peer.nodes || peer.domain_names) {
        experimental(peer.nodes ? "nodes" : "domainNames", at);
    }
    if (peer.namespaces) selector(*peer.namespaces, at + ".namespaces");
    if (peer.pods) pods(*peer.pods, at + ".pods");
    if (peer.nodes) selector(*peer.nodes, at + ".nodes");
    if (peer.networks) networks(*peer.networks, at + ".networks");
    if (peer.domain_names) domain_names(*peer.domain_names, at + ".domainNames");
}

void PeerCheck::set(const std::vector<std::string>& items, const std::string& at) const {
    if (items.empty()) add(at, Errc::Invalid, "must have at least one item");
    if (items.size() > kSetMax) add(at, Errc::TooMany, at_most(kSetMax, "items"));
    std::set<std::string> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (seen.insert(items[i]).second) continue;
        add(item(at, i), Errc::Duplicate, "\"" + items[i] + "\" appears twice");
    }
}

void PeerCheck::networks(const std::vector<std::string>& networks, const std::string& at) const {
    set(networks, at);
    for (std::size_t i = 0; i < networks.size(); ++i) {
        if (characters(networks[i]) > kCidrMax) {
            add(item(at, i), Errc::TooLong, at_most(kCidrMax, "characters"));
        } else if (!is_strict_cidr(networks[i])) {
            add(item(at, i), Errc::Invalid, "Invalid CIDR format provided");
        }
    }
}

void PeerCheck::domain_names(const std::vector<std::string>& names, const std::string& at) const {
    set(names, at);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (is_domain_peer(names[i])) continue;
        add(item(at, i), Errc::Invalid,
            "\"" + names[i] + "\" is no domain name, such as example.com or *.example.com");
    }
}

void PeerCheck::port(std::optional<std::int64_t> number, const std::string& at) const {
    if (!number || is_port_number(*number)) return;
    add(at, Errc::Invalid, "must be between 1 and 65535");
}

void PeerCheck::named_port(const std::string& name, const std::string& at) const {
    if (name.empty()) {
        warn(at, Errc::Invalid, "\"\" names no port; the rule fails closed");
    } else if (!is_port_name(name)) {
        warn(at, Errc::Invalid, "\"" + name + "\" is no name that a port can have");
    }
}

}  // namespace tierwall::kube
