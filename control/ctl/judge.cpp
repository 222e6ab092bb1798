// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/judge.hpp"

#include "control/resolve/hash.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace tierwall::ctl {

namespace {

std::size_t index_of(base::Direction direction) { return static_cast<std::size_t>(direction); }

std::vector<std::uint16_t> class_map(const agent::MembershipFacts& membership) {
    std::vector<std::uint16_t> out;
    if (!membership.classes.empty()) out.resize(membership.classes.back().first + 1u);
    for (const auto& [identity, number] : membership.classes) out[identity] = number;
    return out;
}

/// The same decision for ports that follow each other is one.
void append(Spans& spans, const PortSpan& span, const base::Decision& decision) {
    if (!spans.empty()) {
        Decided& last = spans.back();
        if (last.span.slot == span.slot && last.decision == decision) {
            last.span.last = span.last;
            return;
        }
    }
    spans.push_back({span, decision});
}

}  // namespace

base::Result<agent::Model> model_of(const proto::ResourceSet& resources) {
    agent::Model model;
    std::vector<base::Error> list;
    agent::Problems problems(list, 1);
    agent::Edit edit(model);
    edit.apply(resources.since(proto::ResourceSet{}), problems);
    if (problems.none()) edit.check(problems);
    if (!problems.none()) return list.front();
    return model;
}

std::set<std::uint8_t> protocols_in(const agent::Model& model) {
    std::set<std::uint8_t> named;
    for (const auto& [key, table] : model.tables) {
        for (const tier::Row& row : table->rows) {
            if (!row.any_protocol) named.insert(row.protocol);
        }
    }
    return named;
}

Judge::Judge(const agent::Model& model, const Protocols& protocols, Decide decide)
    : protocols_(protocols), decide_(std::move(decide)) {
    std::map<std::uint32_t, std::size_t> tier_index;
    for (const auto& [number, tier] : model.tiers) tier_index.emplace(number, tier_index.size());
    tiers_.resize(tier_index.size());
    assert(tiers_.size() <= base::kTiersMax);
    for (const auto& [key, facts] : model.tables) {
        Side& side = tiers_[tier_index.at(key.tier)][index_of(key.direction)];
        Table& table = side.tables[key.number];
        table.facts = facts.get();
        for (std::uint32_t i = 0; i < facts->rows.size(); ++i) {
            table.rows_of[facts->rows[i].group].push_back(i);
        }
        const auto members = model.memberships.find(key);
        if (members == model.memberships.end()) continue;
        table.class_of = class_map(*members->second);
        for (const auto& [identity, group] : members->second->groups) {
            if (side.group_of.size() <= identity) side.group_of.resize(identity + 1u);
            side.group_of[identity] = key.number << 16 | group;
        }
    }
    Spans& silent = answers_.emplace_back();
    for (const PortSpan& span : everything(protocols_)) {
        silent.push_back({span, {base::Action::Allow, 0, base::kTierNotSubject, base::kNoRule}});
    }
}

std::size_t Judge::KeyHash::operator()(const Key& key) const noexcept {
    return resolve::RangeHash{}(key);
}

Judge::Place Judge::place(std::size_t tier, base::Direction direction, const Ends& ends) const {
    const Side& side = tiers_[tier][index_of(direction)];
    if (ends.subject >= side.group_of.size()) return {};
    const std::uint32_t entry = side.group_of[ends.subject];
    if (entry == 0) return {};
    const auto found = side.tables.find(entry >> 16);
    if (found == side.tables.end()) return {};
    const auto& classes = found->second.class_of;
    return {&found->second, static_cast<std::uint16_t>(entry),
            ends.peer < classes.size() ? classes[ends.peer] : std::uint16_t{0}};
}

Judge::AnswerId Judge::ask(base::Direction direction, const Ends& ends) {
    Key key{};
    key[0] = static_cast<std::uint32_t>(direction) * 2 + (ends.own_node ? 1 : 0);
    for (std::size_t tier = 0; tier < tiers_.size(); ++tier) {
        const Place where = place(tier, direction, ends);
        if (where.table == nullptr) continue;
        key[1 + 2 * tier] = where.table->facts->key.number << 16 | where.group;
        key[2 + 2 * tier] = where.peer_class;
    }
    const auto [entry, fresh] = known_.try_emplace(key, static_cast<AnswerId>(answers_.size()));
    if (fresh) answers_.push_back(find_out(direction, ends));
    return entry->second;
}

std::vector<std::uint16_t> Judge::boundaries(base::Direction direction, const Ends& ends,
                                             std::size_t slot) const {
    std::vector<std::uint16_t> starts{0};
    if (!protocols_.has_ports(slot)) return starts;
    for (std::size_t tier = 0; tier < tiers_.size(); ++tier) {
        const Place where = place(tier, direction, ends);
        if (where.table == nullptr) continue;
        const auto rows = where.table->rows_of.find(where.group);
        if (rows == where.table->rows_of.end()) continue;
        for (const std::uint32_t index : rows->second) {
            const tier::Row& row = where.table->facts->rows[index];
            if (row.any_protocol || row.protocol != protocols_.number(slot)) continue;
            if (!row.any_class && row.peer_class != where.peer_class) continue;
            starts.push_back(row.port_first);
            if (row.port_last != 65535) {
                starts.push_back(static_cast<std::uint16_t>(row.port_last + 1));
            }
        }
    }
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    return starts;
}

Spans Judge::find_out(base::Direction direction, const Ends& ends) const {
    std::vector<PortSpan> spans;
    for (std::size_t slot = 0; slot < protocols_.size(); ++slot) {
        const std::vector<std::uint16_t> starts = boundaries(direction, ends, slot);
        for (std::size_t i = 0; i < starts.size(); ++i) {
            const std::uint32_t end = i + 1 < starts.size() ? starts[i + 1] : 65536u;
            spans.push_back(
                {static_cast<std::uint16_t>(slot), starts[i], static_cast<std::uint16_t>(end - 1)});
        }
    }
    Spans out;
    std::array<tier::Question, tier::kBurstMax> questions;
    std::array<base::Decision, tier::kBurstMax> decisions;
    for (std::size_t from = 0; from < spans.size(); from += tier::kBurstMax) {
        const std::size_t count = std::min(spans.size() - from, tier::kBurstMax);
        for (std::size_t i = 0; i < count; ++i) {
            const PortSpan& span = spans[from + i];
            questions[i] = {ends.subject, ends.peer, span.first, protocols_.number(span.slot),
                            ends.own_node};
        }
        decide_(direction, {questions.data(), count}, {decisions.data(), count});
        for (std::size_t i = 0; i < count; ++i) append(out, spans[from + i], decisions[i]);
    }
    return out;
}

}  // namespace tierwall::ctl
