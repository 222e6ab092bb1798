// SPDX-License-Identifier: Apache-2.0
#include "control/lint/witness.hpp"

#include "control/policy/selector.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace tierwall::lint {
namespace {

struct Packet {
    std::uint8_t protocol;
    std::uint16_t port;
    friend auto operator<=>(const Packet&, const Packet&) = default;
};
using Packets = std::set<Packet>;

void add_port(std::uint8_t protocol, std::uint32_t port, Packets& packets) {
    if (port >= 1 && port <= 65535) packets.insert({protocol, static_cast<std::uint16_t>(port)});
}

/// Where the ports that a policy speaks of begin and end.
void add_packets(const policy::Policy& policy, base::Direction direction, Packets& packets) {
    for (const policy::Rule& rule : rules_of(policy, direction)) {
        for (const policy::Port& port : rule.ports) {
            if (!port.name.empty()) continue;
            add_port(port.protocol, port.first, packets);
            add_port(port.protocol, port.last, packets);
            add_port(port.protocol, std::uint32_t{port.last} + 1, packets);
        }
    }
}

std::string protocol_name(std::uint8_t protocol) {
    if (protocol == base::kIpTcp) return "TCP";
    if (protocol == base::kIpUdp) return "UDP";
    if (protocol == base::kIpSctp) return "SCTP";
    return "ICMP";
}

std::string describe(const End& end) {
    if (!end.domain.empty()) return end.domain;
    if (end.kind == End::Kind::External) {
        return end.addresses.empty() ? "anybody" : base::text(end.addresses.front());
    }
    std::string labels;
    for (const auto& [key, value] : end.labels) {
        labels += (labels.empty() ? "" : ",") + key + "=" + value;
    }
    const std::string what = end.kind == End::Kind::Node ? "a node" : "a pod";
    std::string text = what + (labels.empty() ? "" : " with " + labels);
    if (!end.namespace_name.empty()) text += " in " + end.namespace_name;
    return text;
}

bool can_talk(const End& subject, const End& peer) {
    if (!subject.owner.empty() && subject.owner == peer.owner) return false;
    if (subject.addresses.empty() || peer.addresses.empty()) return true;
    return std::any_of(subject.addresses.begin(), subject.addresses.end(), [&](const auto& own) {
        return own.family() == peer.addresses.front().family();
    });
}

bool has_names(const std::vector<const policy::Rule*>& rules) {
    return std::any_of(rules.begin(), rules.end(), [](const policy::Rule* rule) {
        return std::any_of(rule->ports.begin(), rule->ports.end(),
                           [](const policy::Port& port) { return !port.name.empty(); });
    });
}

/// What is the same for all packets to or from an end.
std::string key_of(const End& end) {
    std::string key = end.owner + "\n" + end.namespace_name + "\n" + end.domain;
    if (end.owner.empty()) {
        for (const auto& [label, value] : end.labels) key += "\n" + label + "=" + value;
        for (const auto& [label, value] : end.namespace_labels) key += "\n" + label + ":" + value;
    }
    for (const base::Address& address : end.addresses) {
        key.append(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size());
    }
    return key + static_cast<char>('0' + static_cast<int>(end.kind));
}

}  // namespace

std::string describe(const Disagreement& found) {
    const bool egress = found.traffic.direction == base::Direction::Egress;
    std::string text = protocol_name(found.traffic.protocol);
    if (text != "ICMP") text += " port " + std::to_string(found.traffic.port);
    return text + " from " + describe(egress ? *found.subject : *found.peer) + " to " +
           describe(egress ? *found.peer : *found.subject);
}

struct Witnesses::Subject {
    EndPointer end;
    std::optional<KindNumber> kind;            ///< of a pod given
    std::optional<PolicyNumbers> before = {};  ///< that select it and are asked before both
};

struct Witnesses::Question {
    std::uint32_t first;
    std::uint32_t second;
    const std::vector<KindNumber>& kinds;
    std::vector<Subject> subjects = {};  ///< made when there is something to ask them
    base::Direction direction = base::Direction::Egress;
    Packets packets = {};              ///< of this direction
    std::set<std::string> tried = {};  ///< ends, likewise
};

/// A subject and a peer, and the rules that are about this peer.
struct Witnesses::Encounter {
    using Rules = std::vector<const policy::Rule*>;
    Subject* subject = nullptr;
    EndPointer peer = {};
    Rules first = {};
    Rules second = {};
    bool has_names = false;  ///< of ports, in these rules
    struct Dispute {
        Packet packet;
        const policy::Rule* first;
        const policy::Rule* second;
    };
    std::vector<Dispute> disputes = {};
    bool is_judged = false;                      ///< disputes are known
    std::map<std::uint32_t, Rules> before = {};  ///< of policies that were asked for
};

