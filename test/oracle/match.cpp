// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/match.hpp"

#include <algorithm>
#include <cctype>

namespace tierwall::oracle {

namespace {

// ---- labels ----

bool matches(const Question& q, const Expression& e, const Labels& labels) {
    const auto found = labels.find(e.key);
    bool present = found != labels.end();
    if (q.errs(Fault::EmptyValueIsMissing) && present && found->second.empty()) present = false;
    const bool listed =
        present && std::find(e.values.begin(), e.values.end(), found->second) != e.values.end();
    if (e.op == "In") return listed;
    if (e.op == "NotIn") return !listed && (present || !q.errs(Fault::NotInNeedsKey));
    if (e.op == "Exists") return present;
    if (e.op == "DoesNotExist") return !present && !q.errs(Fault::DoesNotExistNeedsKey);
    return false;
}

bool matches(const Question& q, const Selector& selector, const Labels& labels) {
    for (const auto& [key, value] : selector.labels) {
        const auto found = labels.find(key);
        if (q.errs(Fault::MissingEqualsEmpty) && found == labels.end() && value.empty()) continue;
        if (found == labels.end() || found->second != value) return false;
    }
    if (q.errs(Fault::LabelsAloneCount) && !selector.labels.empty()) return true;
    bool any = selector.expressions.empty();
    bool all = true;
    for (const Expression& e : selector.expressions) {
        const bool match = matches(q, e, labels);
        any |= match;
        all &= match;
    }
    return q.errs(Fault::ExpressionsAreOred) ? any : all;
}

/// The API server gives every namespace its name for a label, whatever else is written.
Labels namespace_labels(const Question& q, const std::string& name) {
    static const std::string kName = "kubernetes.io/metadata.name";
    Labels labels;
    for (const Namespace& ns : q.world.namespaces) {
        if (ns.name == name) labels = ns.labels;
    }
    if (!q.errs(Fault::MetadataNameIsForged) || !labels.contains(kName)) labels[kName] = name;
    return labels;
}

// ---- peers ----

bool is_unconditional(const Selector& selector) {
    return selector.labels.empty() && selector.expressions.empty();
}

bool namespace_matches(const Question& q, const Policy& policy, const Peer& peer) {
    const std::string& ns = q.peer()->ns;
    if (peer.any_namespace) return true;
    if (!peer.namespace_selector) {
        return ns == policy.ns || q.errs(Fault::NoNamespaceSelectorIsAll);
    }
    if (q.errs(Fault::EmptyNamespaceSelectorIsOwn) && !policy.ns.empty() &&
        is_unconditional(*peer.namespace_selector)) {
        return ns == policy.ns;
    }
    return matches(q, *peer.namespace_selector, namespace_labels(q, ns));
}

bool pods_match(const Question& q, const Policy& policy, const Peer& peer) {
    if (!peer.pod_selector && !peer.namespace_selector) return false;
    if (q.peer() == nullptr) return false;
    const bool pod_matches = !peer.pod_selector || matches(q, *peer.pod_selector, q.peer()->labels);
    const bool ns_matches = namespace_matches(q, policy, peer);
    if (q.errs(Fault::PodsPeerIsOred) && peer.pod_selector && peer.namespace_selector) {
        return pod_matches || ns_matches;
    }
    return pod_matches && ns_matches;
}

bool is_node(const World& world, const Ip& ip) {
    return std::any_of(world.nodes.begin(), world.nodes.end(),
                       [&](const Node& node) { return is_address_of(world, node, ip); });
}

bool block_holds(const Question& q, const Block& block) {
    const Ip& ip = q.peer_ip();
    if (q.errs(Fault::HostBitsMatter) && block.address != first_address(block)) return false;
    const bool ends_matter = block.length < block.address.bits();
    if (q.errs(Fault::LastIpIsOutside) && ends_matter && ip == last_address(block)) return false;
    if (q.errs(Fault::FirstIpIsOutside) && ends_matter && ip == first_address(block)) return false;
    if (q.errs(Fault::ZeroBlockIsBothFamilies) && block.length == 0) return true;
    return contains(block, ip);
}

bool in_except(const Question& q, const Peer& peer) {
    const std::size_t counted = q.errs(Fault::FirstExceptOnly) ? 1 : peer.except.size();
    for (std::size_t i = 0; i < std::min(counted, peer.except.size()); ++i) {
        if (contains(peer.except[i], q.peer_ip())) return true;
    }
    return false;
}

bool blocks_match(const Question& q, const Peer& peer) {
    if (q.errs(Fault::BlocksMissPods) && q.peer() != nullptr) return false;
    if (q.errs(Fault::BlocksMissNodes) && is_node(q.world, q.peer_ip())) return false;
    const bool inside = std::any_of(peer.blocks.begin(), peer.blocks.end(),
                                    [&](const Block& block) { return block_holds(q, block); });
    return inside && (!in_except(q, peer) || q.errs(Fault::ExceptIsIgnored));
}

bool nodes_match(const Question& q, const Peer& peer) {
    if (!peer.nodes) return false;
    return std::any_of(q.world.nodes.begin(), q.world.nodes.end(), [&](const Node& node) {
        if (!matches(q, *peer.nodes, node.labels)) return false;
        if (q.errs(Fault::NodesAreTheirPods) && q.peer() != nullptr) {
            return q.peer()->node == node.name;
        }
        if (q.errs(Fault::PodHidesNode) && q.peer() != nullptr) return false;
        return is_address_of(q.world, node, q.peer_ip());
    });
}

// ---- names ----

std::string canonical(const Question& q, std::string name) {
    if (!q.errs(Fault::NameCaseMatters)) {
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    if (!q.errs(Fault::NameDotMatters) && !name.empty() && name.back() == '.') name.pop_back();
    return name;
}

bool name_matches(const Question& q, const std::string& written, const std::string& asked) {
    const std::string pattern = canonical(q, written);
    const std::string name = canonical(q, asked);
    if (!pattern.starts_with("*.")) return pattern == name;
    const std::string suffix = pattern.substr(1);  // ".example.com"
    if (q.errs(Fault::WildcardMatchesApex) && name == suffix.substr(1)) return true;
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) return false;
    const bool one_label = name.find('.') == name.size() - suffix.size();
    return one_label || !q.errs(Fault::WildcardIsOneLabel);
}

bool names_match(const Question& q, const Peer& peer) {
    for (const auto& [name, ips] : q.world.dns) {
        if (!has(ips, q.peer_ip())) continue;
        for (const std::string& pattern : peer.names) {
            if (name_matches(q, pattern, name)) return true;
        }
    }
    return false;
}

// ---- ports ----

bool in_range(const Question& q, const PortMatch& match, int port) {
    int first = match.first;
    int last = match.last;
    const bool is_range = first != last && first != 0;
    if (is_range && q.errs(Fault::ReversedRangeIsTurned) && first > last) std::swap(first, last);
    if (is_range && q.errs(Fault::EndPortIsIgnored)) last = first;
    if (is_range && q.errs(Fault::LastPortIsOutside)) --last;
    if (is_range && q.errs(Fault::FirstPortIsOutside)) ++first;
    return port >= first && port <= last;
}

bool protocol_matches(const Question& q, const PortMatch& match) {
    if (match.protocol.empty() || q.errs(Fault::ProtocolIsIgnored)) return true;
    if (q.errs(Fault::NoProtocolIsAny) && !match.protocol_given) return true;
    return protocol_number(match.protocol) == q.probe.protocol;
}

bool named_port_matches(const Question& q, const PortMatch& match) {
    const Pod* pod = q.destination;
    if (q.errs(Fault::NamedPortOfTheSource)) pod = q.source;
    if (q.errs(Fault::NamedPortOfSubject)) pod = &q.subject();
    if (pod == nullptr) return false;
    return std::any_of(pod->ports.begin(), pod->ports.end(), [&](const NamedPort& port) {
        if (port.name != match.name) return false;
        if (port.container == "init" && !q.errs(Fault::InitContainersCount)) return false;
        if (port.container == "sidecar" && q.errs(Fault::SidecarsDoNot)) return false;
        const bool same_protocol = protocol_number(port.protocol) == q.probe.protocol;
        return (same_protocol || q.errs(Fault::NamedPortAnyProtocol)) &&
               (port.number == q.probe.port || q.errs(Fault::NamedPortAnyNumber));
    });
}

bool port_matches(const Question& q, const PortMatch& match) {
    if (!match.known && q.errs(Fault::UnknownProtocolIsSkipped)) return false;
    if (!has_ports(q.probe.protocol)) return q.errs(Fault::IcmpMatchesPorts);
    if (!protocol_matches(q, match)) return false;
    if (!match.name.empty()) return named_port_matches(q, match);
    return in_range(q, match, q.probe.port) ||
           (q.errs(Fault::SourcePortCounts) && in_range(q, match, q.probe.source_port));
}

/// What a named port has to do with this peer.
bool name_counts(const Question& q, const Peer& peer) {
    if (q.errs(Fault::NamedPortMatchesNetworks)) return true;
    if (q.errs(Fault::NamedPortNotInBlocks) && !peer.blocks.empty()) return false;
    return peer.named_ports_match;
}

bool ports_match(const Question& q, const Rule& rule, bool names_count) {
    if (rule.any_port) {
        if (q.errs(Fault::EmptyPortsMatchTcp)) return q.probe.protocol == 6;
        return !q.errs(Fault::EmptyPortsMatchNothing);
    }
    return std::any_of(rule.ports.begin(), rule.ports.end(), [&](const PortMatch& match) {
        return (names_count || match.name.empty()) && port_matches(q, match);
    });
}

}  // namespace

bool has(const std::vector<Ip>& ips, const Ip& ip) {
    return std::find(ips.begin(), ips.end(), ip) != ips.end();
}

bool is_address_of(const World& world, const Node& node, const Ip& ip) {
    if (has(node.ips, ip)) return true;
    if (world.fault == Fault::HostPodsHaveNoAddress || pod_at(world, ip) != nullptr) return false;
    return std::any_of(world.pods.begin(), world.pods.end(), [&](const Pod& pod) {
        return pod.host_network && !pod.terminated && pod.node == node.name && has(pod.ips, ip);
    });
}

bool has_ports(int protocol) { return protocol == 6 || protocol == 17 || protocol == 132; }

bool selects(const Question& q, const Policy& policy) {
    const Pod& pod = q.subject();
    const bool pods_match = matches(q, policy.subject_pods, pod.labels);
    if (!pods_match && !q.errs(Fault::SubjectPodsIgnored)) return false;
    if (policy.kind == "NetworkPolicy") return policy.ns == pod.ns;
    if (!policy.subject_namespaces || q.errs(Fault::SubjectNamespacesIgnored)) return true;
    return matches(q, *policy.subject_namespaces, namespace_labels(q, pod.ns));
}

bool peer_matches(const Question& q, const Policy& policy, const Peer& peer) {
    return pods_match(q, policy, peer) || blocks_match(q, peer) || nodes_match(q, peer) ||
           names_match(q, peer);
}

bool rule_matches(const Question& q, const Policy& policy, const Rule& rule) {
    if (rule.any_peer) {
        return ports_match(q, rule, true) && !q.errs(Fault::EmptyPeersMatchNothing);
    }
    if (q.errs(Fault::ExceptEndsRule)) {
        for (const Peer& peer : rule.peers) {
            if (in_except(q, peer)) return false;
        }
    }
    return std::any_of(rule.peers.begin(), rule.peers.end(), [&](const Peer& peer) {
        return peer.known && peer_matches(q, policy, peer) &&
               ports_match(q, rule, name_counts(q, peer));
    });
}

}  // namespace tierwall::oracle
