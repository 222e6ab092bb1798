// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RuleView: a rule's ports and peers, by kind, so that two rules can be compared.
///
/// Threads: one; immutable once made.
/// Memory:  about as much as the rule.
/// Cost:    making one: O(n log n); a question: one lookup a length of blocks.

#include "control/lint/block_uses.hpp"
#include "control/lint/budget.hpp"
#include "control/lint/port_set.hpp"

#include <vector>

namespace tierwall::lint {

class RuleView {
public:
    explicit RuleView(const policy::Rule& rule);

    const PortSet& ports() const { return ports_; }
    const std::vector<const policy::PodSet*>& pods() const { return pods_; }
    const std::vector<const policy::NodeSet*>& nodes() const { return nodes_; }
    const std::vector<const policy::NameSet*>& names() const { return names_; }
    bool has_networks() const { return !blocks_.empty(); }
    const BlockUses& blocks() const { return blocks_; }
    /// Where a network may begin or go on: its blocks' first addresses, and those after holes. Not
    /// all are in it.
    const std::vector<base::Address>& addresses() const { return addresses_; }
    /// Is one of its names for this one? False, too, when the budget is spent.
    bool has_name_for(const std::string& domain, Budget& budget) const;
    /// Is the address in one of its networks? False, too, when the budget is spent.
    bool holds(const base::Address& address, Budget& budget) const;

private:
    PortSet ports_;
    std::vector<const policy::PodSet*> pods_;
    std::vector<const policy::NodeSet*> nodes_;
    std::vector<const policy::NameSet*> names_;
    BlockUses blocks_;
    std::vector<base::Address> addresses_;
};

}  // namespace tierwall::lint