/// In the last tier what passes is allowed.
bool Witnesses::is_same(const policy::Rule& a, const policy::Rule& b,
                        const Question& question) const {
    if (a.action == b.action) return true;
    return scene_.policies()[question.first].tier == base::kTierBaseline &&
           a.action != base::Action::Deny && b.action != base::Action::Deny;
}

const RuleView& Witnesses::view(const policy::Rule& rule) {
    const auto known = views_.find(&rule);
    if (known != views_.end()) return known->second;
    const RuleView& made = views_.try_emplace(&rule, rule).first->second;
    budget_.spend(1 + rule.ports.size() + rule.peers.size() + made.addresses().size());
    return made;
}

/// An address has the domain names that it was made up for.
bool Witnesses::matches(const policy::Rule& rule, const End& peer) {
    if (rule.any_peer) return true;
    const RuleView& own = view(rule);
    if (peer.kind == End::Kind::Pod) {
        const resolve::PodTraits pod{peer.namespace_name, peer.namespace_labels, peer.labels};
        for (const policy::PodSet* set : own.pods()) {
            const SetNumber number = *scene_.sets().find(*set);
            if (!budget_.spend(scene_.sets().area(number).keys())) return false;
            if (scene_.sets().holds(number, pod)) return true;
        }
    }
    if (peer.kind == End::Kind::Node) {
        for (const policy::NodeSet* set : own.nodes()) {
            for (const policy::Requirement& each : set->nodes.requirements) {
                if (!budget_.spend(1 + each.values.size())) return false;
            }
            if (policy::matches(set->nodes, peer.labels)) return true;
        }
    }
    if (!peer.domain.empty() && own.has_name_for(peer.domain, budget_)) return true;
    return std::any_of(peer.addresses.begin(), peer.addresses.end(),
                       [&](const base::Address& each) { return own.holds(each, budget_); });
}

std::vector<const policy::Rule*> Witnesses::matching(std::uint32_t policy, const Question& question,
                                                     const End& peer) {
    std::vector<const policy::Rule*> rules;
    const bool audit = scene_.policies()[policy].audit;
    for (const policy::Rule& rule : rules_of(scene_.policies()[policy], question.direction)) {
        if (!budget_.spend()) break;
        // What is audited denies nothing; what it accepts or passes on counts.
        if (audit && (rule.failed_closed || rule.action == base::Action::Deny)) continue;
        if (matches(rule, peer)) rules.push_back(&rule);
    }
    return rules;
}

/// The rule that decides, or null.
const policy::Rule* Witnesses::first_match(const std::vector<const policy::Rule*>& rules,
                                           const Traffic& traffic) {
    for (const policy::Rule* rule : rules) {
        if (!budget_.spend(1 + rule->ports.size())) return nullptr;
        if (matches_ports(*rule, traffic)) return rule;
    }
    return nullptr;
}

bool Witnesses::is_decided_before(const Question& question, Encounter& encounter,
                                  const Traffic& traffic) {
    bool isolated = false;
    for (const std::uint32_t number : before(question, *encounter.subject)) {
        const policy::Policy& policy = scene_.policies()[number];
        if (!budget_.spend()) return true;
        const bool is_unordered = policy.tier == base::kTierNetworkPolicy;
        if (is_unordered && !isolates(policy, traffic.direction)) continue;
        // Nothing comes behind isolation; an audited policy does not isolate, and what it allows
        // is allowed.
        if (is_unordered && !policy.audit) {
            isolated = true;
            continue;
        }
        const auto [entry, added] = encounter.before.try_emplace(number);
        if (added) entry->second = matching(number, question, *encounter.peer);
        const policy::Rule* rule = first_match(entry->second, traffic);
        if (rule == nullptr) continue;
        // A Pass in an earlier tier leads on to this one, which is silence enough.
        const bool same_tier = policy.tier == scene_.policies()[question.first].tier;
        if (same_tier || rule->action != base::Action::Pass) return true;
    }
    return isolated;
}

/// The packets between these ends about which the two disagree.
void Witnesses::disagree(const Question& question, const Traffic& ends, Encounter& encounter) {
    encounter.disputes.clear();
    Packets own;
    for (const kube::ContainerPort& port : ends.destination().ports) {
        add_port(port.protocol, port.number, own);
    }
    Traffic traffic = ends;
    for (const Packets* packets : {&question.packets, &std::as_const(own)}) {
        for (const auto& [protocol, port] : *packets) {
            if (!budget_.spend()) return;
            traffic.protocol = protocol;
            traffic.port = port;
            const policy::Rule* first = first_match(encounter.first, traffic);
            if (first == nullptr || first->failed_closed) continue;
            const policy::Rule* second = first_match(encounter.second, traffic);
            if (second == nullptr || second->failed_closed) continue;
            if (is_same(*first, *second, question)) continue;
            encounter.disputes.push_back({{protocol, port}, first, second});
        }
    }
}

