// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"
#include "control/ctl/matrix_output.hpp"
#include "control/ctl/matrix_overview.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/document/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <utility>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kTop = 100;
constexpr std::size_t kLabelWidth = 380;
constexpr std::size_t kLegendHeight = 90;
constexpr std::size_t kLabelMax = 56;  ///< characters
constexpr std::size_t kRulingsMax = 6;
constexpr std::size_t kCellMax = 22;
constexpr std::size_t kCellMin = 5;
constexpr std::size_t kWidthWanted = 2600;  ///< of all columns, where cells may be small enough

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

/// What is drawn: a square of answers with its labels.
struct Picture {
    std::size_t size = 0;
    std::vector<std::string> heads;   ///< above the columns
    std::vector<std::string> labels;  ///< before the rows
    std::vector<std::string> hints;   ///< on the labels
    std::function<char(std::size_t, std::size_t)> kind;
    std::function<std::string(std::size_t, std::size_t)> words;  ///< on the cells

    std::size_t cell() const {
        return std::clamp(kWidthWanted / std::max<std::size_t>(size, 1), kCellMin, kCellMax);
    }
};

bool is_digit(char kind) { return '0' <= kind && kind <= '9'; }

std::string style_of(char kind) {
    if (is_digit(kind)) return std::string("m") + kind;
    return kind == 'a' || kind == 'n' || kind == 's' ? std::string(1, kind) : "x";
}

/// Tenths between none and all, by way of grey.
std::string mixed_styles() {
    constexpr std::array<int, 3> kNone{0xd5, 0x5e, 0x00};
    constexpr std::array<int, 3> kMiddle{0xee, 0xee, 0xee};
    constexpr std::array<int, 3> kAll{0x56, 0xb4, 0xe9};
    std::string out;
    for (int tenth = 0; tenth < 10; ++tenth) {
        const auto& from = tenth < 5 ? kNone : kMiddle;
        const auto& to = tenth < 5 ? kMiddle : kAll;
        const int way = tenth < 5 ? tenth + 1 : tenth - 4;  // of 6 steps
        char style[32];
        const auto mix = [&](std::size_t i) { return from[i] + (to[i] - from[i]) * way / 6; };
        std::snprintf(style, sizeof(style), ".m%d{fill:#%02x%02x%02x}", tenth,
                      static_cast<unsigned>(mix(0)), static_cast<unsigned>(mix(1)),
                      static_cast<unsigned>(mix(2)));
        out += style;
    }
    return out;
}

/// Colours that everybody can tell apart, and a sign besides: a disc for all, a dot for some, a bar
/// for none, the tenths for mixed.
std::string drawn(std::size_t x, std::size_t y, char kind, std::size_t cell) {
    const std::size_t side = cell - (cell > 10 ? 2 : 1);
    std::string out = "<rect x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" width=\"" +
                      pixels(side) + "\" height=\"" + pixels(side) + "\" class=\"" +
                      style_of(kind) + "\"/>";
    if (cell < kCellMax) return out;
    const std::size_t middle = side / 2;
    const std::string centre = "cx=\"" + pixels(x + middle) + "\" cy=\"" + pixels(y + middle);
    if (kind == 'a') out += "<circle " + centre + "\" r=\"6\" class=\"k\"/>";
    if (kind == 's') out += "<circle " + centre + "\" r=\"2.5\" class=\"k\"/>";
    if (is_digit(kind)) out += text_at(x + middle - 3, y + middle + 4, std::string(1, kind));
    if (kind == 'n') {
        out += "<rect x=\"" + pixels(x + 4) + "\" y=\"" + pixels(y + middle - 1) + "\" width=\"" +
               pixels(cell - 10) + "\" height=\"2\" class=\"k\"/>";
    }
    return out;
}

std::string drawn_cells(const Picture& picture) {
    const std::size_t cell = picture.cell();
    std::string out;
    for (std::size_t i = 0; i < picture.size; ++i) {
        for (std::size_t j = 0; j < picture.size; ++j) {
            const char kind = picture.kind(i, j);
            if (kind == ' ') continue;
            out += "<g>" + drawn(kLabelWidth + j * cell, kTop + i * cell, kind, cell) + "<title>" +
                   xml_escaped(picture.words(i, j)) + "</title></g>\n";
        }
    }
    return out;
}

/// Of many cells: one shape for each kind of answer, cells side by side are one piece of it.
std::string drawn_shapes(const Picture& picture) {
    const std::size_t cell = picture.cell();
    std::map<std::string, std::string> shapes;
    for (std::size_t i = 0; i < picture.size; ++i) {
        for (std::size_t j = 0; j < picture.size;) {
            const char kind = picture.kind(i, j);
            const std::size_t first = j;
            while (j < picture.size && picture.kind(i, j) == kind) ++j;
            if (kind == ' ') continue;
            shapes[style_of(kind)] += "M" + pixels(kLabelWidth + first * cell) + " " +
                                      pixels(kTop + i * cell) + "h" + pixels((j - first) * cell) +
                                      "v" + pixels(cell) + "H" +
                                      pixels(kLabelWidth + first * cell) + "z";
        }
    }
    std::string out;
    for (const auto& [style, shape] : shapes) {
        out += "<path class=\"" + style + "\" d=\"" + shape + "\"/>\n";
    }
    return out;
}

