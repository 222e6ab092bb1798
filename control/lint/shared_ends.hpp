// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SharedEnds: peers that two rules both match: pods and nodes given, addresses of others.
///
/// Where no pods (or nodes) are given, those that the selectors describe; an address of a
/// domain name is any that it may come to have. Not all there are: a check that looks
/// for an example needs a few of each sort. What two peers share is said once: whoever asks about
/// many rules has it from the first of them.
///
/// Threads: one.
/// Memory:  the ends'.
/// Cost:    O(peers * peers), of addresses one lookup each; each is a step of the budget.

#include "control/lint/budget.hpp"
#include "control/lint/rule_view.hpp"
#include "control/lint/scene.hpp"
#include "control/lint/traffic.hpp"

#include <memory>
#include <set>
#include <tuple>
#include <vector>

namespace tierwall::lint {

using EndPointer = std::shared_ptr<const End>;
using Ends = std::vector<EndPointer>;

End end_of(const kube::Pod& pod, const base::Address& address, const kube::Labels& space);
End end_of(const Area::Example& example);

class SharedEnds {
public:
    SharedEnds(const Scene& scene, Budget& budget) : scene_(scene), budget_(budget) {}

    Ends of(const RuleView& a, const RuleView& b);
    /// Says everything again.
    void forget() { seen_.clear(); }

private:
    using Kinds = std::vector<KindNumber>;

    void add(End end, Ends& ends) const;
    bool is_enough(const Ends& ends) const;
    void add_pods(const policy::PodSet& a, const policy::PodSet& b, Ends& ends);
    void add_pods(const policy::PodSet& pods, const RuleView& networks, Ends& ends);
    void add_pods_by_address(SetNumber set, const RuleView& networks, Ends& ends) const;
    void add_made_up_pods(const Area& area, const RuleView& networks, Ends& ends) const;
    void add_addresses(const kube::Pod& pod, const RuleView* networks, Ends& ends) const;
    bool add_kind(KindNumber number, const RuleView* networks, Ends& ends) const;
    void add_nodes(const policy::NodeSet& nodes, const RuleView& other, Ends& ends) const;
    void add_made_up_nodes(const policy::NodeSet& nodes, const RuleView& other, Ends& ends) const;
    void add_node(const kube::Labels& labels, const base::Address& address, Ends& ends) const;
    void add_domains(const RuleView& names, const RuleView& other, Ends& ends) const;
    void add_externals(const RuleView& a, const RuleView& b, Ends& ends) const;

    const Scene& scene_;
    Budget& budget_;
    /// Two sets of pods, or one and the rule whose networks were held against it.
    std::set<std::tuple<SetNumber, SetNumber, const RuleView*>> seen_;
};

}  // namespace tierwall::lint