std::optional<Disagreement> Witnesses::try_subject(const Question& question, Encounter& encounter) {
    const EndPointer& subject = encounter.subject->end;
    Traffic traffic{subject.get(), encounter.peer.get(), question.direction, 0, 0};
    // Only names of ports may make a difference between subjects, and only as destinations.
    const bool depends = encounter.has_names && question.direction == base::Direction::Ingress;
    if (depends || !encounter.is_judged) disagree(question, traffic, encounter);
    encounter.is_judged = true;
    for (const auto& [packet, first, second] : encounter.disputes) {
        if (!budget_.spend()) return std::nullopt;
        traffic.protocol = packet.protocol;
        traffic.port = packet.port;
        if (is_decided_before(question, encounter, traffic)) continue;
        return Disagreement{subject, encounter.peer, traffic, first, second};
    }
    return std::nullopt;
}

std::optional<Disagreement> Witnesses::try_end(const EndPointer& peer, Question& question) {
    // All packets are tried for an end, whichever rules led to it.
    if (!question.tried.insert(key_of(*peer)).second) return std::nullopt;
    Encounter encounter{nullptr, peer};
    encounter.first = matching(question.first, question, *peer);
    encounter.second = matching(question.second, question, *peer);
    encounter.has_names = has_names(encounter.first) || has_names(encounter.second);
    if (question.subjects.empty()) add_subjects(question);
    for (Subject& subject : question.subjects) {
        if (!budget_.spend() || !can_talk(*subject.end, *peer)) continue;
        encounter.subject = &subject;
        if (auto found = try_subject(question, encounter)) return found;
    }
    return std::nullopt;
}

std::optional<Disagreement> Witnesses::try_rules(const policy::Rule& own, const policy::Rule& other,
                                                 Question& question) {
    if (is_same(own, other, question)) return std::nullopt;
    const RuleView& one = view(own);
    const RuleView& two = view(other);
    budget_.spend(2 * std::min(one.ports().weight(), two.ports().weight()));
    if (!one.ports().meets(two.ports())) return std::nullopt;
    for (const EndPointer& peer : shared_.of(one, two)) {
        if (auto found = try_end(peer, question)) return found;
        if (budget_.is_spent()) break;
    }
    return std::nullopt;
}

std::optional<Disagreement> Witnesses::ask(Question& question) {
    const policy::Policy& first = scene_.policies()[question.first];
    const policy::Policy& second = scene_.policies()[question.second];
    for (const base::Direction direction : kBothDirections) {
        question.direction = direction;
        question.packets = {{base::kIpTcp, 1}, {base::kIpUdp, 1}, {base::kIpIcmp, 0}};
        add_packets(first, direction, question.packets);
        add_packets(second, direction, question.packets);
        budget_.spend(2 * question.packets.size());
        question.tried.clear();
        shared_.forget();
        for (const policy::Rule& own : rules_of(first, direction)) {
            for (const policy::Rule& other : rules_of(second, direction)) {
                if (!budget_.spend()) return std::nullopt;
                if (auto found = try_rules(own, other, question)) return found;
            }
        }
    }
    return std::nullopt;
}

void Witnesses::add_subjects(Question& question) {
    for (const KindNumber kind : question.kinds) {
        const kube::Pod& pod = *scene_.pod_kinds()[kind].pods.front();
        End end =
            end_of(pod, pod.addresses.front(), scene_.labels_of_namespace(pod.namespace_name));
        end.addresses = pod.addresses;
        question.subjects.push_back({std::make_shared<const End>(std::move(end)), kind});
    }
    if (!question.kinds.empty()) return;
    const Area& area = scene_.subject_area(question.first);
    const Area& other = scene_.subject_area(question.second);
    budget_.spend(area.cost(other));
    question.subjects.push_back(
        {std::make_shared<const End>(end_of(area.example(other))), std::nullopt});
}

const PolicyNumbers& Witnesses::before(const Question& question, Subject& subject) {
    if (subject.before) return *subject.before;
    const End& end = *subject.end;
    PolicyNumbers all =
        subject.kind
            ? scene_.pod_kinds()[*subject.kind].policies
            : scene_.selecting({end.namespace_name, end.namespace_labels, end.labels}, budget_);
    budget_.spend(1 + all.size());
    const policy::Policy& own = scene_.policies()[question.first];
    std::erase_if(all, [&](std::uint32_t each) {
        const policy::Policy& policy = scene_.policies()[each];
        return policy.tier > own.tier ||
               (policy.tier == own.tier && policy.priority >= own.priority);
    });
    return subject.before.emplace(std::move(all));
}

std::optional<Disagreement> Witnesses::find(std::uint32_t first, std::uint32_t second,
                                            const std::vector<KindNumber>& kinds) {
    Question question{first, second, kinds};
    auto found = ask(question);
    return budget_.is_spent() ? std::nullopt : found;
}

}  // namespace tierwall::lint
