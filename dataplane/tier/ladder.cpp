// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tier/ladder.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <utility>

namespace tierwall::tier {
namespace {

/// Where one question stands in one tier.
// Without initial values, as is Asked: arrays of them are made for every burst and tier.
struct Place {
    const Shard* shard;  ///< null: the table is not there
    std::uint32_t table;
    std::uint16_t group;  ///< 0: the tier has nothing to say
};

const DirectionTables& enforced(const Tier& tier, base::Direction direction) noexcept {
    return direction == base::Direction::Egress ? tier.egress : tier.ingress;
}

const DirectionTables& audited(const Tier& tier, base::Direction direction) noexcept {
    return direction == base::Direction::Egress ? tier.audit_egress : tier.audit_ingress;
}

Place place_of(const DirectionTables& tables, std::uint32_t subject) noexcept {
    Place place{nullptr, 0, 0};
    if (tables.group_of == nullptr || subject >= tables.group_of->size()) return place;
    const std::uint32_t entry = (*tables.group_of)[subject];
    place.table = entry >> 16;
    place.group = static_cast<std::uint16_t>(entry);
    if (place.table < tables.shards.size()) place.shard = &tables.shards[place.table];
    return place;
}

std::uint16_t class_in(const Shard& shard, std::uint32_t peer) noexcept {
    if (shard.class_of == nullptr || peer >= shard.class_of->size()) return 0;
    return (*shard.class_of)[peer];
}

/// Null: not known. What is missing opens nothing, so such a group is isolated.
const std::uint32_t* isolation_rule(const Place& place) noexcept {
    if (place.shard == nullptr || place.shard->isolation_rule == nullptr) return nullptr;
    const std::vector<std::uint32_t>& rules = *place.shard->isolation_rule;
    return place.group < rules.size() ? &rules[place.group] : nullptr;
}

Key key_of(const Question& question, const Place& place) noexcept {
    return {.group = place.group,
            .peer_class = class_in(*place.shard, question.peer),
            .protocol = question.protocol,
            .destination_port = question.destination_port};
}

/// What a tier says to a subject that has a group in it; Pass sends it to the next tier.
base::Decision answer(const Tier& tier, const Place& place, const Row* row,
                      bool own_node) noexcept {
    if (row != nullptr && row->action != base::Action::Pass) {
        return {row->action, 0, tier.number, row->rule};
    }
    if (tier.kind == TierKind::Ordered) {
        const std::uint32_t rule = row != nullptr ? row->rule : base::kNoRule;
        return {base::Action::Pass, 0, tier.number, rule};
    }
    const std::uint32_t* isolation = isolation_rule(place);
    if (isolation != nullptr && *isolation == base::kNoRule) {
        return {base::Action::Pass, 0, tier.number, base::kNoRule};
    }
    if (own_node) return {base::Action::Allow, 0, base::kTierOwnNode, base::kNoRule};
    return {base::Action::Deny, 0, tier.number, isolation != nullptr ? *isolation : base::kNoRule};
}

const Row* row_at(const AclTable& table, std::uint32_t index) noexcept {
    return index == kNoRow ? nullptr : &table.row(index);
}

/// A burst of questions on its way down the tiers.
struct Burst {
    std::span<const Question> questions;
    std::span<base::Decision> decisions;
    base::Direction direction;
    bool admits_own_node = false;  ///< of isolating tiers
    std::uint64_t open = 0;        ///< bit i: no tier has decided question i yet

    void settle(const Tier& tier, std::size_t i, const Place& place, const Row* row) noexcept {
        const bool own_node = questions[i].own_node && admits_own_node;
        const base::Decision decision = answer(tier, place, row, own_node);
        if (decision.action == base::Action::Pass) return;
        decisions[i] = decision;
        open &= ~(std::uint64_t{1} << i);
    }
};

/// Which tables speak for a subject.
enum class View { Enforced, Audit };

template <View view>
Place place_in(const Tier& tier, base::Direction direction, std::uint32_t subject) noexcept {
    if constexpr (view == View::Audit) {
        const Place place = place_of(audited(tier, direction), subject);
        if (place.group != 0) return place;
    }
    return place_of(enforced(tier, direction), subject);
}

using Places = std::array<Place, kBurstMax>;

/// The questions that one table answers.
struct Asked {
    const Shard* shard;
    std::uint64_t questions;  ///< bit i: question i
};

/// Questions by table. A burst asks few tables, so looking through them is fine.
class Tables {
public:
    void add(const Shard* shard, std::size_t question) noexcept {
        std::size_t at = 0;
        while (at < count_ && asked_[at].shard != shard) ++at;
        if (at == count_) asked_[count_++] = {shard, 0};
        asked_[at].questions |= std::uint64_t{1} << question;
    }
    std::span<const Asked> all() const noexcept { return {asked_.data(), count_}; }

private:
    std::array<Asked, kBurstMax> asked_;
    std::size_t count_ = 0;
};

void ask_table(const Tier& tier, const Asked& asked, const Places& places, Burst& burst) noexcept {
    std::array<Key, kBurstMax> keys;
    std::array<std::uint32_t, kBurstMax> rows;
    std::size_t count = 0;
    for (std::uint64_t rest = asked.questions; rest != 0; rest &= rest - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(rest));
        keys[count++] = key_of(burst.questions[i], places[i]);
    }
    const AclTable& table = *asked.shard->table;
    table.classify({keys.data(), count}, {rows.data(), count});
    count = 0;
    for (std::uint64_t rest = asked.questions; rest != 0; rest &= rest - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(rest));
        burst.settle(tier, i, places[i], row_at(table, rows[count++]));
    }
}

