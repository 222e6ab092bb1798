// SPDX-License-Identifier: Apache-2.0
#include "control/lint/witness.hpp"

#include "control/lint/area.hpp"
#include "control/policy/selector.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tierwall::lint {
namespace {

using EndPointer = std::shared_ptr<const End>;
using Ends = std::vector<EndPointer>;

/// Ends that are tried for one pair of rules, and pods of one kind looked at for their addresses.
constexpr std::size_t kEndsMax = 64;
/// Kinds of pods that are looked at for whether their addresses are in a block.
constexpr std::size_t kMembersMax = 4096;
/// Packets that are tried for one pair of policies.
constexpr std::size_t kPacketsMax = 20'000;

End end_of(const kube::Pod& pod, const base::Address& address, const kube::Labels& space) {
    End end{End::Kind::Pod, pod.namespace_name, space, pod.labels, {}, {address}, pod.path()};
    for (const kube::ContainerPort& port : pod.ports) {
        if (!port.name.empty()) end.ports.push_back(port);
    }
    return end;
}

End end_of(const Area::Example& example) {
    End end;
    end.kind = End::Kind::Pod;
    end.namespace_labels = example.namespace_labels;
    end.labels = example.labels;
    const auto name = example.namespace_labels.find(kNameLabel);
    if (name != example.namespace_labels.end()) end.namespace_name = name->second;
    return end;
}

base::Address next(base::Address address) {
    for (std::size_t i = address.bytes.size(); i-- > 0;) {
        if (++address.bytes[i] != 0) break;
    }
    return address;
}

base::Address last_of(const base::Prefix& block) {
    base::Address last = block.address;
    for (std::size_t bit = block.mapped_length(); bit < 128; ++bit) {
        last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | (0x80 >> bit % 8));
    }
    return last;
}

/// Places where the set may begin or go on: its blocks' first addresses, and those after holes.
std::vector<base::Address> addresses_of(const policy::NetworkSet& networks) {
    std::vector<base::Address> addresses;
    for (const base::Prefix& block : networks.cidrs) {
        addresses.push_back(block.address);
        addresses.push_back(next(block.address));
        addresses.push_back(last_of(block));
    }
    for (const base::Prefix& hole : networks.except) addresses.push_back(next(last_of(hole)));
    return addresses;
}

struct Packet {
    std::uint8_t protocol;
    std::uint16_t port;
    friend auto operator<=>(const Packet&, const Packet&) = default;
};

void add_port(std::uint8_t protocol, std::uint32_t port, std::set<Packet>& packets) {
    if (port >= 1 && port <= 65535) packets.insert({protocol, static_cast<std::uint16_t>(port)});
}

void add_packets(const policy::Policy& policy, const Traffic& traffic, std::set<Packet>& packets) {
    for (const policy::Rule& rule : rules_of(policy, traffic.direction)) {
        for (const policy::Port& port : rule.ports) {
            if (!port.name.empty()) continue;
            add_port(port.protocol, port.first, packets);
            add_port(port.protocol, port.last, packets);
            add_port(port.protocol, std::uint32_t{port.last} + 1, packets);
        }
    }
    for (const kube::ContainerPort& port : traffic.destination().ports) {
        add_port(port.protocol, port.number, packets);
    }
}

std::string protocol_name(std::uint8_t protocol) {
    if (protocol == base::kIpTcp) return "TCP";
    if (protocol == base::kIpUdp) return "UDP";
    if (protocol == base::kIpSctp) return "SCTP";
    return "ICMP";
}

std::string describe(const End& end) {
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

bool share_port(const policy::Port& a, const policy::Port& b) {
    if (a.protocol != b.protocol) return false;
    return !a.name.empty() || !b.name.empty() || (a.first <= b.last && b.first <= a.last);
}

/// Could one packet be for both?
bool share_ports(const policy::Rule& a, const policy::Rule& b) {
    if (a.ports.empty() || b.ports.empty()) return true;
    return std::any_of(a.ports.begin(), a.ports.end(), [&b](const policy::Port& own) {
        return std::any_of(b.ports.begin(), b.ports.end(),
                           [&own](const policy::Port& other) { return share_port(own, other); });
    });
}

bool can_talk(const End& subject, const End& peer) {
    if (!subject.owner.empty() && subject.owner == peer.owner) return false;
    if (subject.addresses.empty() || peer.addresses.empty()) return true;
    return std::any_of(subject.addresses.begin(), subject.addresses.end(), [&](const auto& own) {
        return own.family() == peer.addresses.front().family();
    });
}

}  // namespace

