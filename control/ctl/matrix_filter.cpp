// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/matrix_filter.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::ctl {

namespace {

std::string namespace_of(const std::string& owner) {
    const std::size_t slash = owner.find('/');
    return slash == std::string::npos ? "" : owner.substr(0, slash);
}

bool is_chosen(const MatrixFilter& filter, const Member& member) {
    const std::string& owner = member.owners[0];
    return filter.pods.contains(owner) || filter.namespaces.contains(namespace_of(owner));
}

base::Status check_known(const MatrixFilter& filter, const std::vector<AddressGroup>& groups) {
    std::set<std::string> pods = filter.pods;
    std::set<std::string> namespaces = filter.namespaces;
    for (const AddressGroup& group : groups) {
        for (const Member& member : group.members) {
            pods.erase(member.owners[0]);
            namespaces.erase(namespace_of(member.owners[0]));
        }
    }
    if (!pods.empty()) {
        return base::Error{base::Errc::NotFound, "--pod",
                           "no such pod, or no address of it: " + *pods.begin()};
    }
    if (namespaces.empty()) return base::Done{};
    return base::Error{base::Errc::NotFound, "--namespace",
                       "has no pod with an address: " + *namespaces.begin()};
}

/// The group with these of its members only.
AddressGroup part_of(const AddressGroup& group, std::vector<Member> members) {
    AddressGroup out;
    out.facets = group.facets;
    for (const Member& member : members) {
        const auto family = static_cast<std::size_t>(member.address.family());
        ++out.counts[family];
        out.nodes[family].push_back(member.nodes);
    }
    for (auto& pairs : out.nodes) {
        std::sort(pairs.begin(), pairs.end());
        pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    }
    out.members = std::move(members);
    return out;
}

/// Is there anything to say about the group?
bool has_answer(const Matrix& matrix, std::size_t group) {
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        if (matrix.at(group, i).is_answer() || matrix.at(i, group).is_answer()) return true;
    }
    return false;
}

void keep_groups(const std::vector<std::size_t>& kept, Matrix& matrix) {
    std::vector<MatrixGroup> groups;
    std::vector<MatrixCell> cells;
    groups.reserve(kept.size());
    cells.reserve(kept.size() * kept.size());
    for (const std::size_t i : kept) {
        for (const std::size_t j : kept) cells.push_back(matrix.at(i, j));
    }
    for (const std::size_t i : kept) groups.push_back(std::move(matrix.groups[i]));
    matrix.groups = std::move(groups);
    matrix.cells = std::move(cells);
}

}  // namespace

base::Result<std::vector<ChosenGroup>> split_by(const MatrixFilter& filter,
                                                std::vector<AddressGroup> groups) {
    TW_TRY(known, check_known(filter, groups));
    std::vector<ChosenGroup> out;
    for (AddressGroup& group : groups) {
        if (!filter.chooses()) {
            out.push_back({std::move(group), true});
            continue;
        }
        std::vector<Member> chosen;
        std::vector<Member> others;
        for (const Member& member : group.members) {
            (is_chosen(filter, member) ? chosen : others).push_back(member);
        }
        // Blocks have no members, and no pod is among them.
        if (chosen.empty() || others.empty()) {
            out.push_back({std::move(group), !chosen.empty()});
            continue;
        }
        out.push_back({part_of(group, std::move(chosen)), true});
        out.push_back({part_of(group, std::move(others)), false});
    }
    return out;
}

void hide_answers(OnlyAnswers only, Matrix& matrix) {
    if (only == OnlyAnswers::All) return;
    const char hidden = only == OnlyAnswers::Denied ? 'a' : 'n';
    for (MatrixCell& cell : matrix.cells) {
        const bool own_is_other =
            cell.own_node != MatrixCell::kNone && matrix.kind(cell.own_node) != hidden;
        if (matrix.kind(cell.outcome) == hidden && !own_is_other) cell.is_hidden = true;
    }
    const std::vector<Block> all = blocks_of(matrix.groups);
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        if (has_answer(matrix, i)) kept.push_back(i);
    }
    keep_groups(kept, matrix);
    matrix.left_out = left_out(all, blocks_of(matrix.groups));
}

}  // namespace tierwall::ctl
