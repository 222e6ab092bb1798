// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/row_ladder.hpp"

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

namespace tierwall::ctl {

namespace {

struct IndexedTable {
    std::unordered_map<std::uint16_t, std::vector<tier::Row>> rows_of;  ///< by group, in order
    std::unordered_map<std::uint32_t, std::uint16_t> class_of;          ///< by identity
    std::map<std::uint16_t, agent::GroupFacts> groups;
};

struct IndexedSide {
    std::map<std::uint32_t, IndexedTable> tables;
    std::unordered_map<std::uint32_t, std::pair<std::uint32_t, std::uint16_t>> group_of;
};

struct IndexedTier {
    std::uint16_t number = 0;
    tier::TierKind kind = tier::TierKind::Ordered;
    IndexedSide sides[2];
};

/// The tiers that decide; a snapshot may have others that only say what would be decided.
using Index = std::vector<IndexedTier>;

Index index_of_rows(const agent::Model& model) {
    Index index;
    for (const auto& [number, facts] : model.tiers) {
        if (number > base::kTierBaseline) continue;
        IndexedTier& made = index.emplace_back();
        made.number = static_cast<std::uint16_t>(number);
        made.kind = facts.kind;
        for (const auto& [key, table] : model.tables) {
            if (key.tier != number) continue;
            IndexedSide& side = made.sides[static_cast<std::size_t>(key.direction)];
            IndexedTable& rows = side.tables[key.number];
            rows.groups = table->groups;
            for (const tier::Row& row : table->rows) rows.rows_of[row.group].push_back(row);
            const auto members = model.memberships.find(key);
            if (members == model.memberships.end()) continue;
            for (const auto& [identity, value] : members->second->classes) {
                rows.class_of[identity] = value;
            }
            for (const auto& [identity, group] : members->second->groups) {
                side.group_of[identity] = {key.number, group};
            }
        }
    }
    return index;
}

bool matches(const tier::Row& row, const tier::Question& question, std::uint16_t peer_class) {
    if (!row.any_class && row.peer_class != peer_class) return false;
    if (row.any_protocol) return true;
    return row.protocol == question.protocol && row.port_first <= question.destination_port &&
           question.destination_port <= row.port_last;
}

const tier::Row* first_match(const IndexedTable& table, std::uint16_t group,
                             const tier::Question& question) {
    const auto rows = table.rows_of.find(group);
    if (rows == table.rows_of.end()) return nullptr;
    const auto found = table.class_of.find(question.peer);
    const std::uint16_t peer_class =
        found == table.class_of.end() ? std::uint16_t{0} : found->second;
    for (const tier::Row& row : rows->second) {
        if (matches(row, question, peer_class)) return &row;
    }
    return nullptr;
}

base::Decision decision_on(const Index& index, base::Direction direction,
                           const tier::Question& question) {
    for (const IndexedTier& tier : index) {
        const IndexedSide& side = tier.sides[static_cast<std::size_t>(direction)];
        const auto place = side.group_of.find(question.subject);
        if (place == side.group_of.end()) continue;
        const auto& [number, group] = place->second;
        const IndexedTable& table = side.tables.at(number);
        const tier::Row* row = first_match(table, group, question);
        if (row != nullptr && row->action != base::Action::Pass) {
            return {row->action, 0, tier.number, row->rule};
        }
        if (tier.kind == tier::TierKind::Ordered) continue;
        const std::uint32_t isolation = table.groups.at(group).isolation_rule;
        if (isolation == base::kNoRule) continue;
        if (question.own_node && direction == base::Direction::Ingress) {
            return {base::Action::Allow, 0, base::kTierOwnNode, base::kNoRule};
        }
        return {base::Action::Deny, 0, tier.number, isolation};
    }
    return {};
}

}  // namespace

Decide decided_by_rows(const agent::Model& model) {
    const auto index = std::make_shared<const Index>(index_of_rows(model));
    return [index](base::Direction direction, std::span<const tier::Question> questions,
                   std::span<base::Decision> decisions) {
        for (std::size_t i = 0; i < questions.size(); ++i) {
            decisions[i] = decision_on(*index, direction, questions[i]);
        }
    };
}

}  // namespace tierwall::ctl
