// SPDX-License-Identifier: Apache-2.0
#include "control/lint/rule_index.hpp"

#include <algorithm>
#include <array>

namespace tierwall::lint {
namespace {

const RuleNumbers kNoRules;

void note(RuleNumbers& numbers, RuleNumber number) {
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
}

/// Of which families does the rule name every address?
std::array<bool, 2> whole_families(const policy::Rule& rule) {
    std::array<bool, 2> whole{false, false};
    for (const policy::Peer& peer : rule.peers) {
        const auto* networks = std::get_if<policy::NetworkSet>(&peer);
        if (networks == nullptr || !networks->except.empty()) continue;
        for (const base::Prefix& block : networks->cidrs) {
            if (block.length == 0) whole[static_cast<std::size_t>(block.family)] = true;
        }
    }
    return whole;
}

}  // namespace

RuleIndex::RuleIndex(const Scene& scene, base::Direction direction, const PolicyNumbers& policies) {
    for (const std::uint32_t number : policies) {
        const policy::Policy& policy = scene.policies()[number];
        for (const policy::Rule& rule : lint::rules_of(policy, direction)) {
            rules_.push_back({number, &rule, PortSet(rule.ports)});
            if (!rule.failed_closed) add(scene, rule);
        }
    }
    blocks_.seal();
}

void RuleIndex::add(const Scene& scene, const policy::Rule& rule) {
    const auto number = static_cast<RuleNumber>(rules_.size() - 1);
    if (rule.any_peer) {
        any_.push_back(number);
        return;
    }
    for (const policy::Peer& peer : rule.peers) add_peer(scene, peer, number);
    const auto [v4, v6] = whole_families(rule);
    if (v4 && v6) all_.push_back(number);
    const bool all_used = (v4 || !scene.uses(base::Family::IPv4)) &&
                          (v6 || !scene.uses(base::Family::IPv6)) && (v4 || v6);
    if (all_used) all_used_.push_back(number);
}

void RuleIndex::add_peer(const Scene& scene, const policy::Peer& peer, RuleNumber number) {
    if (const auto* pods = std::get_if<policy::PodSet>(&peer)) {
        note(by_set_[*scene.sets().find(*pods)], number);
    } else if (const auto* networks = std::get_if<policy::NetworkSet>(&peer)) {
        blocks_.add(*networks, number);
    } else if (const auto* nodes = std::get_if<policy::NodeSet>(&peer)) {
        const auto [entry, added] = node_sets_.try_emplace(*nodes, nodes_.size());
        if (added) nodes_.push_back({LabelSet(nodes->nodes), {}});
        note(nodes_[entry->second].rules, number);
    } else {
        for (const std::string& name : std::get<policy::NameSet>(peer).names) {
            note(by_name_[name], number);
        }
    }
}

std::pair<RuleNumber, RuleNumber> RuleIndex::rules_of(std::uint32_t policy) const {
    const auto less = [](const IndexedRule& each, std::uint32_t own) { return each.policy < own; };
    const auto first = std::lower_bound(rules_.begin(), rules_.end(), policy, less);
    const auto end = std::lower_bound(first, rules_.end(), policy + 1, less);
    return {static_cast<RuleNumber>(first - rules_.begin()),
            static_cast<RuleNumber>(end - rules_.begin())};
}

const RuleNumbers& RuleIndex::with_set(SetNumber set) const {
    const auto entry = by_set_.find(set);
    return entry == by_set_.end() ? kNoRules : entry->second;
}

const RuleNumbers& RuleIndex::with_name(const std::string& name) const {
    const auto entry = by_name_.find(name);
    return entry == by_name_.end() ? kNoRules : entry->second;
}

}  // namespace tierwall::lint
