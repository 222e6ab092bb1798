// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/matrix.hpp"

#include "control/ctl/alike.hpp"
#include "control/ctl/matrix_filter.hpp"
#include "control/ctl/probe.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace tierwall::ctl {

namespace {

/// Answers about pairs of identity groups, each distinct one once.
class Outcomes {
public:
    struct Ends {
        std::span<const AddressGroup> groups;
        const std::vector<bool>& chosen;
    };
    Outcomes(const MatrixQuestion& question, const Matrix& matrix, const Ends& ends)
        : matrix_(matrix),
          groups_(ends.groups),
          chosen_(ends.chosen),
          meetings_(ends.groups),
          judge_(*question.view.model, matrix.protocols, question.decide) {}

    MatrixCell cell(std::size_t source, std::size_t destination) {
        if (!chosen_[source] && !chosen_[destination]) return {.is_hidden = true};
        if (!groups_[source].facets[0].subject && !groups_[destination].facets[0].subject) {
            return {};
        }
        const std::uint8_t met = meetings_.between(source, destination);
        MatrixCell out;
        if ((met & 0b01) != 0) out.outcome = outcome(source, destination, false);
        if ((met & 0b10) == 0) return out;
        out.own_node = outcome(source, destination, true);
        if ((met & 0b01) == 0) out.outcome = out.own_node;
        if (same_connections(out.outcome, out.own_node)) out.own_node = MatrixCell::kNone;
        return out;
    }
    /// The same number for cells that allow the same.
    std::uint64_t signature(const MatrixCell& cell) const {
        const auto part = [&](std::uint32_t outcome) -> std::uint64_t {
            return outcome == MatrixCell::kNone ? 0 : allowed_of_[outcome] + 1u;
        };
        return part(cell.outcome) << 32 | part(cell.own_node);
    }
    bool is_alone(std::size_t group) const { return meetings_.is_alone(group); }
    bool is_chosen(std::size_t group) const { return chosen_[group]; }
    std::vector<Outcome> take() { return std::move(outcomes_); }

private:
    bool same_connections(std::uint32_t a, std::uint32_t b) const {
        return allowed_of_[a] == allowed_of_[b];
    }
    std::uint32_t outcome(std::size_t source, std::size_t destination, bool own_node) {
        const Facet& from = groups_[source].facets[0];
        const Facet& to = groups_[destination].facets[0];
        const Judge::Ends out{from.identity, to.identity, own_node};
        const Judge::Ends in{to.identity, from.identity, own_node};
        const Judge::AnswerId egress =
            from.subject ? judge_.ask(base::Direction::Egress, out) : Judge::kNotSubject;
        const Judge::AnswerId ingress =
            to.subject ? judge_.ask(base::Direction::Ingress, in) : Judge::kNotSubject;
        const std::uint64_t key = std::uint64_t{egress} << 32 | ingress;
        const auto [entry, fresh] =
            known_.try_emplace(key, static_cast<std::uint32_t>(outcomes_.size()));
        if (!fresh) return entry->second;
        Outcome made;
        made.ruled =
            within(combined(judge_.answer(egress), judge_.answer(ingress)), matrix_.universe);
        made.allowed = allowed(made.ruled);
        const auto number = static_cast<std::uint32_t>(sets_.size());
        allowed_of_.push_back(sets_.try_emplace(made.allowed, number).first->second);
        outcomes_.push_back(std::move(made));
        return entry->second;
    }

    const Matrix& matrix_;
    std::span<const AddressGroup> groups_;
    const std::vector<bool>& chosen_;
    Meetings meetings_;
    Judge judge_;
    std::unordered_map<std::uint64_t, std::uint32_t> known_;
    std::map<Connections, std::uint32_t> sets_;
    std::vector<std::uint32_t> allowed_of_;  ///< by outcome: index of its set
    std::vector<Outcome> outcomes_;
};

/// Pods are put together with pods only, nodes with nodes, blocks with blocks.
std::uint64_t kind_of(const AddressGroup& group, bool is_chosen) {
    const Facet& facet = group.facets[0];
    const bool is_world = group.members.empty() && group.blocks.front().is_world;
    const std::uint64_t families =
        (group.counts[0] != 0 ? 1u : 0u) | (group.counts[1] != 0 ? 2u : 0u);
    return static_cast<std::uint64_t>(facet.kind) << 5 | (is_chosen ? 16u : 0u) |
           (is_world ? 8u : 0u) | (facet.subject ? 4u : 0u) | families;
}

/// A pod with two addresses may be in two identity groups: it is told by name once.
MatrixGroup joined(std::span<const AddressGroup> groups, const std::vector<std::size_t>& list) {
    MatrixGroup out;
    const Facet& facet = groups[list.front()].facets[0];
    out.kind = facet.kind;
    out.is_subject = facet.subject;
    for (const std::size_t i : list) {
        out.members.insert(out.members.end(), groups[i].members.begin(), groups[i].members.end());
        out.blocks.insert(out.blocks.end(), groups[i].blocks.begin(), groups[i].blocks.end());
    }
    return out;
}

void name_groups(std::vector<MatrixGroup>& groups) {
    std::array<std::size_t, 3> counts{};
    for (MatrixGroup& group : groups) {
        const auto kind = static_cast<std::size_t>(group.kind);
        const bool is_world = group.kind == EndKind::Outside &&
                              std::all_of(group.blocks.begin(), group.blocks.end(),
                                          [](const Block& block) { return block.is_world; });
        group.id = is_world ? "W" : "";
        if (is_world) continue;
        group.id = std::string(1, "GNB"[kind]) + std::to_string(++counts[kind]);
    }
    // Each family may have a world of its own.
    std::size_t worlds = 0;
    for (const MatrixGroup& group : groups) worlds += group.id == "W" ? 1 : 0;
    for (std::size_t i = groups.size(); worlds > 1 && i-- > 0;) {
        if (groups[i].id == "W") groups[i].id += std::to_string(worlds--);
    }
}

}  // namespace

