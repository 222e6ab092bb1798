// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/diff.hpp"

#include "control/ctl/alike.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tierwall::ctl {

namespace {

/// Spans that are judged differently, those with the same reasons together.
std::vector<ChangedSet> changed_sets(const std::vector<Ruled>& before,
                                     const std::vector<Ruled>& after) {
    std::vector<ChangedSet> out;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.size() && j < after.size()) {
        const PortSpan& a = before[i].span;
        const PortSpan& b = after[j].span;
        const PortSpan both{a.slot, std::max(a.first, b.first), std::min(a.last, b.last)};
        const std::array<Ruling, 2> rulings{before[i].ruling, after[j].ruling};
        if (a.last == both.last) ++i;
        if (b.last == both.last) ++j;
        if (rulings[0].verdict() == rulings[1].verdict()) continue;
        auto set = std::find_if(out.begin(), out.end(),
                                [&](const ChangedSet& known) { return known.rulings == rulings; });
        if (set == out.end()) set = out.insert(out.end(), ChangedSet{rulings, {}});
        extend(set->connections, both);
    }
    return out;
}

class Changes {
public:
    static constexpr std::size_t kCombinations = 4;  ///< of "own node" before and after
    using Cell = std::array<std::uint32_t, kCombinations>;

    Changes(const DiffQuestion& question, const Difference& difference,
            std::span<const AddressGroup> groups)
        : universe_(difference.universe),
          groups_(groups),
          meetings_(groups),
          judges_{Judge(*question.views[0].model, difference.protocols, question.decide[0]),
                  Judge(*question.views[1].model, difference.protocols, question.decide[1])} {
        (void)number_of({});  // 0: nothing changes
    }

    Cell cell(std::size_t source, std::size_t destination) {
        Cell out{};
        const Facets& from = groups_[source].facets;
        const Facets& to = groups_[destination].facets;
        if (!from[0].subject && !from[1].subject && !to[0].subject && !to[1].subject) return out;
        const std::uint8_t met = meetings_.between(source, destination);
        for (std::size_t own = 0; own < kCombinations; ++own) {
            if ((met >> own & 1) != 0) out[own] = change(source, destination, own);
        }
        return out;
    }
    bool is_alone(std::size_t group) const { return meetings_.is_alone(group); }
    std::vector<std::vector<ChangedSet>> take() { return std::move(changes_); }

private:
    using Asked4 = std::array<std::uint32_t, 4>;
    struct Asked4Hash {
        std::size_t operator()(const Asked4& key) const noexcept {
            return resolve::RangeHash{}(key);
        }
    };

    std::uint32_t change(std::size_t source, std::size_t destination, std::size_t own) {
        Asked4 asked{};
        for (std::size_t side = 0; side < 2; ++side) {
            const Facet& from = groups_[source].facets[side];
            const Facet& to = groups_[destination].facets[side];
            const bool own_node = (own >> side & 1) != 0;
            if (from.subject) {
                asked[side * 2] = judges_[side].ask(base::Direction::Egress,
                                                    {from.identity, to.identity, own_node});
            }
            if (to.subject) {
                asked[side * 2 + 1] = judges_[side].ask(base::Direction::Ingress,
                                                        {to.identity, from.identity, own_node});
            }
        }
        const auto [entry, fresh] = known_.try_emplace(asked, 0u);
        if (!fresh) return entry->second;
        std::array<std::vector<Ruled>, 2> ruled;
        for (std::size_t side = 0; side < 2; ++side) {
            ruled[side] = within(combined(judges_[side].answer(asked[side * 2]),
                                          judges_[side].answer(asked[side * 2 + 1])),
                                 universe_);
        }
        return entry->second = number_of(changed_sets(ruled[0], ruled[1]));
    }

    /// The same number for the same changes for the same reasons.
    std::uint32_t number_of(std::vector<ChangedSet> sets) {
        std::vector<std::uint32_t> key;
        for (const ChangedSet& set : sets) {
            for (const Ruling& ruling : set.rulings) {
                for (const base::Decision& each : {ruling.egress, ruling.ingress}) {
                    key.insert(key.end(),
                               {static_cast<std::uint32_t>(each.action), each.tier, each.rule});
                }
            }
            key.push_back(static_cast<std::uint32_t>(set.connections.size()));
            for (const PortSpan& span : set.connections) {
                key.insert(key.end(), {span.slot, span.first, span.last});
            }
        }
        const auto number = static_cast<std::uint32_t>(changes_.size());
        const auto [entry, fresh] = numbers_.try_emplace(std::move(key), number);
        if (fresh) changes_.push_back(std::move(sets));
        return entry->second;
    }

    const Connections& universe_;
    std::span<const AddressGroup> groups_;
    Meetings meetings_;
    std::array<Judge, 2> judges_;
    std::unordered_map<Asked4, std::uint32_t, Asked4Hash> known_;
    std::map<std::vector<std::uint32_t>, std::uint32_t> numbers_;
    std::vector<std::vector<ChangedSet>> changes_;
};