std::string drawn_labels(const Picture& picture) {
    const std::size_t cell = picture.cell();
    const std::string size =
        cell >= 14 ? "" : " style=\"font-size:" + pixels(std::max(cell - 1, kCellMin - 1)) + "px\"";
    std::string out;
    for (std::size_t i = 0; i < picture.size; ++i) {
        const std::size_t base = kTop + i * cell + cell / 2 + std::min<std::size_t>(cell / 3, 4);
        out += "<g>" +
               text_at(kLabelWidth - 8, base, shortened(picture.labels[i]),
                       " text-anchor=\"end\"" + size) +
               "<title>" + xml_escaped(picture.hints[i]) + "</title></g>\n";
        const std::size_t x = kLabelWidth + i * cell + cell * 2 / 3;
        out +=
            text_at(x, kTop - 8, picture.heads[i],
                    " transform=\"rotate(-60 " + pixels(x) + " " + pixels(kTop - 8) + ")\"" + size);
    }
    return out;
}

std::string cell_words(const MatrixPage& page, std::size_t i, std::size_t j) {
    const Matrix& matrix = page.matrix;
    const MatrixCell& cell = matrix.at(i, j);
    std::string title = matrix.groups[i].id + " to " + matrix.groups[j].id + ": ";
    if (cell.outcome == MatrixCell::kNone) {
        title += "nothing to judge";
    } else {
        const Outcome& outcome = matrix.outcomes[cell.outcome];
        title += matrix.words(outcome) + why(page, outcome);
    }
    if (cell.own_node != MatrixCell::kNone) {
        const Outcome& own = matrix.outcomes[cell.own_node];
        title += "\nwhere one is the other's own node: " + matrix.words(own) + why(page, own);
    }
    return title;
}

Picture picture_of(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    Picture out;
    out.size = matrix.groups.size();
    const std::vector<GroupSummary> summaries = summaries_of(page);
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        const std::string& id = matrix.groups[i].id;
        const GroupSummary& summary = summaries[i];
        std::string words = id + "  " + summary.who;
        if (summary.size > 1) words += " (" + pixels(summary.size) + ")";
        out.labels.push_back(words);
        out.heads.push_back(id);
        out.hints.push_back(id + ": " + summary.who + ", for example " + summary.example);
    }
    out.kind = [&matrix](std::size_t i, std::size_t j) {
        const MatrixCell& cell = matrix.at(i, j);
        return cell.is_hidden ? ' ' : matrix.kind(cell.outcome);
    };
    out.words = [&page](std::size_t i, std::size_t j) { return cell_words(page, i, j); };
    return out;
}

/// Requires: the overview outlives the picture.
Picture picture_of(const Overview& overview) {
    Picture out;
    out.size = overview.blocks.size();
    for (std::size_t i = 0; i < overview.blocks.size(); ++i) {
        const OverviewBlock& block = overview.blocks[i];
        const bool has_pods = block.kind == EndKind::Pod;
        out.heads.push_back(pixels(i + 1));
        out.labels.push_back(pixels(i + 1) + "  " + block.name() +
                             (has_pods ? ": " + pixels(block.ends) + " pods" : ""));
        out.hints.push_back(some_of(block.namespaces, block.namespaces.size()));
        if (!has_pods) out.hints.back() = block.name();
    }
    out.kind = [&overview](std::size_t i, std::size_t j) { return overview.sign(i, j); };
    out.words = [&overview](std::size_t i, std::size_t j) {
        return overview.blocks[i].name() + " to " + overview.blocks[j].name() + ": " +
               percentages(overview.at(i, j)) + " of the ports";
    };
    return out;
}

std::string legend_svg(std::size_t y, bool mixed) {
    std::vector<std::pair<char, const char*>> signs = {
        {'a', "all"}, {'s', "some"}, {'n', "none"}, {'-', "nothing to judge"}};
    if (mixed) signs.push_back({'7', "pairs differ: tenths of them that may connect at all"});
    std::string out;
    std::size_t x = 20;
    for (const auto& [kind, words] : signs) {
        out += drawn(x, y, kind, kCellMax) + text_at(x + kCellMax + 4, y + 15, words);
        x += kind == '-' ? 150 : 90;
    }
    return out;
}

std::string svg_of(const Picture& picture, const std::string& summary, bool mixed) {
    const std::size_t side = picture.size * picture.cell();
    const std::size_t width = std::max<std::size_t>(kLabelWidth + side + 20, 760);
    const std::size_t height = kTop + side + kLegendHeight;
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
        pixels(width) + "\" height=\"" + pixels(height) + "\" viewBox=\"0 0 " + pixels(width) +
        " " + pixels(height) +
        "\" role=\"img\">\n"
        "<title>Who may connect to whom: sources in rows, destinations in columns</title>\n"
        "<style>text{font:12px sans-serif;fill:#222}.a{fill:#56b4e9}.s{fill:#f0e442}"
        ".n{fill:#d55e00}.x{fill:#e6e6e6}.k{fill:#222}" +
        (mixed ? mixed_styles() : "") +
        "</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    std::size_t y = 16;
    for (std::size_t start = 0; start < summary.size(); y += 15) {
        const std::size_t end = summary.find('\n', start);
        out += text_at(20, y, summary.substr(start, end - start));
        start = end == std::string::npos ? summary.size() : end + 1;
    }
    out += text_at(20, y, "from rows to columns");
    out += drawn_labels(picture);
    out += picture.size <= kPictureWordsMax ? drawn_cells(picture) : drawn_shapes(picture);
    return out + legend_svg(kTop + side + 30, mixed) + "</svg>\n";
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
    const std::string summary = matrix_summary(page);
    if (page.matrix.groups.size() <= kPictureGroupsMax) {
        return svg_of(picture_of(page), summary, false);
    }
    const Overview overview = overview_of(page.matrix, kPictureGroupsMax);
    return svg_of(picture_of(overview), summary + "too many groups for a picture: by namespace\n",
                  true);
}

}  // namespace tierwall::ctl