std::string describe(const Disagreement& found) {
    const bool egress = found.traffic.direction == base::Direction::Egress;
    std::string text = protocol_name(found.traffic.protocol);
    if (text != "ICMP") text += " port " + std::to_string(found.traffic.port);
    return text + " from " + describe(egress ? *found.subject : *found.peer) + " to " +
           describe(egress ? *found.peer : *found.subject);
}

struct Witnesses::Question {
    const policy::Policy* first;
    const policy::Policy* second;
    EndPointer subject;
    PolicyNumbers before;  ///< that select the subject and are asked before both
    EndPointer peer = nullptr;
    base::Direction direction = base::Direction::Egress;
    std::size_t packets = 0;
};

void Witnesses::add_addresses(const kube::Pod& pod, const policy::Peer& other, Ends& ends) const {
    for (const base::Address& address : pod.addresses) {
        End end = end_of(pod, address, scene_.labels_of_namespace(pod.namespace_name));
        if (is_in(other, end)) ends.push_back(std::make_shared<End>(std::move(end)));
    }
}

void Witnesses::add_pods(const policy::PodSet& pods, const policy::Peer& other, Ends& ends) const {
    if (scene_.has_pods()) {
        std::vector<KindNumber> members = scene_.members(pods);
        if (const auto* set = std::get_if<policy::PodSet>(&other)) {
            const std::vector<KindNumber>& others = scene_.members(*set);
            std::erase_if(members, [&others](KindNumber kind) {
                return !std::binary_search(others.begin(), others.end(), kind);
            });
        }
        if (members.size() > kMembersMax) members.resize(kMembersMax);
        for (const KindNumber number : members) {
            const PodKind& kind = scene_.pod_kinds()[number];
            if (ends.size() >= kEndsMax) return;
            if (!kind.live) continue;
            // Two of a kind, because a pod does not count as its own peer.
            add_addresses(*kind.pods.front(), other, ends);
            if (kind.pods.size() > 1) add_addresses(*kind.pods.back(), other, ends);
        }
        return;
    }
    const auto& known = scene_.known_namespaces();
    const Area area(pods, known);
    if (const auto* set = std::get_if<policy::PodSet>(&other)) {
        const Area second(*set, known);
        if (area.meets(second)) ends.push_back(std::make_shared<End>(end_of(area.example(second))));
    } else if (const auto* networks = std::get_if<policy::NetworkSet>(&other)) {
        if (area.empty()) return;
        for (const base::Address& address : addresses_of(*networks)) {
            End end = end_of(area.example(area));
            end.addresses = {address};
            if (is_in(other, end)) ends.push_back(std::make_shared<End>(std::move(end)));
        }
    }
}

void Witnesses::add_nodes(const policy::NodeSet& nodes, const policy::Peer& other,
                          Ends& ends) const {
    for (const auto& [name, node] : scene_.objects().cluster.nodes) {
        if (ends.size() >= kEndsMax || !policy::matches(nodes.nodes, node.labels)) continue;
        for (const base::Address& address : node.addresses) {
            End end;
            end.kind = End::Kind::Node;
            end.labels = node.labels;
            end.addresses = {address};
            if (is_in(other, end)) ends.push_back(std::make_shared<End>(std::move(end)));
        }
    }
}

void Witnesses::add_ends(const policy::Peer& a, const policy::Peer& b, Ends& ends) const {
    if (const auto* pods = std::get_if<policy::PodSet>(&a)) return add_pods(*pods, b, ends);
    if (const auto* pods = std::get_if<policy::PodSet>(&b)) return add_pods(*pods, a, ends);
    if (const auto* nodes = std::get_if<policy::NodeSet>(&a)) return add_nodes(*nodes, b, ends);
    if (const auto* nodes = std::get_if<policy::NodeSet>(&b)) return add_nodes(*nodes, a, ends);
    const auto* networks_a = std::get_if<policy::NetworkSet>(&a);
    const auto* networks_b = std::get_if<policy::NetworkSet>(&b);
    if (networks_a != nullptr && networks_b != nullptr) {
        for (const auto* networks : {networks_a, networks_b}) {
            for (const base::Address& address : addresses_of(*networks)) {
                if (!is_in(*networks_a, address) || !is_in(*networks_b, address)) continue;
                End end;
                end.addresses = {address};
                ends.push_back(std::make_shared<End>(std::move(end)));
            }
        }
    }
}

