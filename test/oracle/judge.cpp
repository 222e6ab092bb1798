// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/judge.hpp"

#include "test/oracle/match.hpp"

#include <algorithm>
#include <tuple>

namespace tierwall::oracle {

namespace {

bool is_live(const World& world, const Pod& pod) {
    if (pod.host_network && world.fault != Fault::HostNetworkIsPod) return false;
    if (pod.terminated && world.fault != Fault::TerminatedKeepsIp) return false;
    if (world.fault == Fault::PodsWithoutNodeMissed) {
        return std::any_of(world.nodes.begin(), world.nodes.end(),
                           [&](const Node& node) { return node.name == pod.node; });
    }
    return true;
}

bool has_address(const World& world, const Pod& pod, const Ip& ip) {
    if (world.fault == Fault::OnlyFirstIp) return !pod.ips.empty() && pod.ips.front() == ip;
    return has(pod.ips, ip);
}

// ---- audit ----

/// A policy's own word, else for a namespaced one its Namespace's. Only "audit" audits.
Mode mode_of(const Question& q, const Policy& policy) {
    Mode of_namespace;
    for (const Namespace& each : q.world.namespaces) {
        if (!policy.ns.empty() && each.name == policy.ns) of_namespace = each.mode;
    }
    if (q.errs(Fault::NamespaceModeIsIgnored)) of_namespace.reset();
    const auto is_wrong = [](const Mode& mode) {
        return mode && *mode != "audit" && *mode != "enforce";
    };
    Mode own = policy.mode;
    if (q.errs(Fault::WrongModeIsNone) && is_wrong(own)) own.reset();
    if (q.errs(Fault::NamespaceModeWins) && of_namespace) own.reset();
    const Mode mode = own ? own : of_namespace;
    return q.errs(Fault::WrongModeAudits) && is_wrong(mode) ? Mode("audit") : mode;
}

/// Are its denials only counted?
bool is_audited(const Question& q, const Policy& policy) {
    if (q.all_enforced || q.errs(Fault::AuditIsIgnored)) return false;
    return mode_of(q, policy) == "audit";
}

// ---- fail closed ----

bool has_names_elsewhere(const Question& q, const Policy& policy, const Rule& rule) {
    if (!q.world.options.names_only_to_accept || q.errs(Fault::NamesAnywhere)) return false;
    if (policy.tier == "Admin" && rule.action == "Accept") return false;
    return std::any_of(rule.peers.begin(), rule.peers.end(),
                       [](const Peer& peer) { return !peer.names.empty(); });
}

bool fails_closed(const Question& q, const Policy& policy, const Rule& rule) {
    const auto known = [](const auto& item) { return item.known; };
    const bool peers_known = std::all_of(rule.peers.begin(), rule.peers.end(), known);
    const bool ports_known = std::all_of(rule.ports.begin(), rule.ports.end(), known);
    return (!rule.known && !q.errs(Fault::UnknownRuleFieldIsSkipped)) ||
           (!peers_known && !q.errs(Fault::UnknownPeerIsSkipped)) ||
           (!ports_known && !q.errs(Fault::UnknownProtocolIsSkipped)) ||
           has_names_elsewhere(q, policy, rule);
}

/// What a rule does that fails closed; nothing: it matches nothing.
std::optional<std::string> closed_action(const Question& q, const Policy& policy,
                                         const Rule& rule) {
    if (rule.action == "Accept") {
        const bool errs = q.errs(Fault::UnknownAcceptMatches) && rule_matches(q, policy, rule);
        return errs ? std::optional<std::string>("Accept") : std::nullopt;
    }
    if (rule.action == "Deny" && q.errs(Fault::UnknownDenyIsNothing)) return std::nullopt;
    if (rule.action == "Pass" && q.errs(Fault::UnknownPassPasses)) return "Pass";
    return "Deny";
}

// ---- Admin and Baseline ----

struct Match {
    std::string action;
    RulePlace place;
};

std::vector<const Policy*> in_order(const Question& q, const std::string& tier) {
    std::vector<const Policy*> policies;
    for (const Policy& policy : q.world.policies) {
        if (policy.tier == tier) policies.push_back(&policy);
    }
    const auto before = [&](const Policy* a, const Policy* b) {
        if (a->priority != b->priority) {
            return (a->priority < b->priority) != q.errs(Fault::PriorityIsReversed);
        }
        if (q.errs(Fault::TiesAreReversed)) return b->name < a->name;
        if (q.errs(Fault::KindIsIgnored)) return a->name < b->name;
        return std::tie(a->kind, a->name) < std::tie(b->kind, b->name);
    };
    std::stable_sort(policies.begin(), policies.end(), before);
    return policies;
}

/// What a rule does to this traffic; nothing: it is not about it.
std::optional<std::string> action_of(const Question& q, const Policy& policy, const Rule& rule) {
    if (fails_closed(q, policy, rule)) return closed_action(q, policy, rule);
    return rule_matches(q, policy, rule) ? std::optional<std::string>(rule.action) : std::nullopt;
}

bool is_passed_over(const Question& q, const Policy& policy, const Rule& rule) {
    if (q.errs(Fault::AuditedClosedRulesDeny) && fails_closed(q, policy, rule)) return false;
    return is_audited(q, policy);
}

std::optional<Match> match_in(const Question& q, const Policy& policy) {
    std::vector<Rule> rules = q.egress ? policy.egress : policy.ingress;
    if (q.errs(Fault::RulesAreReversed)) std::reverse(rules.begin(), rules.end());
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto action = action_of(q, policy, rules[i]);
        if (!action) continue;
        const RulePlace place{policy.path(), static_cast<int>(i), rules[i].name};
        if (*action != "Deny" || !is_passed_over(q, policy, rules[i])) return Match{*action, place};
        if (q.errs(Fault::AuditedDenyEndsPolicy)) return std::nullopt;
        if (q.errs(Fault::AuditedDenyIsPass)) return Match{"Pass", place};
    }
    const bool isolates = q.errs(Fault::ClusterPoliciesIsolate) && !rules.empty();
    return isolates ? std::optional<Match>({"Deny", {policy.path(), -1, ""}}) : std::nullopt;
}

std::optional<Match> first_match(const Question& q, const std::string& tier) {
    for (const Policy* policy : in_order(q, tier)) {
        if (!selects(q, *policy)) continue;
        if (q.errs(Fault::AuditedPolicyIsSkipped) && is_audited(q, *policy)) continue;
        const auto match = match_in(q, *policy);
        if (!match || (match->action == "Pass" && q.errs(Fault::PassEndsPolicyOnly))) continue;
        return match;
    }
    return std::nullopt;
}

/// Nothing: this tier leaves it to the next.
std::optional<Side> decision(const Question& q, const std::string& tier) {
    const auto match = first_match(q, tier);
    if (!match) return std::nullopt;
    if (match->action == "Pass") {
        if (q.errs(Fault::PassIsAccept)) return Side{true, tier, {match->place}};
        if (q.errs(Fault::PassInBaselineDenies) && tier == "Baseline") {
            return Side{false, tier, {match->place}};
        }
        return std::nullopt;
    }
    return Side{match->action == "Accept", tier, {match->place}};
}

// ---- NetworkPolicy ----

bool is_own_node(const Question& q) {
    // Who is a pod is no node.
    if (q.peer() != nullptr && !q.errs(Fault::PodIsTheNode)) return false;
    const auto is_it = [&](const Node& node) {
        if (!is_address_of(q.world, node, q.peer_ip())) return false;
        return node.name == q.subject().node || q.errs(Fault::EveryNodeEnters);
    };
    const std::vector<Node>& nodes = q.world.nodes;
    if (!q.errs(Fault::OneNodeHasIt)) return std::any_of(nodes.begin(), nodes.end(), is_it);
    const auto first = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
        return is_address_of(q.world, node, q.peer_ip());
    });
    return first != nodes.end() && is_it(*first);
}

