// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tierwall::lint {
namespace {

using Numbers = std::vector<KindNumber>;

/// Do two ascending lists have a number in common?
bool share_one(const Numbers& a, const Numbers& b, Budget& budget) {
    const Numbers& fewer = a.size() < b.size() ? a : b;
    const Numbers& more = &fewer == &a ? b : a;
    return std::any_of(fewer.begin(), fewer.end(), [&](KindNumber number) {
        return budget.spend() && std::binary_search(more.begin(), more.end(), number);
    });
}

class NamedPorts {
public:
    explicit NamedPorts(const Work& work);
    void check(const policy::Policy& policy);

private:
    /// The sets of pods whose ports a rule is about.
    struct Destinations {
        bool everybody = false;
        std::vector<const Numbers*> members = {};  ///< live or not
        bool any_live = false;
    };
    Destinations destinations(const policy::Policy& policy, base::Direction direction,
                              const policy::Rule& rule) const;
    bool is_known(const Destinations& pods, const policy::Port& port) const;
    void check(const policy::Policy& policy, base::Direction direction, const policy::Rule& rule);

    const Work& work_;
    const Scene& scene_;
    bool any_live_ = false;
    /// Live kinds of pods that have a port of this name and protocol.
    std::map<std::pair<std::string, std::uint8_t>, Numbers> having_;
};

NamedPorts::NamedPorts(const Work& work) : work_(work), scene_(work.scene) {
    for (KindNumber i = 0; i < scene_.pod_kinds().size(); ++i) {
        const PodKind& kind = scene_.pod_kinds()[i];
        if (!kind.live) continue;
        any_live_ = true;
        work_.budget.spend(1 + kind.traits.ports.size());
        for (const auto& port : kind.traits.ports) {
            Numbers& having = having_[{port.name, port.protocol}];
            if (having.empty() || having.back() != i) having.push_back(i);
        }
    }
}

NamedPorts::Destinations NamedPorts::destinations(const policy::Policy& policy,
                                                  base::Direction direction,
                                                  const policy::Rule& rule) const {
    if (direction == base::Direction::Ingress) {
        return {false, {&scene_.members(policy.subject)}, scene_.has_live_members(policy.subject)};
    }
    const bool just_pods = std::all_of(
        rule.peers.begin(), rule.peers.end(),
        [](const policy::Peer& peer) { return std::holds_alternative<policy::PodSet>(peer); });
    if (rule.any_peer || !just_pods) return {true, {}, any_live_};
    Destinations found;
    for (const policy::Peer& peer : rule.peers) {
        if (!work_.budget.spend()) return {};
        const auto& set = std::get<policy::PodSet>(peer);
        found.members.push_back(&scene_.members(set));
        found.any_live = found.any_live || scene_.has_live_members(set);
    }
    return found;
}

bool NamedPorts::is_known(const Destinations& pods, const policy::Port& port) const {
    const auto having = having_.find({port.name, port.protocol});
    if (having == having_.end()) return false;
    if (pods.everybody) return true;
    return std::any_of(pods.members.begin(), pods.members.end(), [&](const Numbers* members) {
        return work_.budget.spend() && share_one(*members, having->second, work_.budget);
    });
}

/// Only NetworkPolicies have their ports in the model as they were written.
std::string field_of(const policy::Policy& policy, const std::string& rule, std::size_t port) {
    if (policy.kind == "ClusterNetworkPolicy") return rule + ".protocols";
    if (policy.kind != "NetworkPolicy") return rule + ".ports";
    return rule + ".ports[" + std::to_string(port) + "].port";
}

void NamedPorts::check(const policy::Policy& policy, base::Direction direction,
                       const policy::Rule& rule) {
    const auto is_named = [](const policy::Port& port) { return !port.name.empty(); };
    if (!work_.budget.spend(1 + rule.ports.size())) return;
    if (std::none_of(rule.ports.begin(), rule.ports.end(), is_named)) return;
    if (!rule.any_peer && rule.peers.empty()) {
        // What the model leaves of a cluster policy's rule whose peers are addresses.
        const auto named = std::find_if(rule.ports.begin(), rule.ports.end(), is_named);
        add(work_.findings, work_.kind,
            {policy.path(), field_of(policy, rule_field(direction, rule), 0)},
            "the port called \"" + named->name +
                "\" never matches: such names are looked up in pods, and none of the rule's peers "
                "selects pods; use its number");
        return;
    }
    const Destinations pods = destinations(policy, direction, rule);
    if (!pods.any_live) return;
    struct Name {
        std::size_t place;  ///< of the first port
        bool known;
    };
    // Other dialects look a name up with every protocol.
    const bool by_protocol = policy.kind == "NetworkPolicy";
    std::map<std::pair<std::string, std::uint8_t>, Name> names;
    for (std::size_t i = 0; i < rule.ports.size(); ++i) {
        const policy::Port& port = rule.ports[i];
        if (!is_named(port)) continue;
        const std::uint8_t protocol = by_protocol ? port.protocol : std::uint8_t{0};
        Name& name = names.try_emplace({port.name, protocol}, Name{i, false}).first->second;
        name.known = name.known || is_known(pods, port);
    }
    for (const auto& [key, about] : names) {
        if (about.known) continue;
        const std::string whom =
            direction == base::Direction::Ingress ? "the policy selects" : "it sends to";
        add(work_.findings, work_.kind,
            {policy.path(), field_of(policy, rule_field(direction, rule), about.place)},
            "no pod that " + whom + " has a port called \"" + key.first +
                "\" with this protocol, so that it matches nothing; name the container port so, "
                "or use its number");
    }
}

void NamedPorts::check(const policy::Policy& policy) {
    for (const base::Direction direction : kBothDirections) {
        for (const policy::Rule& rule : rules_of(policy, direction)) {
            if (!rule.failed_closed) check(policy, direction, rule);
        }
    }
}

}  // namespace

void check_named_ports(const Work& work) {
    NamedPorts ports(work);
    each_policy(work, [&](std::uint32_t i) { ports.check(work.scene.policies()[i]); });
}

}  // namespace tierwall::lint
