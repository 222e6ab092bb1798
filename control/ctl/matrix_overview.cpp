// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/matrix_overview.hpp"

#include "control/ctl/alike.hpp"
#include "control/ctl/group_summary.hpp"
#include "control/ctl/name_ranges.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kNamesShown = 3;

using Lists = std::vector<std::vector<std::size_t>>;

/// How many ends of a group are in a block.
struct Part {
    std::size_t group = 0;
    std::uint64_t ends = 0;
};
struct Parts {
    OverviewBlock block;
    std::vector<Part> parts;
};

std::map<std::string, std::uint64_t> ends_by_namespace(const MatrixGroup& group) {
    std::set<std::string> owners;
    for (const Member& member : group.members) owners.insert(member.owners[0]);
    std::map<std::string, std::uint64_t> out;
    for (const std::string& owner : owners) {
        const std::size_t slash = owner.find('/');
        ++out[slash == std::string::npos ? "" : owner.substr(0, slash)];
    }
    return out;
}

/// Namespaces first, then nodes, blocks and the world.
std::vector<Parts> parts_of(const Matrix& matrix) {
    std::map<std::pair<int, std::string>, Parts> found;
    const auto add = [&](int place, const std::string& space, const Part& part) {
        Parts& parts = found[{place, space}];
        parts.parts.push_back(part);
        parts.block.ends += part.ends;
        if (place == 0) parts.block.namespaces = {space};
        parts.block.kind = place == 0   ? EndKind::Pod
                           : place == 1 ? EndKind::Node
                                        : EndKind::Outside;
        parts.block.is_world = place == 3;
    };
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        const MatrixGroup& group = matrix.groups[i];
        if (group.members.empty()) {
            add(group.blocks.front().is_world ? 3 : 2, "", {i, group.blocks.size()});
            continue;
        }
        for (const auto& [space, ends] : ends_by_namespace(group)) {
            add(space.empty() ? 1 : 0, space, {i, ends});
        }
    }
    std::vector<Parts> out;
    out.reserve(found.size());
    for (auto& [key, parts] : found) out.push_back(std::move(parts));
    return out;
}

PairCounts counts_between(const Matrix& matrix, const Parts& from, const Parts& to) {
    PairCounts out;
    const bool same = &from == &to;
    for (const Part& a : from.parts) {
        for (const Part& b : to.parts) {
            const MatrixCell& cell = matrix.at(a.group, b.group);
            if (cell.outcome == MatrixCell::kNone) continue;
            const bool self = same && a.group == b.group;
            const std::uint64_t pairs = a.ends * (self ? b.ends - 1 : b.ends);
            const char kind = matrix.kind(cell.outcome);
            (kind == 'a' ? out.all : kind == 'n' ? out.none : out.some) += pairs;
        }
    }
    return out;
}

OverviewBlock joined_blocks(const Overview& overview, const std::vector<std::size_t>& list) {
    OverviewBlock out = overview.blocks[list.front()];
    for (std::size_t i = 1; i < list.size(); ++i) {
        const OverviewBlock& more = overview.blocks[list[i]];
        out.namespaces.insert(out.namespaces.end(), more.namespaces.begin(), more.namespaces.end());
        out.ends += more.ends;
    }
    std::sort(out.namespaces.begin(), out.namespaces.end());
    return out;
}

Overview joined_by(const Overview& overview, const Lists& lists) {
    Overview out;
    for (const auto& list : lists) out.blocks.push_back(joined_blocks(overview, list));
    out.cells.resize(lists.size() * lists.size());
    for (std::size_t i = 0; i < lists.size(); ++i) {
        for (std::size_t j = 0; j < lists.size(); ++j) {
            PairCounts& counts = out.cells[i * lists.size() + j];
            for (const std::size_t a : lists[i]) {
                for (const std::size_t b : lists[j]) counts += overview.at(a, b);
            }
        }
    }
    return out;
}

std::uint64_t kind_number(const OverviewBlock& block) {
    return static_cast<std::uint64_t>(block.kind) << 1 | (block.is_world ? 1u : 0u);
}

/// How alike two cells must be to be taken for the same.
enum class Likeness { Share, Kind };

