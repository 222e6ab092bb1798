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
          ports_(index_.rules()[question.rule].ports),
          any_(those(index_.with_any_peer())) {}

    RuleNumbers run();

private:
    using Uses = std::vector<const BlockUse*>;

    bool counts(RuleNumber number) const {
        return number < question_.end && question_.counts(number);
    }
    RuleNumbers those(const RuleNumbers& numbers);
    void take(const RuleNumbers& numbers, RuleNumbers& around);
    /// Do the rules leave none of the ports?
    bool settle(RuleNumbers around);
    bool settle_together(const RuleNumbers& around);

    bool covers(const policy::Peer& peer);
    bool covers(const policy::PodSet& pods);
    bool covers(const policy::NodeSet& nodes);
    bool covers(const policy::NetworkSet& networks);
    bool covers_name(const std::string& name);
    bool covers_block(const Prefix& block, Uses uses);

    Uses uses_around(const Prefix& block);
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

RuleNumbers Cover::those(const RuleNumbers& numbers) {
    RuleNumbers out;
    take(numbers, out);
    return out;
}

void Cover::take(const RuleNumbers& numbers, RuleNumbers& around) {
    for (const RuleNumber number : numbers) {
        if (number >= question_.end || !budget_.spend()) return;
        if (question_.counts(number)) around.push_back(number);
    }
}

bool Cover::settle(RuleNumbers around) {
    sort_unique(around);
    if (!budget_.spend(1 + around.size())) return false;
    if (around == last_around_) return last_answer_;
    last_answer_ = settle_together(around);
    last_around_ = std::move(around);
    return last_answer_;
}

bool Cover::settle_together(const RuleNumbers& around) {
    RuleNumbers meeting;
    std::vector<const PortSet*> sets;
    std::size_t weight = 0;
    for (const RuleNumber number : around) {
        const PortSet& ports = index_.rules()[number].ports;
        if (!budget_.spend(2 * std::min(ports_.weight(), ports.weight()))) return false;
        if (ports_.inside(ports)) {
            used_.insert(number);
            return true;
        }
        if (!ports_.meets(ports)) continue;
        meeting.push_back(number);
        sets.push_back(&ports);
        weight += ports.weight();
    }
    if (meeting.size() < 2 || !budget_.spend(2 * weight + ports_.weight())) return false;
    if (!ports_.inside(PortSet::together(sets))) return false;
    used_.insert(meeting.begin(), meeting.end());
    return true;
}

bool Cover::covers(const policy::PodSet& pods) {
    const SetNumber own = *scene_.sets().find(pods);
    const Area& area = scene_.sets().area(own);
    if (area.empty()) return true;
    RuleNumbers around = any_;
    take(index_.with_all_used_addresses(), around);
    for (const SetNumber set : scene_.sets().around(own, budget_)) {
        const RuleNumbers& rules = index_.with_set(set);
        if (rules.empty()) continue;
        const Area& other = scene_.sets().area(set);
        if (set != own && (!budget_.spend(area.cost(other)) || !area.inside(other))) continue;
        take(rules, around);
    }
    if (settle(around)) return true;
    const RuleNumbers by_address = holding_addresses(own);
    around.insert(around.end(), by_address.begin(), by_address.end());
    return !by_address.empty() && settle(std::move(around));
}

bool Cover::covers(const policy::NodeSet& nodes) {
    const LabelSet labels(nodes.nodes);
    if (labels.empty()) return true;
    RuleNumbers around = any_;
    take(index_.with_all_addresses(), around);
    for (const RuleIndex::Nodes& other : index_.nodes()) {
        if (!budget_.spend(1 + labels.weight() + other.labels.weight())) return false;
        if (labels.inside(other.labels)) take(other.rules, around);
    }
    return settle(std::move(around));
}

bool Cover::covers_name(const std::string& name) {
    RuleNumbers around = any_;
    take(index_.with_all_addresses(), around);
    take(index_.with_name(name), around);
    for (std::size_t dot = name.find('.', 1); dot != std::string::npos;
         dot = name.find('.', dot + 1)) {
        if (!budget_.spend(1 + (name.size() - dot) / 16)) return false;
        take(index_.with_name("*" + name.substr(dot)), around);
    }
    return settle(std::move(around));
}

/// The rules' blocks that are larger than this one and hold it.
Cover::Uses Cover::uses_around(const Prefix& block) {
    Uses uses;
    for (const std::uint8_t length : index_.blocks().lengths(block.family, block.length)) {
        if (length == block.length || !budget_.spend(2)) break;
        for (const BlockUse& use : index_.blocks().of(widened(block, length))) {
            if (!budget_.spend()) return {};
            if (counts(use.rule)) uses.push_back(&use);
        }
    }
    return uses;
}

bool Cover::covers(const policy::NetworkSet& networks) {
    holes_ = &networks.except;
    return std::all_of(networks.cidrs.begin(), networks.cidrs.end(), [this](const Prefix& block) {
        return covers_block(block, uses_around(block));
    });
}

/// `uses`: what rules say of blocks around it. What no rule holds as a whole may be held in halves.
bool Cover::covers_block(const Prefix& block, Uses uses) {
    if (!budget_.spend(1 + holes_->size())) return false;
    if (holds_any(*holes_, block)) return true;
    for (const BlockUse& use : index_.blocks().of(block)) {
        if (!budget_.spend()) return false;
        if (counts(use.rule)) uses.push_back(&use);
    }
    RuleNumbers around = any_;
    Uses left;
    bool partly = false;
    for (const BlockUse* use : uses) {
        const std::vector<Prefix>& except = use->networks->except;
        if (!budget_.spend(1 + except.size() * (1 + holes_->size()))) return false;
        if (holds_any(except, block)) continue;
        left.push_back(use);
        const bool whole = std::all_of(except.begin(), except.end(), [&](const Prefix& each) {
            return !overlap(each, block) || holds_any(*holes_, each);
        });
        if (whole) around.push_back(use->rule);
        partly = partly || !whole;
    }
    if (settle(std::move(around))) return true;
    if (block.length == longest(block.family)) return false;
    if (!partly && !index_.blocks().any_inside(block)) return false;
    const auto [low, high] = halves(block);
    return covers_block(low, left) && covers_block(high, left);
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
    const bool covered = rule_.any_peer
                             ? settle(any_)
                             : std::all_of(rule_.peers.begin(), rule_.peers.end(),
                                           [this](const auto& peer) { return covers(peer); });
    if (!covered || budget_.is_spent()) return {};
    return {used_.begin(), used_.end()};
}

}  // namespace

RuleNumbers Coverage::of(const CoverageQuestion& question) const {
    return Cover({scene_, index_, budget_}, question).run();
}

}  // namespace tierwall::lint