bool isolates(const Question& q, const Policy& policy, bool egress) {
    if (!policy.sound && q.errs(Fault::UnsoundIsOpen)) return false;
    const bool has_rules = !(egress ? policy.egress : policy.ingress).empty();
    if (q.errs(Fault::TypesAreIgnored) && has_rules) return true;
    if (policy.types.empty()) return !egress || has_rules || q.errs(Fault::EgressNeedsNoRules);
    const char* type = egress ? "Egress" : "Ingress";
    return std::find(policy.types.begin(), policy.types.end(), type) != policy.types.end();
}

bool own_node_passes(const Question& q) {
    const Options& options = q.world.options;
    if (!is_own_node(q)) return false;
    if (q.egress) {
        if (q.errs(Fault::OwnNodeIsNotReached)) return false;
        return options.own_node_may_be_reached || q.errs(Fault::OwnNodeIsReached);
    }
    return options.own_node_may_enter && !q.errs(Fault::OwnNodeIsStopped);
}

/// What the NetworkPolicies that select the subject say in this direction.
struct Selection {
    std::set<RulePlace> isolating;  ///< and not audited
    std::set<RulePlace> allowing;
    bool selected = false;  ///< in whichever direction
    bool audited = false;   ///< something would isolate if it were enforced
};

Selection selection(const Question& q) {
    Selection out;
    for (const Policy& policy : q.world.policies) {
        if (policy.tier != "NetworkPolicy" || !selects(q, policy)) continue;
        out.selected = true;
        const bool isolated = isolates(q, policy, q.egress);
        const bool audited = is_audited(q, policy) && !q.errs(Fault::AuditedIsolates);
        if (isolated && audited) out.audited = true;
        if (isolated && !audited) out.isolating.insert({policy.path(), -1, ""});
        if (!policy.sound || (!isolated && !q.errs(Fault::RulesOfOtherTypeCount))) continue;
        const std::vector<Rule>& rules = q.egress ? policy.egress : policy.ingress;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!rule_matches(q, policy, rules[i])) continue;
            out.allowing.insert({policy.path(), static_cast<int>(i), ""});
        }
    }
    return out;
}

