// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"
#include "control/ctl/matrix_output.hpp"
#include "control/ctl/matrix_overview.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/ctl/table.hpp"
#include "control/document/printable.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kCellWidthMax = 16;

struct Shown {
    std::string text;
    char kind = '-';  ///< 'a'll, 'n'one, 's'ome, '-' not judged
};

std::string painted(const Shown& cell, bool colours) {
    if (!colours || cell.kind == '-') return cell.text;
    const char* colour = cell.kind == 'a' ? "\x1b[34m" : cell.kind == 'n' ? "\x1b[31m" : "\x1b[33m";
    return colour + cell.text + "\x1b[0m";
}

/// Long answers are told below the table.
class Footnotes {
public:
    std::string mark(const std::string& words) {
        if (words.size() <= kCellWidthMax) return words;
        const auto [entry, fresh] = marks_.try_emplace(words, marks_.size() + 1);
        if (fresh) lines_ += "[" + std::to_string(entry->second) + "] " + words + "\n";
        return "[" + std::to_string(entry->second) + "]";
    }
    const std::string& text() const { return lines_; }

private:
    std::map<std::string, std::size_t> marks_;
    std::string lines_;
};

std::string answer(const Matrix& matrix, std::uint32_t outcome) {
    return outcome == MatrixCell::kNone ? "-" : matrix.words(matrix.outcomes[outcome]);
}

std::string grid(const std::vector<std::vector<Shown>>& rows, bool colours) {
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].text.size());
        }
    }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += painted(row[i], colours);
            if (i + 1 < row.size()) out += std::string(widths[i] - row[i].text.size() + 2, ' ');
        }
        out += "\n";
    }
    return out;
}

std::string as_table(const MatrixPage& page, Footnotes& notes) {
    const Matrix& matrix = page.matrix;
    std::vector<std::vector<Shown>> rows(1);
    rows.front().push_back({"FROM \\ TO", '-'});
    for (const MatrixGroup& group : matrix.groups) rows.front().push_back({group.id, '-'});
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        auto& row = rows.emplace_back();
        row.push_back({matrix.groups[i].id, '-'});
        for (std::size_t j = 0; j < matrix.groups.size(); ++j) {
            const MatrixCell& cell = matrix.at(i, j);
            if (cell.is_hidden) {
                row.push_back({"", '-'});
                continue;
            }
            const char* star = cell.own_node == MatrixCell::kNone ? "" : "*";
            row.push_back(
                {notes.mark(answer(matrix, cell.outcome)) + star, matrix.kind(cell.outcome)});
        }
    }
    return grid(rows, page.colours);
}

/// The answers of one row or column.
struct AnswerLine {
    std::map<std::string, std::vector<std::size_t>> groups;  ///< by answer
    std::string most;                                        ///< the most common answer
    bool hides = false;                                      ///< something is left out
};

AnswerLine line_of(const Matrix& matrix, std::size_t group, bool outwards) {
    AnswerLine out;
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        const MatrixCell& cell = outwards ? matrix.at(group, i) : matrix.at(i, group);
        out.hides = out.hides || cell.is_hidden;
        if (cell.is_answer()) out.groups[answer(matrix, cell.outcome)].push_back(i);
    }
    for (const auto& [words, list] : out.groups) {
        if (out.most.empty() || list.size() > out.groups[out.most].size()) out.most = words;
    }
    return out;
}

/// For one group: each answer with the groups that it is for, the most common one last. Where
/// something is hidden, nobody would know who the others are.
std::string as_list(const MatrixPage& page, std::size_t group, bool outwards) {
    const Matrix& matrix = page.matrix;
    const AnswerLine line = line_of(matrix, group, outwards);
    if (line.groups.empty()) return "";
    const std::string way = outwards ? "to" : "from";
    std::string out = (outwards ? "from " : "to ") + matrix.groups[group].id + "\n";
    const auto add = [&](const std::string& words, const std::string& who) {
        const char kind = words == "all" ? 'a' : words == "none" ? 'n' : 's';
        out += "  " + painted({words, kind}, page.colours) + "  " + who + "\n";
    };
    const bool is_one = line.groups.size() == 1;
    for (const auto& [words, list] : line.groups) {
        if (words == line.most && !is_one && !line.hides) continue;
        std::string who = way;
        for (const std::size_t each : list) who += " " + matrix.groups[each].id;
        add(words, is_one && !line.hides ? way + " everybody" : who);
    }
    if (!is_one && !line.hides) {
        const std::size_t others = line.groups.at(line.most).size();
        add(line.most, way + " the other " + std::to_string(others));
    }
    return out;
}

/// By source; where it is about some pods only, by these: what they may do, and who may come.
std::string as_lists(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    std::string out;
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        const bool is_wanted = matrix.has_choice ? matrix.groups[i].is_chosen
                                                 : matrix.groups[i].is_subject || i == 0 ||
                                                       matrix.groups.front().is_subject;
        if (is_wanted) out += as_list(page, i, true);
    }
    for (std::size_t i = 0; matrix.has_choice && i < matrix.groups.size(); ++i) {
        if (matrix.groups[i].is_chosen) out += as_list(page, i, false);
    }
    return out;
}

std::string own_node_lines(const Matrix& matrix) {
    std::map<std::pair<std::size_t, std::string>, std::string> lines;
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        for (std::size_t j = 0; j < matrix.groups.size(); ++j) {
            const MatrixCell& cell = matrix.at(i, j);
            if (cell.own_node == MatrixCell::kNone || cell.is_hidden) continue;
            lines[{i, answer(matrix, cell.own_node)}] += " " + matrix.groups[j].id;
        }
    }
    std::string out;
    for (const auto& [key, list] : lines) {
        out += "* where one is the other's own node, from " + matrix.groups[key.first].id + ": " +
               key.second + " to" + list + "\n";
    }
    return out;
}

