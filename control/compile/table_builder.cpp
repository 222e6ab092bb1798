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
};
using PolicyDraft = std::vector<RuleDraft>;

class Builder {
public:
    explicit Builder(const TableInput& input)
        : input_(input), group_ids_(input.groups.in(input.table)) {}
    base::Result<BuiltTable> build();

private:
    bool isolating() const { return input_.side.tier == base::kTierNetworkPolicy; }
    bool egress() const { return input_.side.direction == base::Direction::Egress; }
    bool is_written(const CompiledPolicy& policy, const CompiledRule& rule) const;
    std::uint32_t isolation_rule(const Group& group) const;
    void draft_policies();
    RuleDraft drafted(const CompiledRule& rule);
    void draft_named_port(RuleDraft& draft, TermId named);
    base::Status classify_peers();
    void take_classes(Peers& peers) const;
    base::Status write_rows();
    void write_rule(const Group& group, const RuleDraft& draft);
    void write(Row row, const Peers& peers);
    std::vector<PortRange> subject_ports(const Group& group, const CompiledRule& rule) const;
    std::string table_body() const;
    std::string membership_body() const;

    const TableInput& input_;
    std::vector<GroupId> group_ids_;
    std::map<std::uint32_t, PolicyDraft> drafts_;
    std::vector<PeerTerm> terms_;
    std::set<TermId> watched_;
    Classes classes_;
    RowWriter writer_;
};

bool Builder::is_written(const CompiledPolicy& policy, const CompiledRule& rule) const {
    // An isolating tier denies what no rule allows; it has no other rows.
    if (isolating()) return rule.action == base::Action::Allow;
    return input_.side.view == View::Audit || !policy.withholds(rule);
}

/// Of the first policy that isolates.
std::uint32_t Builder::isolation_rule(const Group& group) const {
    for (const std::uint32_t number : group.key->policies) {
        const CompiledPolicy& policy = input_.policies.at(number);
        const bool isolates = input_.side.view == View::Audit || !policy.policy->audit;
        if (isolates) return policy.isolation_rule[index_of(input_.side.direction)];
    }
    return 0;
}

void Builder::draft_policies() {
    for (const GroupId id : group_ids_) {
        for (const std::uint32_t number : input_.groups.at(id).key->policies) {
            if (drafts_.contains(number)) continue;
            PolicyDraft& draft = drafts_[number];
            const CompiledPolicy& policy = input_.policies.at(number);
            for (const CompiledRule& rule : policy.rules[index_of(input_.side.direction)]) {
                if (is_written(policy, rule)) draft.push_back(drafted(rule));
            }
        }
    }
    for (const auto& [_, draft] : drafts_) {
        for (const RuleDraft& rule : draft) {
            terms_.insert(terms_.end(), rule.peers.terms.begin(), rule.peers.terms.end());
            for (const auto& [range, peers] : rule.numbered) {
                terms_.insert(terms_.end(), peers.terms.begin(), peers.terms.end());
            }
        }
    }
    std::sort(terms_.begin(), terms_.end());
    terms_.erase(std::unique(terms_.begin(), terms_.end()), terms_.end());
}

RuleDraft Builder::drafted(const CompiledRule& rule) {
    RuleDraft draft{&rule, {rule.any_peer, {}, {}}, {}};
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

void Builder::take_classes(Peers& peers) const {
    for (const PeerTerm& term : peers.terms) {
        const auto at = std::lower_bound(terms_.begin(), terms_.end(), term);
        const auto& list = classes_.of_term[static_cast<std::size_t>(at - terms_.begin())];
        peers.classes.insert(peers.classes.end(), list.begin(), list.end());
    }
    std::sort(peers.classes.begin(), peers.classes.end());
    const auto end = std::unique(peers.classes.begin(), peers.classes.end());
    peers.classes.erase(end, peers.classes.end());
}

base::Status Builder::classify_peers() {
    classes_ = classify(input_.resolver, terms_, input_.classes_before);
    if (classes_.numbers.size() > input_.classes_max) {
        return base::Error{base::Errc::Limit, text(input_.side),
                           "table " + std::to_string(input_.table) + " needs " +
                               std::to_string(classes_.numbers.size()) +
                               " classes of peers, more than " +
                               std::to_string(input_.classes_max)};
    }
    for (auto& [_, draft] : drafts_) {
        for (RuleDraft& rule : draft) {
            take_classes(rule.peers);
            for (auto& [range, peers] : rule.numbered) take_classes(peers);
        }
    }
    return base::Done{};
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
        if (writer_.rows().size() > input_.rows_max) return;
    }
}

void Builder::write_rule(const Group& group, const RuleDraft& draft) {
    Row row;
    row.group = group.number;
    row.action = draft.rule->action;
    row.rule = draft.rule->number;
    if (draft.rule->any_port) {
        write(row, draft.peers);
        return;
    }
    const auto write_range = [&](const PortRange& range, const Peers& peers) {
        row.protocol = range.protocol;
        row.port_first = range.first;
        row.port_last = range.last;
        write(row, peers);
    };
    const auto ranges = egress() ? draft.rule->ranges : subject_ports(group, *draft.rule);
    for (const PortRange& range : ranges) write_range(range, draft.peers);
    for (const auto& [range, peers] : draft.numbered) write_range(range, peers);
}

base::Status Builder::write_rows() {
    for (const GroupId id : group_ids_) {
        const Group& group = input_.groups.at(id);
        writer_.start_group();
        for (const std::uint32_t number : group.key->policies) {
            for (const RuleDraft& draft : drafts_.at(number)) {
                if (writer_.closed()) break;
                write_rule(group, draft);
                if (writer_.rows().size() > input_.rows_max) {
                    return base::Error{base::Errc::Limit, input_.policies.at(number).policy->path(),
                                       text(input_.side) + " needs more than " +
                                           std::to_string(input_.rows_max) + " rows in one table"};
                }
            }
        }
    }
    return base::Done{};
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

base::Result<BuiltTable> Builder::build() {
    draft_policies();
    TW_TRY(classified, classify_peers());
    TW_TRY(written, write_rows());
    BuiltTable built;
    built.table = table_body();
    built.membership = membership_body();
    built.classes = std::move(classes_.numbers);
    built.rows = writer_.rows().size();
    built.terms.assign(watched_.begin(), watched_.end());
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

base::Result<BuiltTable> build_table(const TableInput& input) { return Builder(input).build(); }

}  // namespace tierwall::compile
