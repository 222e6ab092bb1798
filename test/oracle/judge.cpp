// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/judge.hpp"

#include <algorithm>
#include <cctype>

namespace tierwall::oracle {

namespace {

struct Question {
    const World& world;
    bool egress;
    const Pod& subject;
    const Pod* peer;  ///< null: not a pod
    Ip peer_ip;
    const Pod* destination;  ///< whose port names count
    int protocol;
    int port;
};

bool matches(const Expression& e, const Labels& labels) {
    const auto found = labels.find(e.key);
    const bool present = found != labels.end();
    const bool listed =
        present && std::find(e.values.begin(), e.values.end(), found->second) != e.values.end();
    if (e.op == "In") return listed;
    if (e.op == "NotIn") return !listed;
    if (e.op == "Exists") return present;
    if (e.op == "DoesNotExist") return !present;
    return false;
}

bool matches(const Selector& selector, const Labels& labels) {
    for (const auto& [key, value] : selector.labels) {
        const auto found = labels.find(key);
        if (found == labels.end() || found->second != value) return false;
    }
    for (const Expression& e : selector.expressions) {
        if (!matches(e, labels)) return false;
    }
    return true;
}

const Labels& namespace_labels(const World& world, const std::string& name) {
    static const Labels kNone;
    for (const Namespace& ns : world.namespaces) {
        if (ns.name == name) return ns.labels;
    }
    return kNone;
}

bool is_live(const Pod& pod) { return !pod.host_network && !pod.terminated && !pod.ips.empty(); }

bool has(const std::vector<Ip>& ips, const Ip& ip) {
    return std::find(ips.begin(), ips.end(), ip) != ips.end();
}

/// The newest live pod with this address.
const Pod* pod_at(const World& world, const Ip& ip) {
    const Pod* newest = nullptr;
    for (const Pod& pod : world.pods) {
        if (!is_live(pod) || !has(pod.ips, ip)) continue;
        if (newest == nullptr || pod.created > newest->created) newest = &pod;
    }
    return newest;
}

std::string lower_without_dot(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!name.empty() && name.back() == '.') name.pop_back();
    return name;
}

bool name_matches(const std::string& written, const std::string& asked) {
    const std::string pattern = lower_without_dot(written);
    const std::string name = lower_without_dot(asked);
    if (!pattern.starts_with("*.")) return pattern == name;
    const std::string suffix = pattern.substr(1);  // ".example.com"
    return name.size() > suffix.size() && name.ends_with(suffix);
}

bool resolves_to(const World& world, const std::string& pattern, const Ip& ip) {
    for (const auto& [name, ips] : world.dns) {
        if (name_matches(pattern, name) && has(ips, ip)) return true;
    }
    return false;
}

bool pods_match(const Question& q, const Policy& policy, const Peer& peer) {
    if (!peer.pod_selector && !peer.namespace_selector) return false;
    if (q.peer == nullptr) return false;
    if (peer.pod_selector && !matches(*peer.pod_selector, q.peer->labels)) return false;
    if (peer.namespace_selector) {
        return matches(*peer.namespace_selector, namespace_labels(q.world, q.peer->ns));
    }
    return peer.any_namespace || q.peer->ns == policy.ns;
}

bool peer_matches(const Question& q, const Policy& policy, const Peer& peer) {
    if (pods_match(q, policy, peer)) return true;
    const auto holds_peer = [&](const Block& block) { return contains(block, q.peer_ip); };
    if (std::any_of(peer.blocks.begin(), peer.blocks.end(), holds_peer) &&
        std::none_of(peer.except.begin(), peer.except.end(), holds_peer)) {
        return true;
    }
    if (peer.nodes) {
        for (const Node& node : q.world.nodes) {
            if (matches(*peer.nodes, node.labels) && has(node.ips, q.peer_ip)) return true;
        }
    }
    return std::any_of(peer.names.begin(), peer.names.end(), [&](const std::string& name) {
        return resolves_to(q.world, name, q.peer_ip);
    });
}

bool port_matches(const Question& q, const PortMatch& match) {
    if (q.protocol != 6 && q.protocol != 17 && q.protocol != 132) return false;
    if (!match.protocol.empty() && protocol_number(match.protocol) != q.protocol) return false;
    if (match.name.empty()) return q.port >= match.first && q.port <= match.last;
    if (q.destination == nullptr) return false;
    for (const NamedPort& port : q.destination->ports) {
        if (port.name == match.name && protocol_number(port.protocol) == q.protocol &&
            port.number == q.port) {
            return true;
        }
    }
    return false;
}

bool rule_matches(const Question& q, const Policy& policy, const Rule& rule) {
    const auto any_port_for = [&](bool named_ports_match) {
        if (rule.any_port) return true;
        return std::any_of(rule.ports.begin(), rule.ports.end(), [&](const PortMatch& match) {
            return (named_ports_match || match.name.empty()) && port_matches(q, match);
        });
    };
    if (rule.any_peer) return any_port_for(true);
    return std::any_of(rule.peers.begin(), rule.peers.end(), [&](const Peer& peer) {
        return peer_matches(q, policy, peer) && any_port_for(peer.named_ports_match);
    });
}

bool selects(const World& world, const Policy& policy, const Pod& pod) {
    if (!matches(policy.subject_pods, pod.labels)) return false;
    if (policy.kind == "NetworkPolicy") return policy.ns == pod.ns;
    return !policy.subject_namespaces ||
           matches(*policy.subject_namespaces, namespace_labels(world, pod.ns));
}

bool has_unknown(const Rule& rule) {
    const auto unknown = [](const auto& item) { return !item.known; };
    return std::any_of(rule.peers.begin(), rule.peers.end(), unknown) ||
           std::any_of(rule.ports.begin(), rule.ports.end(), unknown);
}

struct Match {
    std::string action;
    RulePlace place;
};

std::optional<Match> first_match(const Question& q, const std::string& tier) {
    std::vector<const Policy*> policies;
    for (const Policy& policy : q.world.policies) {
        if (policy.tier == tier) policies.push_back(&policy);
    }
    std::stable_sort(policies.begin(), policies.end(), [](const Policy* a, const Policy* b) {
        return std::tie(a->priority, a->kind, a->name) < std::tie(b->priority, b->kind, b->name);
    });
    for (const Policy* policy : policies) {
        if (!selects(q.world, *policy, q.subject)) continue;
        const std::vector<Rule>& rules = q.egress ? policy->egress : policy->ingress;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const RulePlace place{policy->path(), static_cast<int>(i)};
            if (has_unknown(rules[i])) {
                if (rules[i].action == "Accept") continue;
                return Match{"Deny", place};
            }
            if (rule_matches(q, *policy, rules[i])) return Match{rules[i].action, place};
        }
    }
    return std::nullopt;
}