std::uint64_t cell_number(const Overview& overview, Likeness likeness, std::size_t source,
                          std::size_t destination) {
    const char kind = overview.kind(source, destination);
    if (kind != 'm' || likeness == Likeness::Kind) return static_cast<std::uint64_t>(kind);
    const PairCounts& counts = overview.at(source, destination);
    const std::uint64_t tenths = 10;
    return (1 + counts.all * tenths / counts.total()) << 16 |
           (1 + counts.some * tenths / counts.total()) << 8;
}

/// Until nothing changes.
Overview joined_while_alike(Overview overview, Likeness likeness) {
    for (;;) {
        std::vector<std::uint64_t> kinds;
        for (const OverviewBlock& block : overview.blocks) kinds.push_back(kind_number(block));
        const Lists lists = alike(kinds, [&](std::size_t i, std::size_t j) {
            return cell_number(overview, likeness, i, j);
        });
        if (lists.size() == overview.blocks.size()) return overview;
        overview = joined_by(overview, lists);
    }
}

/// As many namespaces in each as are needed to have at most so many.
Lists neighbours(const Overview& overview, std::size_t blocks_max) {
    const std::size_t spare = 3;  // nodes, blocks and the world stay what they are
    const std::size_t length =
        (overview.blocks.size() + blocks_max - spare - 1) / (blocks_max - spare);
    Lists lists;
    for (std::size_t i = 0; i < overview.blocks.size(); ++i) {
        const bool fits =
            !lists.empty() && lists.back().size() < length &&
            kind_number(overview.blocks[i]) == kind_number(overview.blocks[lists.back().front()]);
        if (!fits) lists.emplace_back();
        lists.back().push_back(i);
    }
    return lists;
}

std::string share(std::uint64_t count, std::uint64_t total) {
    const double percent = 100.0 * static_cast<double>(count) / static_cast<double>(total);
    char out[16];
    std::snprintf(out, sizeof(out), "%.1f%%", percent);
    // What is not nothing, or not everything, does not look so.
    if (count != 0 && percent < 0.05) return "<0.1%";
    if (count != total && percent >= 99.95) return ">99.9%";
    return out;
}

}  // namespace

std::string OverviewBlock::name() const {
    if (is_world) return "every other address";
    if (kind == EndKind::Node) return std::to_string(ends) + (ends == 1 ? " node" : " nodes");
    if (kind == EndKind::Outside) {
        return std::to_string(ends) + (ends == 1 ? " address block" : " address blocks");
    }
    const std::string out = some_of(with_ranges(namespaces), kNamesShown);
    return namespaces.size() == 1 ? out
                                  : out + " (" + std::to_string(namespaces.size()) + " namespaces)";
}

char Overview::kind(std::size_t source, std::size_t destination) const {
    const PairCounts& counts = at(source, destination);
    const std::uint64_t total = counts.total();
    if (total == 0) return '-';
    return counts.all == total    ? 'a'
           : counts.none == total ? 'n'
           : counts.some == total ? 's'
                                  : 'm';
}

char Overview::sign(std::size_t source, std::size_t destination) const {
    const char all = kind(source, destination);
    if (all != 'm') return all;
    const PairCounts& counts = at(source, destination);
    return static_cast<char>(
        '0' + std::min<std::uint64_t>((counts.all + counts.some) * 10 / counts.total(), 9));
}

Overview overview_of(const Matrix& matrix, std::size_t blocks_max) {
    const std::vector<Parts> parts = parts_of(matrix);
    Overview out;
    for (const Parts& each : parts) out.blocks.push_back(each.block);
    out.cells.reserve(parts.size() * parts.size());
    for (const Parts& from : parts) {
        for (const Parts& to : parts) out.cells.push_back(counts_between(matrix, from, to));
    }
    out = joined_while_alike(std::move(out), Likeness::Share);
    if (out.blocks.size() > blocks_max) out = joined_while_alike(std::move(out), Likeness::Kind);
    return out.blocks.size() <= blocks_max ? out : joined_by(out, neighbours(out, blocks_max));
}

std::string percentages(const PairCounts& counts) {
    const std::uint64_t total = counts.total();
    if (total == 0) return "-";
    return share(counts.all, total) + " all, " + share(counts.some, total) + " some, " +
           share(counts.none, total) + " none";
}

}  // namespace tierwall::ctl