Ends Witnesses::ends_in(const policy::Rule& a, const policy::Rule& b) const {
    Ends ends;
    for (const policy::Peer& own : a.peers) {
        for (const policy::Peer& other : b.peers) {
            if (ends.size() < kEndsMax) add_ends(own, other, ends);
        }
    }
    return ends;
}

bool Witnesses::is_decided_before(const Question& question, const Traffic& traffic) const {
    bool isolated = false;
    for (const std::uint32_t number : question.before) {
        const policy::Policy& policy = scene_.policies()[number];
        if (policy.audit) continue;
        if (policy.tier == base::kTierNetworkPolicy) {
            isolated = isolated || isolates(policy, traffic.direction);
            continue;
        }
        const policy::Rule* rule = first_match(policy, traffic);
        if (rule == nullptr) continue;
        // A Pass in an earlier tier leads on to this one, which is silence enough.
        if (policy.tier == question.first->tier || rule->action != base::Action::Pass) return true;
    }
    return isolated;
}

std::optional<Disagreement> Witnesses::try_ports(Question& question) const {
    Traffic traffic{question.subject.get(), question.peer.get(), question.direction, 0, 0};
    std::set<Packet> packets{{base::kIpTcp, 1}, {base::kIpUdp, 1}, {base::kIpIcmp, 0}};
    add_packets(*question.first, traffic, packets);
    add_packets(*question.second, traffic, packets);
    for (const Packet& packet : packets) {
        if (++question.packets > kPacketsMax) return std::nullopt;
        traffic.protocol = packet.protocol;
        traffic.port = packet.port;
        const policy::Rule* first = first_match(*question.first, traffic);
        if (first == nullptr || first->failed_closed) continue;
        const policy::Rule* second = first_match(*question.second, traffic);
        if (second == nullptr || second->failed_closed || first->action == second->action) continue;
        if (is_decided_before(question, traffic)) continue;
        return Disagreement{question.subject, question.peer, traffic, first, second};
    }
    return std::nullopt;
}

std::optional<Disagreement> Witnesses::ask(Question& question) const {
    for (const base::Direction direction : kBothDirections) {
        question.direction = direction;
        for (const policy::Rule& own : rules_of(*question.first, direction)) {
            for (const policy::Rule& other : rules_of(*question.second, direction)) {
                if (own.action == other.action || !share_ports(own, other)) continue;
                for (const EndPointer& peer : ends_in(own, other)) {
                    if (!can_talk(*question.subject, *peer)) continue;
                    question.peer = peer;
                    if (auto found = try_ports(question)) return found;
                }
            }
        }
    }
    return std::nullopt;
}

std::optional<Disagreement> Witnesses::find(std::uint32_t first, std::uint32_t second,
                                            const std::vector<KindNumber>& kinds) const {
    const policy::Policy& own = scene_.policies()[first];
    Ends subjects;
    for (const KindNumber number : kinds) {
        const kube::Pod& pod = *scene_.pod_kinds()[number].pods.front();
        End end =
            end_of(pod, pod.addresses.front(), scene_.labels_of_namespace(pod.namespace_name));
        end.addresses = pod.addresses;
        subjects.push_back(std::make_shared<End>(std::move(end)));
    }
    if (kinds.empty()) {
        const Area& area = scene_.subject_area(first);
        subjects.push_back(
            std::make_shared<End>(end_of(area.example(scene_.subject_area(second)))));
    }
    for (const EndPointer& subject : subjects) {
        Question question{&own, &scene_.policies()[second], subject, {}};
        question.before =
            scene_.selecting({subject->namespace_name, subject->namespace_labels, subject->labels});
        std::erase_if(question.before, [&](std::uint32_t each) {
            const policy::Policy& policy = scene_.policies()[each];
            return policy.tier > own.tier ||
                   (policy.tier == own.tier && policy.priority >= own.priority);
        });
        if (auto found = ask(question)) return found;
    }
    return std::nullopt;
}

}  // namespace tierwall::lint