bool is_own_node(const Question& q) {
    return std::any_of(q.world.nodes.begin(), q.world.nodes.end(), [&](const Node& node) {
        return node.name == q.subject.node && has(node.ips, q.peer_ip);
    });
}

/// Nothing when no NetworkPolicy isolates the subject in this direction.
std::optional<Side> ask_network_policies(const Question& q) {
    std::set<RulePlace> isolating;
    std::set<RulePlace> allowing;
    for (const Policy& policy : q.world.policies) {
        if (policy.tier != "NetworkPolicy" || !selects(q.world, policy, q.subject)) continue;
        if (!(q.egress ? policy.isolates_egress : policy.isolates_ingress)) continue;
        isolating.insert({policy.path(), -1});
        const std::vector<Rule>& rules = q.egress ? policy.egress : policy.ingress;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!rule_matches(q, policy, rules[i])) continue;
            allowing.insert({policy.path(), static_cast<int>(i)});
        }
    }
    if (isolating.empty()) return std::nullopt;
    if (!allowing.empty()) return Side{true, "NetworkPolicy", allowing};
    if (!q.egress && is_own_node(q)) return Side{true, "OwnNode", {}};
    return Side{false, "NetworkPolicy", isolating};
}

Side ask(const Question& q) {
    const auto admin = first_match(q, "Admin");
    if (admin && admin->action != "Pass") {
        return {admin->action == "Accept", "Admin", {admin->place}};
    }
    if (const auto side = ask_network_policies(q)) return *side;
    const auto baseline = first_match(q, "Baseline");
    if (baseline && baseline->action != "Pass") {
        return {baseline->action == "Accept", "Baseline", {baseline->place}};
    }
    return {};
}

bool is_subject(const World& world, const Pod* pod) {
    return pod != nullptr && (world.scope_node.empty() || pod->node == world.scope_node);
}

}  // namespace

int protocol_number(const std::string& word) {
    if (word == "TCP") return 6;
    if (word == "UDP") return 17;
    if (word == "SCTP") return 132;
    if (word == "ICMP") return 1;
    if (word == "ICMPv6") return 58;
    return std::stoi(word);
}

std::optional<Ip> address_of(const World& world, const std::string& end, bool v6) {
    const std::size_t slash = end.find('/');
    if (slash == std::string::npos) return read_ip(end);
    const auto of_family = [&](const std::vector<Ip>& ips) -> std::optional<Ip> {
        for (const Ip& ip : ips) {
            if (ip.v6 == v6) return ip;
        }
        return std::nullopt;
    };
    for (const Pod& pod : world.pods) {
        if (pod.ns != end.substr(0, slash) || pod.name != end.substr(slash + 1)) continue;
        if (!pod.host_network) return of_family(pod.ips);
        for (const Node& node : world.nodes) {
            if (node.name == pod.node) return of_family(node.ips);
        }
    }
    return std::nullopt;
}

Judgement judge(const World& world, const Probe& probe) {
    const Pod* source = pod_at(world, probe.source);
    const Pod* destination = pod_at(world, probe.destination);
    Judgement judgement;
    if (probe.source == probe.destination) {
        judgement.egress.tier = judgement.ingress.tier = "Self";
        return judgement;
    }
    judgement.egress.tier = judgement.ingress.tier = "NotSubject";
    if (is_subject(world, source)) {
        judgement.egress = ask({world, true, *source, destination, probe.destination, destination,
                                probe.protocol, probe.port});
    }
    if (is_subject(world, destination)) {
        judgement.ingress = ask({world, false, *destination, source, probe.source, destination,
                                 probe.protocol, probe.port});
    }
    judgement.allow = judgement.egress.allow && judgement.ingress.allow;
    return judgement;
}

}  // namespace tierwall::oracle
