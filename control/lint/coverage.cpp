// SPDX-License-Identifier: Apache-2.0
#include "control/lint/coverage.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace tierwall::lint {
namespace {

using base::Prefix;

void sort_unique(RuleNumbers& numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

RuleNumbers in_both(const RuleNumbers& a, const RuleNumbers& b) {
    RuleNumbers out;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    return out;
}

RuleNumbers without(const RuleNumbers& a, const RuleNumbers& b) {
    RuleNumbers out;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    return out;
}

bool holds_any(const std::vector<Prefix>& blocks, const Prefix& inner) {
    return std::any_of(blocks.begin(), blocks.end(),
                       [&inner](const Prefix& each) { return each.contains(inner); });
}

bool overlaps_any(const std::vector<Prefix>& blocks, const Prefix& other) {
    return std::any_of(blocks.begin(), blocks.end(),
                       [&other](const Prefix& each) { return overlap(each, other); });
}

/// One question, peer by peer. All lists of rules are of those that count.
class Cover {
public:
    struct Sight {
        const Scene& scene;
        const RuleIndex& index;
        Budget& budget;
    };
    Cover(const Sight& sight, const CoverageQuestion& question)
        : scene_(sight.scene),
          index_(sight.index),
          budget_(sight.budget),
          question_(question),
          rule_(*index_.rules()[question.rule].rule),
          ports_(index_.rules()[question.rule].ports) {}

    RuleNumbers run();

private:
    /// What blocks around a block do for it, where none does all.
    struct Parts {
        std::vector<const BlockUse*> uses;
        RuleNumbers around;   ///< of those that hold all of it
        bool partly = false;  ///< some leave out part of it
    };

    bool counts(RuleNumber number) const {
        return number < question_.end && question_.counts(number);
    }
    /// Keeps those that count and share a port with the rule. True, and at once: one of them has
    /// all of its ports.
    bool take(const RuleNumbers& numbers, RuleNumbers& around);
    bool has_all_ports(RuleNumber number);
    /// Do they leave none of the ports, together?
    bool settle(RuleNumbers around);
    bool settle_together(const RuleNumbers& around);

    bool covers(const policy::Peer& peer);
    bool covers(const policy::PodSet& pods);
    bool covers(const policy::NodeSet& nodes);
    bool covers(const policy::NetworkSet& networks);
    bool covers_name(const std::string& name);
    bool consider(const BlockUse& use, const Prefix& block, Parts& parts);
    bool covers_block(const Prefix& block, Parts parts);
    bool covers_half(const Prefix& half, const Parts& parts);

    RuleNumbers holding_all_of(const Prefix& block);
    RuleNumbers holding_addresses(SetNumber set);
    bool narrow(const kube::Pod& pod, const RuleNumbers& sure, RuleNumbers& left, bool& first);

    const Scene& scene_;
    const RuleIndex& index_;
    Budget& budget_;
    const CoverageQuestion& question_;
    const policy::Rule& rule_;
    const PortSet& ports_;
    RuleNumbers any_;
    std::set<RuleNumber> used_;
    RuleNumbers last_around_;  ///< what settle() was asked last, and its answer
    bool last_answer_ = false;
    const std::vector<Prefix>* holes_ = nullptr;  ///< of the peer that is looked at
};

bool Cover::has_all_ports(RuleNumber number) {
    const PortSet& ports = index_.rules()[number].ports;
    if (!budget_.spend(std::min(ports_.weight(), ports.weight()))) return false;
    const bool has = ports_.inside(ports);
    if (has) used_.insert(number);
    return has;
}

bool Cover::take(const RuleNumbers& numbers, RuleNumbers& around) {
    for (const RuleNumber number : numbers) {
        if (number >= question_.end || !budget_.spend()) return false;
        if (!question_.counts(number)) continue;
        if (has_all_ports(number)) return true;
        if (ports_.meets(index_.rules()[number].ports)) around.push_back(number);
    }
    return false;
}

bool Cover::settle(RuleNumbers around) {
    sort_unique(around);
    if (around.size() < 2 || !budget_.spend(around.size())) return false;
    if (around == last_around_) return last_answer_;
    last_answer_ = settle_together(around);
    last_around_ = std::move(around);
    return last_answer_;
}

bool Cover::settle_together(const RuleNumbers& around) {
    std::vector<const PortSet*> sets;
    std::size_t weight = ports_.weight();
    for (const RuleNumber number : around) {
        sets.push_back(&index_.rules()[number].ports);
        weight += 2 * sets.back()->weight();
    }
    if (!budget_.spend(weight) || !ports_.inside(PortSet::together(sets))) return false;
    used_.insert(around.begin(), around.end());
    return true;
}

bool Cover::covers(const policy::PodSet& pods) {
    const SetNumber own = *scene_.sets().find(pods);
    const Area& area = scene_.sets().area(own);
    if (area.empty()) return true;
    RuleNumbers around = any_;
    if (take(index_.with_all_used_addresses(), around)) return true;
    for (const SetNumber set : scene_.sets().around(own, budget_)) {
        const RuleNumbers& rules = index_.with_set(set);
        if (rules.empty()) continue;
        const Area& other = scene_.sets().area(set);
        if (set != own && (!budget_.spend(area.cost(other)) || !area.inside(other))) continue;
        if (take(rules, around)) return true;
    }
    return settle(around) || take(holding_addresses(own), around) || settle(std::move(around));
}

bool Cover::covers(const policy::NodeSet& nodes) {
    const LabelSet labels(nodes.nodes);
    if (labels.empty()) return true;
    RuleNumbers around = any_;
    if (take(index_.with_all_addresses(), around)) return true;
    for (const RuleIndex::Nodes& other : index_.nodes()) {
        if (!budget_.spend(1 + labels.weight() + other.labels.weight())) return false;
        if (labels.inside(other.labels) && take(other.rules, around)) return true;
    }
    return settle(std::move(around));
}

bool Cover::covers_name(const std::string& name) {
    RuleNumbers around = any_;
    if (take(index_.with_all_addresses(), around)) return true;
    if (take(index_.with_name(name), around)) return true;
    for (std::size_t dot = name.find('.', 1); dot != std::string::npos;
         dot = name.find('.', dot + 1)) {
        if (!budget_.spend(1 + (name.size() - dot) / 16)) return false;
        if (take(index_.with_name("*" + name.substr(dot)), around)) return true;
    }
    return settle(std::move(around));
}

/// Does the rule hold the block alone? Else notes what it may do for it.
bool Cover::consider(const BlockUse& use, const Prefix& block, Parts& parts) {
    const std::vector<Prefix>& except = use.networks->except;
    if (!budget_.spend(1 + except.size() * (1 + holes_->size()))) return false;
    if (holds_any(except, block)) return false;
    const bool whole = std::all_of(except.begin(), except.end(), [&](const Prefix& each) {
        return !overlap(each, block) || holds_any(*holes_, each);
    });
    if (whole && has_all_ports(use.rule)) return true;
    if (!ports_.meets(index_.rules()[use.rule].ports)) return false;
    parts.uses.push_back(&use);
    if (whole) parts.around.push_back(use.rule);
    parts.partly = parts.partly || !whole;
    return false;
}

bool Cover::covers(const policy::NetworkSet& networks) {
    holes_ = &networks.except;
    return std::all_of(networks.cidrs.begin(), networks.cidrs.end(), [this](const Prefix& block) {
        Parts parts;
        for (const std::uint8_t length : index_.blocks().lengths(block.family, block.length)) {
            if (length == block.length) break;
            if (!budget_.spend(2)) return false;
            for (const BlockUse& use : index_.blocks().of(widened(block, length))) {
                if (!budget_.spend()) return false;
                if (counts(use.rule) && consider(use, block, parts)) return true;
            }
        }
        return covers_block(block, std::move(parts));
    });
}

/// `parts`: what rules that name larger blocks do for it. What no rule holds as a whole may be held
/// in halves.
bool Cover::covers_block(const Prefix& block, Parts parts) {
    if (!budget_.spend(2 + holes_->size())) return false;
    if (holds_any(*holes_, block)) return true;
    for (const BlockUse& use : index_.blocks().of(block)) {
        if (!budget_.spend()) return false;
        if (counts(use.rule) && consider(use, block, parts)) return true;
    }
    RuleNumbers around = any_;
    around.insert(around.end(), parts.around.begin(), parts.around.end());
    if (settle(std::move(around))) return true;
    if (block.length == longest(block.family)) return false;
    // Else its halves are held by the same rules as the whole.
    if (!parts.partly && !overlaps_any(*holes_, block) && !index_.blocks().any_inside(block)) {
        return false;
    }
    const auto [low, high] = halves(block);
    return covers_half(low, parts) && covers_half(high, parts);
}

bool Cover::covers_half(const Prefix& half, const Parts& parts) {
    Parts own;
    return std::any_of(parts.uses.begin(), parts.uses.end(),
                       [&](const BlockUse* use) { return consider(*use, half, own); }) ||
           covers_block(half, std::move(own));
}

/// Rules of which one peer holds the block and leaves out nothing of it.
RuleNumbers Cover::holding_all_of(const Prefix& block) {
    RuleNumbers rules;
    for (const std::uint8_t length : index_.blocks().lengths(block.family, block.length)) {
        if (!budget_.spend(2)) return {};
        for (const BlockUse& use : index_.blocks().of(widened(block, length))) {
            if (!budget_.spend(1 + use.networks->except.size())) return {};
            if (counts(use.rule) && !overlaps_any(use.networks->except, block)) {
                rules.push_back(use.rule);
            }
        }
    }
    sort_unique(rules);
    return rules;
}

/// False when no rule is left that might hold them all, but for those that surely do.
bool Cover::narrow(const kube::Pod& pod, const RuleNumbers& sure, RuleNumbers& left, bool& first) {
    for (const base::Address& address : pod.addresses) {
        const RuleNumbers rules = holding_all_of(base::host_prefix(address));
        left = first ? without(rules, sure) : in_both(left, rules);
        first = false;
        if (left.empty()) return false;
    }
    return true;
}

/// Rules whose blocks hold all addresses that pods of the set have.
RuleNumbers Cover::holding_addresses(SetNumber set) {
    if (index_.blocks().empty() || !scene_.is_complete()) return {};
    const AddressSpan& span = scene_.span_of(set);
    RuleNumbers sure;
    bool first = true;
    for (const auto& block : span) {
        if (!block) continue;
        const RuleNumbers rules = holding_all_of(*block);
        sure = first ? rules : in_both(sure, rules);
        first = false;
    }
    if (first) return {};  // no pods
    RuleNumbers left;
    first = true;
    for (const KindNumber kind : scene_.members(set)) {
        if (!scene_.pod_kinds()[kind].live) continue;
        for (const kube::Pod* pod : scene_.pod_kinds()[kind].pods) {
            if (!budget_.spend()) return {};
            if (!narrow(*pod, sure, left, first)) return sure;
        }
    }
    sure.insert(sure.end(), left.begin(), left.end());
    return sure;
}

bool Cover::covers(const policy::Peer& peer) {
    if (const auto* pods = std::get_if<policy::PodSet>(&peer)) return covers(*pods);
    if (const auto* nodes = std::get_if<policy::NodeSet>(&peer)) return covers(*nodes);
    if (const auto* networks = std::get_if<policy::NetworkSet>(&peer)) return covers(*networks);
    const auto& names = std::get<policy::NameSet>(peer).names;
    return std::all_of(names.begin(), names.end(),
                       [this](const std::string& name) { return covers_name(name); });
}

RuleNumbers Cover::run() {
    const bool covered =
        take(index_.with_any_peer(), any_) ||
        (rule_.any_peer ? settle(any_)
                        : std::all_of(rule_.peers.begin(), rule_.peers.end(),
                                      [this](const auto& peer) { return covers(peer); }));
    if (!covered || budget_.is_spent()) return {};
    return {used_.begin(), used_.end()};
}

}  // namespace

RuleNumbers Coverage::of(const CoverageQuestion& question) const {
    return Cover({scene_, index_, budget_}, question).run();
}

}  // namespace tierwall::lint
