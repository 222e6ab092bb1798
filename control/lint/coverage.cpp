// SPDX-License-Identifier: Apache-2.0
#include "control/lint/coverage.hpp"

#include "control/lint/traffic.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::lint {
namespace {

using base::Prefix;
using policy::NetworkSet;

bool overlap(const Prefix& a, const Prefix& b) { return a.contains(b) || b.contains(a); }

/// Is a block without holes of its own all in the set?
bool holds_block(const NetworkSet& outer, const Prefix& block, const std::vector<Prefix>& holes) {
    const bool around = std::any_of(outer.cidrs.begin(), outer.cidrs.end(),
                                    [&](const Prefix& each) { return each.contains(block); });
    return around &&
           std::all_of(outer.except.begin(), outer.except.end(), [&](const Prefix& except) {
               return !overlap(except, block) ||
                      std::any_of(holes.begin(), holes.end(),
                                  [&](const Prefix& hole) { return hole.contains(except); });
           });
}

bool holds_networks(const NetworkSet& outer, const NetworkSet& inner) {
    return std::all_of(inner.cidrs.begin(), inner.cidrs.end(), [&](const Prefix& block) {
        return holds_block(outer, block, inner.except);
    });
}

bool holds_name(const policy::NameSet& outer, const std::string& name) {
    return std::any_of(outer.names.begin(), outer.names.end(), [&name](const std::string& each) {
        if (!each.starts_with("*.")) return each == name;
        const std::string_view suffix = std::string_view(each).substr(1);
        return each == name || (name.ends_with(suffix) && name.size() > suffix.size());
    });
}

bool holds_family(const policy::Rule& rule, base::Family family) {
    return std::any_of(rule.peers.begin(), rule.peers.end(), [family](const policy::Peer& peer) {
        const auto* networks = std::get_if<NetworkSet>(&peer);
        return networks != nullptr && networks->except.empty() &&
               std::any_of(networks->cidrs.begin(), networks->cidrs.end(),
                           [&](const Prefix& block) {
                               return block.family == family && block.length == 0;
                           });
    });
}

/// One peer as parts that different rules may cover.
std::vector<policy::Peer> parts_of(const policy::Peer& peer) {
    std::vector<policy::Peer> parts;
    if (const auto* networks = std::get_if<NetworkSet>(&peer)) {
        for (const Prefix& block : networks->cidrs) {
            parts.emplace_back(NetworkSet{{block}, networks->except});
        }
    } else if (const auto* names = std::get_if<policy::NameSet>(&peer)) {
        for (const std::string& name : names->names) parts.emplace_back(policy::NameSet{{name}});
    } else {
        parts.push_back(peer);
    }
    return parts;
}

using Ranges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

bool holds_range(Ranges ranges, std::uint32_t first, std::uint32_t last) {
    std::sort(ranges.begin(), ranges.end());
    for (const auto& [low, high] : ranges) {
        if (low <= first && first <= high) first = high + 1;
    }
    return first > last;
}

bool same_name(const policy::Port& a, const policy::Port& b) {
    return !a.name.empty() && a.name == b.name && a.protocol == b.protocol;
}

/// What a named port stands for can be any number but 0.
bool holds_port(const std::vector<RulePlace>& rules, const policy::Port& port) {
    Ranges ranges;
    for (const RulePlace& each : rules) {
        if (each.rule->ports.empty()) return true;
        for (const policy::Port& own : each.rule->ports) {
            if (same_name(own, port)) return true;
            if (own.protocol == port.protocol && own.name.empty()) {
                ranges.emplace_back(own.first, own.last);
            }
        }
    }
    return port.name.empty() ? holds_range(std::move(ranges), port.first, port.last)
                             : holds_range(std::move(ranges), 1, 65535);
}

bool holds_every_protocol(const std::vector<RulePlace>& rules) {
    return std::any_of(rules.begin(), rules.end(),
                       [](const RulePlace& each) { return each.rule->ports.empty(); });
}

bool touches(const policy::Rule& earlier, const policy::Rule& rule) {
    if (earlier.ports.empty() || rule.ports.empty()) return true;
    return std::any_of(rule.ports.begin(), rule.ports.end(), [&](const policy::Port& port) {
        return std::any_of(earlier.ports.begin(), earlier.ports.end(),
                           [&](const policy::Port& own) {
                               if (own.protocol != port.protocol) return false;
                               if (!own.name.empty() || !port.name.empty()) return true;
                               return own.first <= port.last && port.first <= own.last;
                           });
    });
}

}  // namespace

