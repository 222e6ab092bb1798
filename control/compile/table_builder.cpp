// SPDX-License-Identifier: Apache-2.0
#include "control/compile/table_builder.hpp"

#include "control/compile/message_enum.hpp"
#include "control/compile/row_writer.hpp"
#include "proto/snapshot.pb.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace tierwall::compile {
namespace {

/// The other end of a rule: every class, or those of its terms.
struct Peers {
    bool any = false;
    std::vector<PeerTerm> terms;
    std::vector<std::uint32_t> classes;
};

/// One rule of one policy as this table needs it.
struct RuleDraft {
    const CompiledRule* rule = nullptr;
    Peers peers;
    /// Egress: destinations that have the rule's named ports, by the number it has with them.
    std::vector<std::pair<PortRange, Peers>> numbered;
    bool closed = false;  ///< denies everything, because what it should do does not fit
};
using PolicyDraft = std::vector<RuleDraft>;

class Builder {
public:
    explicit Builder(const TableInput& input)
        : input_(input), group_ids_(input.groups.in(input.table)) {}
    std::optional<BuiltTable> build();

private:
    bool isolating() const { return input_.side.tier == base::kTierNetworkPolicy; }
    bool egress() const { return input_.side.direction == base::Direction::Egress; }
    bool shared() const { return group_ids_.size() > 1; }
    bool is_written(const CompiledPolicy& policy, const CompiledRule& rule) const;
    std::uint32_t isolation_rule(const Group& group) const;
    void draft_policies();
    void draft_rule(const CompiledPolicy& policy, const CompiledRule& rule, PolicyDraft& out);
    RuleDraft drafted(const CompiledRule& rule);
    void draft_named_port(RuleDraft& draft, TermId named);
    template <typename Fn>
    void for_each_list(Fn&& fn);
    void classify_peers();
    std::vector<Part> parts_by_classes() const;
    std::uint32_t part_rule(const RuleDraft& draft) const;
    void write_rows();
    void write_group(const Group& group);
    bool full() const { return writer_.rows().size() > stop_; }
    void write_rule(const Group& group, const RuleDraft& draft);
    void write(Row row, const Peers& peers);
    std::vector<PortRange> subject_ports(const Group& group, const CompiledRule& rule) const;
    std::vector<Overrun> attempt();
    bool outgrown() const;
    BuiltTable built();
    std::string table_body() const;
    std::string membership_body() const;

