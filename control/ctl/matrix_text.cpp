// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"
#include "control/ctl/matrix_output.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/ctl/table.hpp"
#include "control/document/printable.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>

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

char kind_of_answer(const Matrix& matrix, std::uint32_t outcome) {
    if (outcome == MatrixCell::kNone) return '-';
    const Connections& set = matrix.outcomes[outcome].allowed;
    return set.empty() ? 'n' : set == matrix.universe ? 'a' : 's';
}

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
            const char* star = cell.own_node == MatrixCell::kNone ? "" : "*";
            row.push_back({notes.mark(answer(matrix, cell.outcome)) + star,
                           kind_of_answer(matrix, cell.outcome)});
        }
    }
    return grid(rows, page.colours);
}

/// For one source: each answer with the destinations that it is for, the most common one last.
std::string as_list(const MatrixPage& page, std::size_t source) {
    const Matrix& matrix = page.matrix;
    std::map<std::string, std::vector<std::size_t>> by_answer;
    for (std::size_t j = 0; j < matrix.groups.size(); ++j) {
        const MatrixCell& cell = matrix.at(source, j);
        if (cell.outcome == MatrixCell::kNone) continue;
        by_answer[answer(matrix, cell.outcome)].push_back(j);
    }
    std::string most;
    for (const auto& [words, list] : by_answer) {
        if (most.empty() || list.size() > by_answer[most].size()) most = words;
    }
    std::string out = "from " + matrix.groups[source].id + "\n";
    const auto line = [&](const std::string& words, const std::string& who) {
        const char kind = words == "all" ? 'a' : words == "none" ? 'n' : 's';
        out += "  " + painted({words, kind}, page.colours) + "  " + who + "\n";
    };
    for (const auto& [words, list] : by_answer) {
        if (words == most && by_answer.size() > 1) continue;
        std::string who = "to";
        for (const std::size_t j : list) who += " " + matrix.groups[j].id;
        line(words, by_answer.size() == 1 ? "to everybody" : who);
    }
    if (by_answer.size() > 1) {
        line(most, "to the other " + std::to_string(by_answer[most].size()));
    }
    return out;
}

std::string own_node_lines(const Matrix& matrix) {
    std::map<std::pair<std::size_t, std::string>, std::string> lines;
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        for (std::size_t j = 0; j < matrix.groups.size(); ++j) {
            const MatrixCell& cell = matrix.at(i, j);
            if (cell.own_node == MatrixCell::kNone) continue;
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
        table.add({group.id, summary.size == 0 ? "" : std::to_string(summary.size), summary.example,
                   who});
    }
    return table.text();
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

std::string matrix_text(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    if (matrix.groups.empty()) return "";
    std::string out = legend(page) + "\n";
    if (matrix.groups.size() <= kTableGroupsMax) {
        Footnotes notes;
        out += as_table(page, notes);
        if (!notes.text().empty()) out += "\n" + notes.text();
    } else {
        for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
            if (matrix.groups[i].is_subject || i == 0 || matrix.groups.front().is_subject) {
                out += as_list(page, i);
            }
        }
    }
    const std::string own = own_node_lines(matrix);
    if (!own.empty()) out += "\n" + own;
    return out;
}

}  // namespace tierwall::ctl