bool Coverage::networks_hold_pods(const policy::Rule& earlier, const policy::PodSet& pods) const {
    std::vector<NetworkSet> networks;
    for (const policy::Peer& peer : earlier.peers) {
        if (const auto* set = std::get_if<NetworkSet>(&peer)) networks.push_back(*set);
    }
    if (networks.empty()) return false;
    const auto families = {base::Family::IPv4, base::Family::IPv6};
    if (std::all_of(families.begin(), families.end(), [&](base::Family family) {
            return !scene_.uses(family) || holds_family(earlier, family);
        })) {
        return true;
    }
    const std::vector<KindNumber> members = scene_.live_members(pods);
    const auto in_networks = [&networks](const base::Address& address) {
        return std::any_of(networks.begin(), networks.end(),
                           [&](const NetworkSet& each) { return is_in(each, address); });
    };
    return !members.empty() && std::all_of(members.begin(), members.end(), [&](KindNumber kind) {
        const auto& alike = scene_.pod_kinds()[kind].pods;
        return std::all_of(alike.begin(), alike.end(), [&](const kube::Pod* pod) {
            return std::all_of(pod->addresses.begin(), pod->addresses.end(), in_networks);
        });
    });
}

bool Coverage::holds(const policy::Peer& outer, const policy::Peer& inner) const {
    if (outer.index() != inner.index()) return false;
    if (const auto* pods = std::get_if<policy::PodSet>(&inner)) {
        const auto& known = scene_.known_namespaces();
        return Area(*pods, known).inside(Area(std::get<policy::PodSet>(outer), known));
    }
    if (const auto* nodes = std::get_if<policy::NodeSet>(&inner)) {
        return LabelSet(nodes->nodes).inside(LabelSet(std::get<policy::NodeSet>(outer).nodes));
    }
    if (const auto* networks = std::get_if<NetworkSet>(&inner)) {
        return holds_networks(std::get<NetworkSet>(outer), *networks);
    }
    const auto& names = std::get<policy::NameSet>(inner).names;
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        return holds_name(std::get<policy::NameSet>(outer), name);
    });
}

bool Coverage::holds(const policy::Rule& earlier, const policy::Peer& peer) const {
    if (earlier.any_peer) return true;
    if (std::any_of(earlier.peers.begin(), earlier.peers.end(),
                    [&](const policy::Peer& each) { return holds(each, peer); })) {
        return true;
    }
    if (const auto* pods = std::get_if<policy::PodSet>(&peer)) {
        return networks_hold_pods(earlier, *pods);
    }
    // Nodes and domain names may have addresses of either family.
    return !std::holds_alternative<NetworkSet>(peer) && holds_family(earlier, base::Family::IPv4) &&
           holds_family(earlier, base::Family::IPv6);
}

bool Coverage::is_nothing(const policy::Peer& peer) const {
    if (const auto* pods = std::get_if<policy::PodSet>(&peer)) {
        return Area(*pods, scene_.known_namespaces()).empty();
    }
    const auto* nodes = std::get_if<policy::NodeSet>(&peer);
    return nodes != nullptr && LabelSet(nodes->nodes).empty();
}

std::vector<RulePlace> Coverage::of(const policy::Rule& rule,
                                    const std::vector<RulePlace>& earlier) const {
    std::vector<RulePlace> used;
    const auto cover = [&](const std::vector<RulePlace>& rules) {
        const bool covered =
            rule.ports.empty()
                ? holds_every_protocol(rules)
                : std::all_of(rule.ports.begin(), rule.ports.end(),
                              [&](const policy::Port& port) { return holds_port(rules, port); });
        if (covered) used.insert(used.end(), rules.begin(), rules.end());
        return covered;
    };
    std::vector<RulePlace> near;
    for (const RulePlace& each : earlier) {
        if (touches(*each.rule, rule)) near.push_back(each);
    }
    if (rule.any_peer) {
        std::erase_if(near, [](const RulePlace& each) { return !each.rule->any_peer; });
        return cover(near) ? used : std::vector<RulePlace>{};
    }
    for (const policy::Peer& peer : rule.peers) {
        for (const policy::Peer& part : parts_of(peer)) {
            if (is_nothing(part)) continue;
            std::vector<RulePlace> around;
            std::copy_if(near.begin(), near.end(), std::back_inserter(around),
                         [&](const RulePlace& each) { return holds(*each.rule, part); });
            if (!cover(around)) return {};
        }
    }
    return used;
}

}  // namespace tierwall::lint