template <View view>
void ask_tier(const Tier& tier, Burst& burst) noexcept {
    Places places;
    Tables tables;
    for (std::uint64_t rest = burst.open; rest != 0; rest &= rest - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(rest));
        places[i] = place_in<view>(tier, burst.direction, burst.questions[i].subject);
        if (places[i].group == 0) continue;
        const bool has_rows = places[i].shard != nullptr && places[i].shard->table != nullptr;
        if (has_rows) {
            tables.add(places[i].shard, i);
        } else {
            burst.settle(tier, i, places[i], nullptr);
        }
    }
    for (const Asked& asked : tables.all()) ask_table(tier, asked, places, burst);
}

bool has_groups(const DirectionTables& tables) noexcept {
    return tables.group_of != nullptr && !tables.group_of->empty();
}

/// Is there a tier in which enforcing audited policies could matter to this subject?
bool is_audited(const std::vector<Tier>& tiers, base::Direction direction,
                std::uint32_t subject) noexcept {
    for (const Tier& tier : tiers) {
        if (place_of(audited(tier, direction), subject).group != 0) return true;
    }
    return false;
}

template <typename Fn>
void for_each_shard(const Tier& tier, Fn&& fn) {
    for (const DirectionTables* tables :
         {&tier.egress, &tier.ingress, &tier.audit_egress, &tier.audit_ingress}) {
        for (const Shard& shard : tables->shards) fn(shard);
    }
}

}  // namespace

Ladder::Ladder(std::vector<Tier> tiers, bool own_node_egress)
    : tiers_(std::move(tiers)), own_node_egress_(own_node_egress) {
    assert(tiers_.size() <= base::kTiersMax);
    for (std::size_t i = 1; i < tiers_.size(); ++i) {
        assert(tiers_[i - 1].number < tiers_[i].number);
    }
    for (const Tier& tier : tiers_) {
        audits_egress_ = audits_egress_ || has_groups(tier.audit_egress);
        audits_ingress_ = audits_ingress_ || has_groups(tier.audit_ingress);
    }
}

void Ladder::decide(base::Direction direction, std::span<const Question> questions,
                    std::span<base::Decision> decisions) const noexcept {
    static_assert(kBurstMax == 64, "open questions are the bits of one word");
    assert(questions.size() == decisions.size() && questions.size() <= kBurstMax);
    if (questions.empty()) return;
    for (base::Decision& decision : decisions) decision = base::Decision{};
    Burst burst{.questions = questions,
                .decisions = decisions,
                .direction = direction,
                .admits_own_node = admits_own_node(direction),
                .open = ~std::uint64_t{0} >> (kBurstMax - questions.size())};
    for (const Tier& tier : tiers_) {
        if (burst.open == 0) return;
        ask_tier<View::Enforced>(tier, burst);
    }
}

void Ladder::would_decide(base::Direction direction, std::span<const Question> questions,
                          std::span<base::Decision> decisions) const noexcept {
    assert(questions.size() == decisions.size() && questions.size() <= kBurstMax);
    Burst burst{.questions = questions,
                .decisions = decisions,
                .direction = direction,
                .admits_own_node = admits_own_node(direction),
                .open = 0};
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (!is_audited(tiers_, direction, questions[i].subject)) continue;
        burst.open |= std::uint64_t{1} << i;
        decisions[i] = base::Decision{};
    }
    for (const Tier& tier : tiers_) {
        if (burst.open == 0) return;
        ask_tier<View::Audit>(tier, burst);
    }
}

std::vector<Trace> Ladder::trace(base::Direction direction, const Question& question) const {
    std::vector<Trace> traces;
    const bool own_node = question.own_node && admits_own_node(direction);
    for (const Tier& tier : tiers_) {
        const Place place = place_of(enforced(tier, direction), question.subject);
        const Place audit = place_of(audited(tier, direction), question.subject);
        Trace trace{.tier = tier.number,
                    .table = place.table,
                    .group = place.group,
                    .matched = false,
                    .action = base::Action::Pass,
                    .rule = base::kNoRule,
                    .audit_table = audit.table,
                    .audit_group = audit.group};
        if (place.group != 0) {
            const Row* row = nullptr;
            if (place.shard != nullptr && place.shard->table != nullptr) {
                const Key key = key_of(question, place);
                std::uint32_t index = kNoRow;
                place.shard->table->classify({&key, 1}, {&index, 1});
                row = row_at(*place.shard->table, index);
            }
            const base::Decision decision = answer(tier, place, row, own_node);
            trace.matched = row != nullptr;
            trace.action = decision.action;
            trace.rule = decision.rule;
        }
        traces.push_back(trace);
        if (trace.action != base::Action::Pass) break;
    }
    return traces;
}

std::size_t Ladder::rows() const noexcept {
    std::size_t total = 0;
    for (const Tier& tier : tiers_) {
        for_each_shard(tier, [&total](const Shard& shard) {
            if (shard.table != nullptr) total += shard.table->size();
        });
    }
    return total;
}

std::size_t Ladder::tables() const noexcept {
    std::size_t total = 0;
    for (const Tier& tier : tiers_) {
        for_each_shard(tier,
                       [&total](const Shard& shard) { total += shard.table != nullptr ? 1 : 0; });
    }
    return total;
}

}  // namespace tierwall::tier