std::uint64_t diff_kind(const AddressGroup& group, std::size_t index) {
    std::uint64_t kind = (group.counts[0] != 0 ? 1u : 0u) | (group.counts[1] != 0 ? 2u : 0u);
    for (const Facet& facet : group.facets) {
        kind = kind << 3 | static_cast<std::uint64_t>(facet.kind) << 1 | (facet.subject ? 1u : 0u);
    }
    return group.members.empty() ? (index + 1) << 16 | kind : kind;
}

using Owned = std::map<std::string, std::set<base::Address>>;

Owned owned_in(const agent::Model& model) {
    Owned out;
    for (const auto& [address, facts] : model.addresses) out[facts.name].insert(address);
    return out;
}

void compare_owners(const DiffQuestion& question, Difference& difference) {
    const Owned before = owned_in(*question.views[0].model);
    const Owned after = owned_in(*question.views[1].model);
    for (const auto& [name, addresses] : before) {
        const auto now = after.find(name);
        if (now == after.end()) {
            difference.removed.push_back(name);
        } else if (now->second != addresses) {
            difference.readdressed.push_back(name);
        }
    }
    for (const auto& [name, addresses] : after) {
        if (!before.contains(name)) difference.added.push_back(name);
    }
}

/// Groups that are in some pair, with the numbers that they get.
class Used {
public:
    Used(std::span<const AddressGroup> groups, Difference& difference)
        : groups_(groups), difference_(difference) {}

    std::size_t number(std::size_t list_number, const std::vector<std::size_t>& list) {
        const auto [entry, fresh] = numbers_.try_emplace(list_number, difference_.groups.size());
        if (!fresh) return entry->second;
        DiffGroup& made = difference_.groups.emplace_back();
        const Facets& facets = groups_[list.front()].facets;
        made.kinds = {facets[0].kind, facets[1].kind};
        made.subject = {facets[0].subject, facets[1].subject};
        const auto kind = static_cast<std::size_t>(std::min(made.kinds[0], made.kinds[1]));
        made.id = std::string(1, "GNB"[kind]) + std::to_string(++counts_[kind]);
        for (const std::size_t i : list) {
            const AddressGroup& group = groups_[i];
            made.members.insert(made.members.end(), group.members.begin(), group.members.end());
            made.blocks.insert(made.blocks.end(), group.blocks.begin(), group.blocks.end());
        }
        return entry->second;
    }

private:
    std::span<const AddressGroup> groups_;
    Difference& difference_;
    std::map<std::size_t, std::size_t> numbers_;
    std::array<std::size_t, 3> counts_{};
};

void find_pairs(const std::vector<std::vector<std::size_t>>& lists,
                std::span<const AddressGroup> groups, Changes& changes, Difference& difference) {
    Used used(groups, difference);
    for (std::size_t i = 0; i < lists.size(); ++i) {
        for (std::size_t j = 0; j < lists.size(); ++j) {
            const bool self = i == j && lists[i].size() == 1 && changes.is_alone(lists[i].front());
            if (self) continue;
            const Changes::Cell cell = changes.cell(lists[i].front(), lists[j].back());
            for (std::size_t own = 0; own < cell.size(); ++own) {
                if (cell[own] == 0) continue;
                const std::size_t from = used.number(i, lists[i]);
                const std::size_t to = used.number(j, lists[j]);
                difference.pairs.push_back({from, to, cell[own], {(own & 1) != 0, (own & 2) != 0}});
            }
        }
    }
}

}  // namespace

base::Result<Difference> difference(const DiffQuestion& question) {
    std::set<std::uint8_t> named = protocols_in(*question.views[0].model);
    named.merge(protocols_in(*question.views[1].model));
    TW_TRY(asked, asked_about(question.ports, std::move(named)));
    Difference out{asked.protocols, asked.universe, {}, {}, {}, {}, {}, {}, {}};
    const std::vector<AddressGroup> groups = populate(question.views, question.families);
    if (groups.size() > kIdentityGroupsMax) {
        return base::Error{base::Errc::Limit, "diff",
                           "policies tell apart more than " + std::to_string(kIdentityGroupsMax) +
                               " kinds of addresses"};
    }
    compare_owners(question, out);
    Changes changes(question, out, groups);
    std::vector<std::uint64_t> kinds;
    for (std::size_t i = 0; i < groups.size(); ++i) kinds.push_back(diff_kind(groups[i], i));
    const auto lists = alike(kinds, [&](std::size_t i, std::size_t j) {
        return resolve::RangeHash{}(changes.cell(i, j));
    });
    find_pairs(lists, groups, changes, out);
    out.unchanged = left_out(blocks_of(groups), blocks_of(out.groups));
    out.changes = changes.take();
    return out;
}

}  // namespace tierwall::ctl