std::string legend(const MatrixPage& page) {
    Table table({"GROUP", "SIZE", "EXAMPLE", "WHO"});
    const std::vector<GroupSummary> summaries = summaries_of(page);
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        const GroupSummary& summary = summaries[i];
        const MatrixGroup& group = page.matrix.groups[i];
        std::string who = summary.who;
        if (group.kind == EndKind::Pod && !group.is_subject) who += " (out of scope)";
        if (!group.is_chosen) who += " (others)";
        table.add({group.id, summary.size == 0 ? "" : std::to_string(summary.size), summary.example,
                   who});
    }
    return table.text();
}

std::string several(std::size_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

char shown_sign(char sign) {
    switch (sign) {
        case 'a': return '#';
        case 's': return '+';
        case 'n': return '.';
        case '-': return ' ';
        default: return sign;
    }
}

/// From or to all blocks of pods.
PairCounts row_counts(const Overview& overview, std::size_t block, bool outwards) {
    PairCounts out;
    for (std::size_t i = 0; i < overview.blocks.size(); ++i) {
        if (overview.blocks[i].kind != EndKind::Pod) continue;
        out += outwards ? overview.at(block, i) : overview.at(i, block);
    }
    return out;
}

std::string as_overview(const Overview& overview) {
    Table table({"BLOCK", "PODS", "MAY CONNECT TO IT", "IT MAY CONNECT TO", "TO EACH"});
    for (std::size_t i = 0; i < overview.blocks.size(); ++i) {
        const OverviewBlock& block = overview.blocks[i];
        std::vector<std::string> row{block.name(),
                                     block.kind == EndKind::Pod ? std::to_string(block.ends) : "",
                                     percentages(row_counts(overview, i, false)),
                                     percentages(row_counts(overview, i, true))};
        std::string map;
        for (std::size_t j = 0; j < overview.blocks.size(); ++j) {
            map += shown_sign(overview.sign(i, j));
        }
        row.push_back("|" + map + "|");
        table.add(row);
    }
    const std::string out =
        "There are too many groups to list, so this is by namespace. Percentages are of pairs with "
        "pods that may connect on\nall, some or none of the ports. TO EACH has a sign for each "
        "block in the same order: # all, + some, . none;\nwhere pairs differ, how many tenths of "
        "them may connect at all.";
    return out + "\n\n" + table.text() +
           "\nExactly, for some: --namespace NS..., --pod NS/NAME. All of it: --output json, and "
           "as "
           "a picture --output svg.\n";
}

}  // namespace

std::vector<GroupSummary> summaries_of(const MatrixPage& page) {
    const kube::Cluster* const clusters[] = {&page.cluster};
    std::vector<GroupSummary> out;
    for (const MatrixGroup& group : page.matrix.groups) {
        out.push_back(summarize(group.members, group.blocks, clusters));
    }
    tell_families_apart(out);
    return out;
}

bool wants_colours() {
    const char* terminal = std::getenv("TERM");
    const char* plain = std::getenv("NO_COLOR");
    return ::isatty(STDOUT_FILENO) == 1 && (plain == nullptr || *plain == '\0') &&
           terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string matrix_summary(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    std::set<std::string> pods;
    std::set<std::string> namespaces;
    std::set<std::string> nodes;
    std::size_t blocks = 0;
    for (const MatrixGroup& group : matrix.groups) {
        for (const Member& member : group.members) {
            const std::string& owner = member.owners[0];
            if (group.kind == EndKind::Node) nodes.insert(owner);
            if (group.kind != EndKind::Pod || !group.is_chosen) continue;
            pods.insert(owner);
            namespaces.insert(owner.substr(0, owner.find('/')));
        }
        blocks += static_cast<std::size_t>(
            std::count_if(group.blocks.begin(), group.blocks.end(),
                          [](const Block& block) { return !block.is_world; }));
    }
    std::string out = several(pods.size(), "pod in ", "pods in ") +
                      several(namespaces.size(), "namespace, ", "namespaces, ") +
                      several(nodes.size(), "node, ", "nodes, ") +
                      several(blocks, "address block: ", "address blocks: ") +
                      several(matrix.groups.size(), "group", "groups") + "\n";
    if (matrix.pod_pairs.total() == 0) return out;
    return out + several(matrix.pod_pairs.total(), "pair", "pairs") +
           " of pods may connect on all, some or none of the ports: " +
           percentages(matrix.pod_pairs) + "\n";
}

std::string matrix_text(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    if (matrix.groups.empty()) return matrix_summary(page);
    std::string out = matrix_summary(page) + "\n";
    if (matrix.groups.size() > kListGroupsMax && !matrix.has_choice) {
        return out + as_overview(overview_of(matrix, kMapBlocksMax));
    }
    out += legend(page);
    out += left_out_words(matrix.left_out, "no such answer is about them") + "\n";
    if (matrix.groups.size() <= kTableGroupsMax) {
        Footnotes notes;
        out += as_table(page, notes);
        if (!notes.text().empty()) out += "\n" + notes.text();
    } else {
        out += as_lists(page);
    }
    const std::string own = own_node_lines(matrix);
    if (!own.empty()) out += "\n" + own;
    return out;
}

}  // namespace tierwall::ctl