    const TableInput& input_;
    std::vector<GroupId> group_ids_;
    std::map<std::uint32_t, PolicyDraft> drafts_;
    PeerLists lists_;
    std::set<TermId> watched_;
    Classes classes_;
    RowWriter writer_;
    std::vector<Part> parts_;  ///< of a group that is alone, or the last one written
    std::size_t stop_ = 0;     ///< with more rows than that it makes no sense to go on
    std::size_t rows_wanted_ = 0;
    std::vector<Overrun> overruns_;
    std::set<std::pair<std::uint32_t, std::uint32_t>> closed_;  ///< policies and rules of those
};

bool Builder::is_written(const CompiledPolicy& policy, const CompiledRule& rule) const {
    // An isolating tier denies what no rule allows; it has no other rows.
    if (isolating()) return rule.action == base::Action::Allow;
    return input_.side.view == View::Audit || !policy.withholds(rule);
}

/// Of the first policy that isolates; kNoRule: none does.
std::uint32_t Builder::isolation_rule(const Group& group) const {
    for (const std::uint32_t number : group.key->policies) {
        const CompiledPolicy& policy = input_.policies.at(number);
        const bool isolates = input_.side.view == View::Audit || !policy.policy->audit;
        if (isolates) return policy.isolation_rule[index_of(input_.side.direction)];
    }
    return base::kNoRule;
}

void Builder::draft_policies() {
    drafts_.clear();
    for (const GroupId id : group_ids_) {
        for (const std::uint32_t number : input_.groups.at(id).key->policies) {
            if (drafts_.contains(number)) continue;
            PolicyDraft& draft = drafts_[number];
            const CompiledPolicy& policy = input_.policies.at(number);
            for (const CompiledRule& rule : policy.rules[index_of(input_.side.direction)]) {
                if (is_written(policy, rule)) draft_rule(policy, rule, draft);
            }
        }
    }
}

/// A rule that does not fit lets nothing pass: what it allows it does not, what it denies or hands
/// on is denied with everything else.
void Builder::draft_rule(const CompiledPolicy& policy, const CompiledRule& rule, PolicyDraft& out) {
    if (!closed_.contains({policy.number, isolating() ? 0 : rule.number})) {
        out.push_back(drafted(rule));
        return;
    }
    const bool audited = policy.policy->audit && input_.side.view == View::Enforced;
    if (rule.action == base::Action::Allow || audited) return;
    RuleDraft draft{&rule, {}, {}, true};
    draft.peers.any = true;
    out.push_back(std::move(draft));
}

RuleDraft Builder::drafted(const CompiledRule& rule) {
    RuleDraft draft{&rule, {rule.any_peer, {}, {}}, {}, false};
    watched_.insert(rule.peers.begin(), rule.peers.end());
    const bool plain = rule.any_port || !rule.ranges.empty() || !egress();
    if (plain) {
        for (const TermId peer : rule.peers) draft.peers.terms.push_back({peer, resolve::kNoTerm});
    }
    if (egress()) {
        for (const TermId named : rule.named_ports) draft_named_port(draft, named);
    }
    return draft;
}

void Builder::draft_named_port(RuleDraft& draft, TermId named) {
    // Whether a member of a peer has the port cannot change while it is a member, so that watching
    // the peers is enough; any pod is a peer of this kind only by having the port.
    if (draft.rule->any_peer) watched_.insert(named);
    const resolve::Terms& terms = input_.resolver.terms();
    for (const TermId port : terms.numbered(std::get<resolve::NamedPort>(terms.at(named)))) {
        const auto& name = std::get<resolve::NamedPort>(terms.at(port));
        Peers peers;
        if (draft.rule->any_peer) peers.terms.push_back({resolve::kNoTerm, port});
        for (const TermId peer : draft.rule->peers) peers.terms.push_back({peer, port});
        draft.numbered.emplace_back(PortRange{name.protocol, name.number, name.number},
                                    std::move(peers));
    }
}

/// Calls fn(peers, name) for whatever is to be told apart.
template <typename Fn>
void Builder::for_each_list(Fn&& fn) {
    for (auto& [_, draft] : drafts_) {
        for (RuleDraft& rule : draft) {
            ListName name{rule.rule->number, 0};
            fn(rule.peers, name);
            for (auto& numbered : rule.numbered) {
                ++name.place;
                fn(numbered.second, name);
            }
        }
    }
}

void Builder::classify_peers() {
    lists_.clear();
    for_each_list([this](Peers& peers, const ListName& name) {
        std::sort(peers.terms.begin(), peers.terms.end());
        const auto end = std::unique(peers.terms.begin(), peers.terms.end());
        peers.terms.erase(end, peers.terms.end());
        if (peers.terms.empty()) return;
        const auto [list, fresh] = lists_.try_emplace(peers.terms, name);
        if (!fresh) list->second = std::min(list->second, name);
    });
    classes_ = classify(input_.resolver, lists_, input_.classes_before);
    for_each_list([this](Peers& peers, const ListName&) {
        if (peers.terms.empty()) return;
        const auto list = classes_.of_list.find(lists_.at(peers.terms));
        if (list != classes_.of_list.end()) peers.classes = list->second;
    });
}

std::uint32_t Builder::part_rule(const RuleDraft& draft) const {
    return isolating() ? 0 : draft.rule->number;
}

/// What each part adds to the classes, at most.
std::vector<Part> Builder::parts_by_classes() const {
    std::vector<Part> parts;
    for (const std::uint32_t number : input_.groups.at(group_ids_.front()).key->policies) {
        for (const RuleDraft& draft : drafts_.at(number)) {
            std::size_t count = draft.peers.classes.size();
            for (const auto& [_, peers] : draft.numbered) count += peers.classes.size();
            parts.push_back({number, part_rule(draft), count, draft.closed});
            if (!isolating() || parts.size() < 2) continue;
            Part& last = parts[parts.size() - 2];
            if (last.policy != number) continue;
            last.rows += count;
            parts.pop_back();
        }
    }
    return parts;
}

std::vector<PortRange> Builder::subject_ports(const Group& group, const CompiledRule& rule) const {
    std::vector<PortRange> ranges = rule.ranges;
    const resolve::Terms& terms = input_.resolver.terms();
    for (const TermId named : rule.named_ports) {
        const auto& wanted = std::get<resolve::NamedPort>(terms.at(named));
        for (const TermId own : group.key->ports) {
            const auto& port = std::get<resolve::NamedPort>(terms.at(own));
            if (port.name != wanted.name || port.protocol != wanted.protocol) continue;
            ranges.push_back({port.protocol, port.number, port.number});
        }
    }
    return merged(std::move(ranges));
}

void Builder::write(Row row, const Peers& peers) {
    if (peers.any) {
        row.peer_class = kAnyClass;
        writer_.add(row);
        return;
    }
    for (const std::uint32_t peer_class : peers.classes) {
        row.peer_class = peer_class;
        writer_.add(row);
        if (full()) return;
    }
}

void Builder::write_rule(const Group& group, const RuleDraft& draft) {
    Row row;
    row.group = group.number;
    row.action = draft.rule->action;
    row.rule = draft.rule->number;
    if (draft.closed) row.action = base::Action::Deny;
    if (draft.closed || draft.rule->any_port) {
        write(row, draft.peers);
        return;
    }
    const auto write_range = [&](const PortRange& range, const Peers& peers) {
        row.protocol = range.protocol;
        row.port_first = range.first;
        row.port_last = range.last;
        if (!full()) write(row, peers);
    };
    const auto ranges = egress() ? draft.rule->ranges : subject_ports(group, *draft.rule);
    for (const PortRange& range : ranges) write_range(range, draft.peers);
    for (const auto& [range, peers] : draft.numbered) write_range(range, peers);
}

void Builder::write_group(const Group& group) {
    // Of what is too much for any budget the exact size does not matter.
    constexpr std::size_t kFarTooMuch = 4;
    const std::size_t most =
        shared() ? input_.limits.rows_shared : input_.limits.rows * kFarTooMuch;
    parts_.clear();
    writer_.start_group();
    for (const std::uint32_t number : group.key->policies) {
        for (const RuleDraft& draft : drafts_.at(number)) {
            if (writer_.closed()) break;
            const bool same = isolating() && !parts_.empty() && parts_.back().policy == number;
            if (!same) parts_.push_back({number, part_rule(draft), 0, draft.closed});
            Part& part = parts_.back();
            if (part.rows > input_.limits.policy_rows) continue;
            const std::size_t before = writer_.rows().size();
            stop_ = std::min(most, before - part.rows + input_.limits.policy_rows);
            write_rule(group, draft);
            part.rows += writer_.rows().size() - before;
            if (writer_.rows().size() > most) return;
        }
    }
}

void Builder::write_rows() {
    writer_ = RowWriter();
    for (const GroupId id : group_ids_) {
        write_group(input_.groups.at(id));
        if (shared() && outgrown()) return;
    }
}

bool Builder::outgrown() const {
    return classes_.numbers.size() > input_.limits.classes ||
           writer_.rows().size() > input_.limits.rows_shared;
}

std::string Builder::table_body() const {
    v1::Table table;
    table.set_tier(tier_number(input_.side));
    table.set_direction(direction_of(input_.side.direction));
    table.set_number(input_.table);
    for (const GroupId id : group_ids_) {
        const Group& group = input_.groups.at(id);
        v1::Group* out = table.add_groups();
        out->set_number(group.number);
        for (const std::uint32_t policy : group.key->policies) out->add_policy(policy);
        out->set_isolation_rule(isolation_rule(group));
    }
    v1::Rows* rows = table.mutable_rows();
    for (const Row& row : writer_.rows()) {
        rows->add_group(row.group);
        rows->add_peer_class(row.peer_class);
        rows->add_protocol(row.protocol);
        rows->add_port_first(row.port_first);
        rows->add_port_last(row.port_last);
        rows->add_action(static_cast<std::uint32_t>(action_of(row.action)));
        rows->add_rule(row.rule);
    }
    return table.SerializeAsString();
}

std::string Builder::membership_body() const {
    v1::Membership membership;
    membership.set_tier(tier_number(input_.side));
    membership.set_direction(direction_of(input_.side.direction));
    membership.set_table(input_.table);
    std::vector<std::pair<IdentityNumber, std::uint32_t>> group_of;
    for (const GroupId id : group_ids_) {
        const std::uint32_t number = input_.groups.at(id).number;
        for (const IdentityNumber identity : input_.groups.members(id)) {
            group_of.emplace_back(identity, number);
        }
    }
    std::sort(group_of.begin(), group_of.end());
    for (const auto& [identity, group] : group_of) {
        membership.add_group_identity(identity);
        membership.add_group(group);
    }
    for (const auto& [identity, peer_class] : classes_.of_identity) {
        membership.add_class_identity(identity);
        membership.add_peer_class(peer_class);
    }
    return membership.SerializeAsString();
}

/// Drafts and writes; answers with what must fail closed before the next attempt.
std::vector<Overrun> Builder::attempt() {
    draft_policies();
    classify_peers();
    const TableLimits& limits = input_.limits;
    if (classes_.numbers.size() > limits.classes) {
        if (shared()) return {};
        return overruns(parts_by_classes(), {limits.classes, limits.classes, "classes of peers"});
    }
    write_rows();
    if (shared()) return {};
    rows_wanted_ = std::max(rows_wanted_, writer_.rows().size());
    return overruns(parts_, {limits.policy_rows, limits.rows, "rows"});
}

std::optional<BuiltTable> Builder::build() {
    for (auto gone = attempt(); !gone.empty(); gone = attempt()) {
        for (Overrun& overrun : gone) {
            closed_.emplace(overrun.policy, overrun.rule);
            overruns_.push_back(std::move(overrun));
        }
    }
    if (shared() && outgrown()) return std::nullopt;
    return built();
}

BuiltTable Builder::built() {
    BuiltTable built;
    built.table = table_body();
    built.membership = membership_body();
    built.classes = std::move(classes_.numbers);
    built.rows = writer_.rows().size();
    built.rows_wanted = std::max(rows_wanted_, built.rows);
    built.terms.assign(watched_.begin(), watched_.end());
    built.overruns = std::move(overruns_);
    return built;
}

}  // namespace

std::string text(const Side& side) {
    return std::string("tier ") + base::tier_name(side.tier) + " " + base::name(side.direction) +
           (side.view == View::Audit ? " with audited denials" : "");
}

std::uint16_t tier_number(const Side& side) {
    // Behind all that are enforced.
    constexpr std::uint16_t kFirstAudit = 4;
    static_assert(base::kTierBaseline < kFirstAudit);
    static_assert(kFirstAudit + base::kTierBaseline < base::kTiersMax);
    if (side.view == View::Enforced) return side.tier;
    return static_cast<std::uint16_t>(kFirstAudit + side.tier);
}

std::optional<BuiltTable> build_table(const TableInput& input) { return Builder(input).build(); }

}  // namespace tierwall::compile
