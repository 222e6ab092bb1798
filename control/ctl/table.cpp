// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/table.hpp"

#include "control/document/printable.hpp"

#include <algorithm>

namespace tierwall::ctl {

void Table::add(const std::vector<std::string>& cells) {
    std::vector<std::string>& row = rows_.emplace_back();
    row.reserve(cells.size());
    for (const std::string& cell : cells) row.push_back(document::printable(cell));
}

std::string Table::text() const {
    const std::size_t columns = rows_.front().size();
    std::vector<std::size_t> widths(columns, 1);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < std::min(columns, row.size()); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < columns; ++i) {
            const std::string cell = i < row.size() && !row[i].empty() ? row[i] : "-";
            line += cell + std::string(widths[i] - cell.size() + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

}  // namespace tierwall::ctl
