// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace tierwall::lint {
namespace {

using Numbers = std::vector<KindNumber>;

bool has_port(const PodKind& kind, const policy::Port& port) {
    return std::any_of(kind.traits.ports.begin(), kind.traits.ports.end(), [&](const auto& own) {
        return own.name == port.name && own.protocol == port.protocol;
    });
}

class NamedPorts {
public:
    NamedPorts(const Scene& scene, Findings& findings) : scene_(scene), findings_(findings) {
        for (KindNumber i = 0; i < scene.pod_kinds().size(); ++i) {
            if (!scene.pod_kinds()[i].live) continue;
            live_.push_back(i);
            for (const auto& port : scene.pod_kinds()[i].traits.ports) {
                having_[{port.name, port.protocol}].push_back(i);
            }
        }
    }
    void check(const policy::Policy& policy);

private:
    /// The pods whose ports a rule is about; sorted.
    Numbers destinations(const policy::Policy& policy, base::Direction direction,
                         const policy::Rule& rule) const;
    bool is_known(const Numbers& pods, const policy::Port& port) const;
    void check(const policy::Policy& policy, base::Direction direction, const policy::Rule& rule);
    std::string field(const policy::Policy& policy, base::Direction direction,
                      const policy::Rule& rule, const std::string& name) const;

    const Scene& scene_;
    Findings& findings_;
    Numbers live_;
    std::map<std::pair<std::string, std::uint8_t>, Numbers> having_;
};

Numbers NamedPorts::destinations(const policy::Policy& policy, base::Direction direction,
                                 const policy::Rule& rule) const {
    if (direction == base::Direction::Ingress) return scene_.live_members(policy.subject);
    const bool just_pods = std::all_of(
        rule.peers.begin(), rule.peers.end(),
        [](const policy::Peer& peer) { return std::holds_alternative<policy::PodSet>(peer); });
    if (rule.any_peer || !just_pods) return live_;
    std::set<KindNumber> pods;
    for (const policy::Peer& peer : rule.peers) {
        const Numbers members = scene_.live_members(std::get<policy::PodSet>(peer));
        pods.insert(members.begin(), members.end());
    }
    return {pods.begin(), pods.end()};
}

bool NamedPorts::is_known(const Numbers& pods, const policy::Port& port) const {
    const auto having = having_.find({port.name, port.protocol});
    if (having == having_.end()) return false;
    if (pods.size() == live_.size()) return true;
    return std::any_of(pods.begin(), pods.end(), [&](KindNumber number) {
        return has_port(scene_.pod_kinds()[number], port);
    });
}

/// Only NetworkPolicies have their ports in the model as they were written.
std::string NamedPorts::field(const policy::Policy& policy, base::Direction direction,
                              const policy::Rule& rule, const std::string& name) const {
    const std::string place = rule_field(direction, rule);
    if (policy.kind == "ClusterNetworkPolicy") return place + ".protocols";
    if (policy.kind != "NetworkPolicy") return place + ".ports";
    const auto port = std::find_if(rule.ports.begin(), rule.ports.end(),
                                   [&name](const policy::Port& each) { return each.name == name; });
    return place + ".ports[" + std::to_string(port - rule.ports.begin()) + "].port";
}

void NamedPorts::check(const policy::Policy& policy, base::Direction direction,
                       const policy::Rule& rule) {
    const auto is_named = [](const policy::Port& port) { return !port.name.empty(); };
    if (std::none_of(rule.ports.begin(), rule.ports.end(), is_named)) return;
    const Numbers pods = destinations(policy, direction, rule);
    if (pods.empty()) return;
    // Some dialects look a name up with every protocol.
    std::map<std::string, bool> known;
    for (const policy::Port& port : rule.ports) {
        if (!is_named(port)) continue;
        bool& is = known[port.name];
        is = is || is_known(pods, port);
    }
    for (const auto& [name, is] : known) {
        if (is) continue;
        const std::string whom =
            direction == base::Direction::Ingress ? "the policy selects" : "it sends to";
        add(findings_, "named-port-unknown", {policy.path(), field(policy, direction, rule, name)},
            "no pod that " + whom + " has a port called \"" + name +
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

void check_named_ports(const Scene& scene, Findings& findings) {
    NamedPorts ports(scene, findings);
    for (const policy::Policy& policy : scene.policies()) ports.check(policy);
}

}  // namespace tierwall::lint
