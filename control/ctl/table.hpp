// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Table: rows of words in aligned columns, for people; printable whatever the words are.
///
/// Threads: values.
/// Memory:  all rows until text() is asked for.
/// Cost:    none on the packet path.

#include <string>
#include <vector>

namespace tierwall::ctl {

class Table {
public:
    explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}

    /// Missing cells are empty.
    void add(const std::vector<std::string>& cells);
    /// Columns two spaces apart, no spaces at the end of a line; an empty cell is shown as "-".
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace tierwall::ctl
