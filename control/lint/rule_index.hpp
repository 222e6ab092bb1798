// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RuleIndex: rules that may leave each other nothing, by what their peers name.
///
/// A rule can only be covered by rules that name the same thing or a wider one, and these are found
/// here by lookups, so that no rule is compared with all others.
///
/// Threads: one; immutable once made.
/// Memory:  about as much as the rules.
/// Cost:    making one: O(n log n) for n peers, blocks, names and ports.

#include "control/lint/block_uses.hpp"
#include "control/lint/label_set.hpp"
#include "control/lint/pod_sets.hpp"
#include "control/lint/port_set.hpp"
#include "control/lint/scene.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tierwall::lint {

using RuleNumbers = std::vector<RuleNumber>;

struct IndexedRule {
    std::uint32_t policy = 0;
    const policy::Rule* rule = nullptr;
    PortSet ports;
};

class RuleIndex {
public:
    /// Requires: ascending policies; their rules are numbered in this order, as written.
    RuleIndex(const Scene& scene, base::Direction direction, const PolicyNumbers& policies);

    const std::vector<IndexedRule>& rules() const { return rules_; }
    /// The numbers of a policy's rules: the first, and one after the last.
    std::pair<RuleNumber, RuleNumber> rules_of(std::uint32_t policy) const;

    // All lists are ascending, and without rules that failed closed.
    const RuleNumbers& with_any_peer() const { return any_; }
    /// Those that name every address of both families.
    const RuleNumbers& with_all_addresses() const { return all_; }
    /// Those that name every address of the families that pods have.
    const RuleNumbers& with_all_used_addresses() const { return all_used_; }
    const RuleNumbers& with_set(SetNumber set) const;
    const RuleNumbers& with_name(const std::string& name) const;
    const BlockUses& blocks() const { return blocks_; }
    struct Nodes {
        LabelSet labels;
        RuleNumbers rules;
    };
    const std::vector<Nodes>& nodes() const { return nodes_; }

private:
    void add(const Scene& scene, const policy::Rule& rule);
    void add_peer(const Scene& scene, const policy::Peer& peer, RuleNumber number);

    std::vector<IndexedRule> rules_;
    RuleNumbers any_;
    RuleNumbers all_;
    RuleNumbers all_used_;
    std::unordered_map<SetNumber, RuleNumbers> by_set_;
    std::unordered_map<std::string, RuleNumbers> by_name_;
    BlockUses blocks_;
    std::map<policy::NodeSet, std::size_t> node_sets_;
    std::vector<Nodes> nodes_;
};

}  // namespace tierwall::lint