base::Result<Asked> asked_about(const std::vector<std::string>& ports,
                                std::set<std::uint8_t> named_by_rules) {
    std::vector<Probe> probes;
    for (const std::string& word : ports) {
        Probe& probe = probes.emplace_back();
        TW_TRY(parsed, parse_port(word, probe));
        named_by_rules.insert(probe.protocol);
    }
    Asked asked{Protocols(std::move(named_by_rules)), {}};
    for (const Probe& probe : probes) {
        const auto slot = static_cast<std::uint16_t>(asked.protocols.slot_of(probe.protocol));
        const bool has_ports = asked.protocols.has_ports(slot);
        asked.universe.push_back({slot, has_ports ? probe.port : std::uint16_t{0},
                                  has_ports ? probe.port : std::uint16_t{65535}});
    }
    std::sort(asked.universe.begin(), asked.universe.end());
    Connections joined_up;
    for (const PortSpan& span : asked.universe) {
        if (joined_up.empty() || joined_up.back() != span) joined_up.push_back(span);
    }
    asked.universe = std::move(joined_up);
    if (ports.empty()) asked.universe = everything(asked.protocols);
    return asked;
}

namespace {

/// What may go between pods of the matrix, and how many pairs of them there are.
PairCounts pairs_of_pods(const Matrix& matrix) {
    std::vector<std::uint64_t> pods;
    for (const MatrixGroup& group : matrix.groups) {
        std::set<std::string> names;
        if (group.kind == EndKind::Pod) {
            for (const Member& member : group.members) names.insert(member.owners[0]);
        }
        pods.push_back(names.size());
    }
    PairCounts out;
    for (std::size_t i = 0; i < pods.size(); ++i) {
        for (std::size_t j = 0; j < pods.size(); ++j) {
            const MatrixCell& cell = matrix.at(i, j);
            if (pods[i] == 0 || !cell.is_answer()) continue;
            const std::uint64_t pairs = pods[i] * (i == j ? pods[j] - 1 : pods[j]);
            const char kind = matrix.kind(cell.outcome);
            (kind == 'a' ? out.all : kind == 'n' ? out.none : out.some) += pairs;
        }
    }
    return out;
}

using Lists = std::vector<std::vector<std::size_t>>;

void fill(const Lists& lists, std::span<const AddressGroup> groups, Outcomes& outcomes,
          Matrix& matrix) {
    for (const auto& list : lists) {
        MatrixGroup& group = matrix.groups.emplace_back(joined(groups, list));
        group.is_alone = list.size() == 1 && outcomes.is_alone(list.front());
        group.is_chosen = outcomes.is_chosen(list.front());
    }
    matrix.cells.reserve(lists.size() * lists.size());
    for (std::size_t i = 0; i < lists.size(); ++i) {
        for (std::size_t j = 0; j < lists.size(); ++j) {
            const bool self = i == j && matrix.groups[i].is_alone;
            // Two addresses of one group are better told of by two different members.
            const MatrixCell nobody{.is_hidden = !matrix.groups[i].is_chosen};
            matrix.cells.push_back(self ? nobody
                                        : outcomes.cell(lists[i].front(), lists[j].back()));
        }
    }
    matrix.outcomes = outcomes.take();
}

}  // namespace

base::Result<Matrix> build_matrix(const MatrixQuestion& question) {
    TW_TRY(asked, asked_about(question.ports, protocols_in(*question.view.model)));
    Matrix matrix{asked.protocols, asked.universe, {}, {}, {}, {}, {}, {}};
    matrix.has_choice = question.filter.chooses();
    TW_TRY(split, split_by(question.filter, populate({&question.view, 1}, question.families)));
    std::vector<AddressGroup> groups;
    std::vector<bool> chosen;
    // Those that were asked about come first.
    std::stable_partition(split.begin(), split.end(),
                          [](const ChosenGroup& each) { return each.is_chosen; });
    for (ChosenGroup& each : split) {
        groups.push_back(std::move(each.group));
        chosen.push_back(each.is_chosen);
    }
    if (groups.size() > kIdentityGroupsMax) {
        return base::Error{base::Errc::Limit, "matrix",
                           "policies tell apart more than " + std::to_string(kIdentityGroupsMax) +
                               " kinds of addresses"};
    }
    Outcomes outcomes(question, matrix, {groups, chosen});
    std::vector<std::uint64_t> kinds;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        kinds.push_back(kind_of(groups[i], chosen[i]));
    }
    const Lists lists = alike(kinds, [&](std::size_t i, std::size_t j) {
        return outcomes.signature(outcomes.cell(i, j));
    });
    fill(lists, groups, outcomes, matrix);
    matrix.pod_pairs = pairs_of_pods(matrix);
    name_groups(matrix.groups);
    hide_answers(question.filter.only, matrix);
    return matrix;
}

}  // namespace tierwall::ctl