/// Nothing: it is left to the next tier.
std::optional<Side> ask_network_policies(const Question& q) {
    const Selection found = selection(q);
    const bool isolated = !found.isolating.empty();
    if (!isolated && !found.audited) {
        const bool is_final =
            q.world.options.final_in_both_directions || q.errs(Fault::FinalInBothDirections);
        const bool ends = found.selected && is_final;
        return ends ? std::optional(Side{true, "NetworkPolicy", {}}) : std::nullopt;
    }
    // Rules of audited policies allow as others do, whether or not anything isolates.
    const bool rules_count = isolated || !q.errs(Fault::AuditedRulesDoNotAllow);
    if (rules_count && !found.allowing.empty()) return Side{true, "NetworkPolicy", found.allowing};
    if (!isolated && q.errs(Fault::AuditedEndsAtBaseline)) return Side{true, "NetworkPolicy", {}};
    // The own node is an exception from isolation.
    const bool excepted = isolated || q.errs(Fault::AuditedAdmitsOwnNode);
    if (excepted && own_node_passes(q)) return Side{true, "OwnNode", {}};
    return isolated ? std::optional(Side{false, "NetworkPolicy", found.isolating}) : std::nullopt;
}

// ---- all tiers ----

bool is_free(const Question& q) {
    const bool icmp = q.probe.protocol == 1 || q.probe.protocol == 58;
    if (q.errs(Fault::IcmpIsFree) && icmp) return true;
    return q.errs(Fault::OtherProtocolsAreFree) && !icmp && !has_ports(q.probe.protocol);
}

Side ask(const Question& q) {
    if (is_free(q)) return {};
    if (const auto admin = decision(q, "Admin")) return *admin;
    const auto baseline = decision(q, "Baseline");
    if (q.errs(Fault::BaselineFirst) && baseline) return *baseline;
    const auto network_policies = ask_network_policies(q);
    if (network_policies) {
        const bool rescued = q.errs(Fault::BaselineRescues) && !network_policies->allow &&
                             baseline && baseline->allow;
        return rescued ? *baseline : *network_policies;
    }
    return baseline.value_or(Side{});
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

const Pod* pod_at(const World& world, const Ip& ip) {
    const Pod* found = nullptr;
    for (const Pod& pod : world.pods) {
        if (!is_live(world, pod) || !has_address(world, pod, ip)) continue;
        const bool newer = found == nullptr || pod.created > found->created;
        if (found == nullptr || newer != (world.fault == Fault::OldestWins)) found = &pod;
    }
    return found;
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

namespace {

/// What both directions say; `all_enforced` as in Question.
Judgement ask_both(const World& world, const Probe& probe, bool all_enforced) {
    const Pod* source = pod_at(world, probe.source);
    const Pod* destination = pod_at(world, probe.destination);
    Judgement judgement;
    const bool same_pod = source != nullptr && source == destination;
    const bool self =
        probe.source == probe.destination || (same_pod && world.fault != Fault::SelfIsOneAddress);
    if (self && world.fault != Fault::SelfIsJudged) {
        judgement.egress.tier = judgement.ingress.tier = "Self";
        return judgement;
    }
    judgement.egress.tier = judgement.ingress.tier = "NotSubject";
    if (is_subject(world, source) && world.fault != Fault::EgressIsIgnored) {
        judgement.egress = ask({world, true, probe, source, destination, all_enforced});
    }
    if (is_subject(world, destination) && world.fault != Fault::IngressIsIgnored) {
        judgement.ingress = ask({world, false, probe, source, destination, all_enforced});
    }
    judgement.allow = judgement.egress.allow && judgement.ingress.allow;
    if (world.fault == Fault::AcceptEndsBothDirections && judgement.egress.allow &&
        judgement.egress.tier == "Admin") {
        judgement.allow = true;
    }
    return judgement;
}

/// The denial that there would be.
std::optional<Denial> denial(const World& world, const Judgement& would) {
    if (would.allow) return std::nullopt;
    if (!would.egress.allow && world.fault != Fault::AuditOfEgressIsMissed) {
        return Denial{true, would.egress};
    }
    if (!would.ingress.allow && world.fault != Fault::AuditOfIngressIsMissed) {
        return Denial{false, would.ingress};
    }
    return std::nullopt;
}

}  // namespace

Judgement judge(const World& world, const Probe& probe) {
    Judgement judgement = ask_both(world, probe, false);
    if (judgement.allow || world.fault == Fault::AuditOfWhatIsDenied) {
        judgement.audit = denial(world, ask_both(world, probe, true));
    }
    return judgement;
}

}  // namespace tierwall::oracle
