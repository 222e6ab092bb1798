// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"
#include "control/ctl/matrix_output.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/document/printable.hpp"

#include <algorithm>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kCell = 22;
constexpr std::size_t kTop = 70;
constexpr std::size_t kLabelWidth = 380;
constexpr std::size_t kLegendHeight = 90;
constexpr std::size_t kLabelMax = 56;  ///< characters
constexpr std::size_t kRulingsMax = 6;

std::string pixels(std::size_t value) { return std::to_string(value); }

std::string text_at(std::size_t x, std::size_t y, const std::string& words,
                    const std::string& more = "") {
    return "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\"" + more + ">" +
           xml_escaped(words) + "</text>\n";
}

/// The end is cut off where it is too long, never within a character.
std::string shortened(std::string words) {
    words = document::printable(words);
    if (words.size() <= kLabelMax) return words;
    std::size_t end = kLabelMax;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0) == 0x80) --end;
    return words.substr(0, end) + "...";
}

std::string why(const MatrixPage& page, const Outcome& outcome) {
    const Matrix& matrix = page.matrix;
    const std::vector<RuledSet> sets = by_ruling(outcome.ruled);
    std::string out;
    for (std::size_t i = 0; i < sets.size() && i < kRulingsMax; ++i) {
        out += "\n" + std::string(base::name(sets[i].ruling.verdict())) + " " +
               text(sets[i].connections, matrix.universe, matrix.protocols) + ": " +
               ruling_words(page.model, sets[i].ruling);
    }
    if (sets.size() > kRulingsMax) out += "\nand " + pixels(sets.size() - kRulingsMax) + " more";
    return out;
}

/// Colours that everybody can tell apart, and a sign besides: a disc for all, a dot for some, a bar
/// for none.
std::string drawn(std::size_t x, std::size_t y, char kind) {
    const std::string at = "x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\"";
    const std::string size = " width=\"" + pixels(kCell - 2) + "\" height=\"" + pixels(kCell - 2);
    const char* style = kind == 'a' ? "a" : kind == 'n' ? "n" : kind == 's' ? "s" : "x";
    std::string out = "<rect " + at + size + "\" class=\"" + style + "\"/>";
    const std::size_t middle = (kCell - 2) / 2;
    const std::string centre = "cx=\"" + pixels(x + middle) + "\" cy=\"" + pixels(y + middle);
    if (kind == 'a') out += "<circle " + centre + "\" r=\"6\" class=\"m\"/>";
    if (kind == 's') out += "<circle " + centre + "\" r=\"2.5\" class=\"m\"/>";
    if (kind == 'n') {
        out += "<rect x=\"" + pixels(x + 4) + "\" y=\"" + pixels(y + middle - 1) + "\" width=\"" +
               pixels(kCell - 10) + "\" height=\"2\" class=\"m\"/>";
    }
    return out;
}

std::string cell_svg(const MatrixPage& page, std::size_t i, std::size_t j) {
    const Matrix& matrix = page.matrix;
    const MatrixCell& cell = matrix.at(i, j);
    char kind = '-';
    std::string title = matrix.groups[i].id + " to " + matrix.groups[j].id + ": ";
    if (cell.outcome == MatrixCell::kNone) {
        title += "nothing to judge";
    } else {
        const Outcome& outcome = matrix.outcomes[cell.outcome];
        const Connections& set = outcome.allowed;
        kind = set.empty() ? 'n' : set == matrix.universe ? 'a' : 's';
        title += matrix.words(outcome) + why(page, outcome);
    }
    if (cell.own_node != MatrixCell::kNone) {
        const Outcome& own = matrix.outcomes[cell.own_node];
        title += "\nwhere one is the other's own node: " + matrix.words(own) + why(page, own);
    }
    return "<g>" + drawn(kLabelWidth + j * kCell, kTop + i * kCell, kind) + "<title>" +
           xml_escaped(title) + "</title></g>\n";
}

std::string labels(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    const std::vector<GroupSummary> summaries = summaries_of(page);
    std::string out;
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        const MatrixGroup& group = matrix.groups[i];
        const GroupSummary& summary = summaries[i];
        std::string words = group.id + "  " + summary.who;
        if (summary.size > 1) words += " (" + pixels(summary.size) + ")";
        out += "<g>" +
               text_at(kLabelWidth - 8, kTop + i * kCell + 15, shortened(words),
                       " text-anchor=\"end\"") +
               "<title>" +
               xml_escaped(group.id + ": " + summary.who + ", for example " + summary.example) +
               "</title></g>\n";
        const std::size_t x = kLabelWidth + i * kCell + 14;
        out += text_at(x, kTop - 8, group.id,
                       " transform=\"rotate(-60 " + pixels(x) + " " + pixels(kTop - 8) + ")\"");
    }
    return out;
}

std::string legend_svg(std::size_t y) {
    const std::pair<char, const char*> signs[] = {
        {'a', "all"}, {'s', "some"}, {'n', "none"}, {'-', "nothing to judge"}};
    std::string out;
    std::size_t x = 20;
    for (const auto& [kind, words] : signs) {
        out += drawn(x, y, kind) + text_at(x + kCell + 4, y + 15, words);
        x += 110;
    }
    return out;
}

}  // namespace

std::string xml_escaped(std::string_view given) {
    std::string out;
    // A line break is the only control character that is meant.
    for (std::size_t start = 0; start <= given.size();) {
        const std::size_t end = std::min(given.find('\n', start), given.size());
        for (const char each : document::printable(given.substr(start, end - start))) {
            switch (each) {
                case '<': out += "&lt;"; break;
                case '>': out += "&gt;"; break;
                case '&': out += "&amp;"; break;
                case '"': out += "&quot;"; break;
                case '\'': out += "&apos;"; break;
                default: out += each;
            }
        }
        if (end < given.size()) out += "&#10;";
        start = end + 1;
    }
    return out;
}

std::string matrix_svg(const MatrixPage& page) {
    const std::size_t groups = page.matrix.groups.size();
    const std::size_t width = std::max<std::size_t>(kLabelWidth + groups * kCell + 20, 520);
    const std::size_t height = kTop + groups * kCell + kLegendHeight;
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
        pixels(width) + "\" height=\"" + pixels(height) + "\" viewBox=\"0 0 " + pixels(width) +
        " " + pixels(height) +
        "\" role=\"img\">\n"
        "<title>Who may connect to whom: sources in rows, destinations in columns</title>\n"
        "<style>text{font:12px sans-serif;fill:#222}.a{fill:#56b4e9}.s{fill:#f0e442}"
        ".n{fill:#d55e00}.x{fill:#e6e6e6}.m{fill:#222}</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    out += text_at(20, 20, "from rows to columns");
    out += labels(page);
    for (std::size_t i = 0; i < groups; ++i) {
        for (std::size_t j = 0; j < groups; ++j) out += cell_svg(page, i, j);
    }
    return out + legend_svg(kTop + groups * kCell + 30) + "</svg>\n";
}

}  // namespace tierwall::ctl
