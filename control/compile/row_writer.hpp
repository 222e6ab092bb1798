// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RowWriter: the rows of one table in order of precedence, without those that can never match.
///
/// Threads: one control thread.
/// Memory:  28 bytes a row.
/// Cost:    O(log) a row.

#include "dataplane/base/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace tierwall::compile {

inline constexpr std::uint32_t kAnyClass = 65536;
inline constexpr std::uint32_t kAnyProtocol = 256;

struct Row {
    std::uint32_t group = 0;
    std::uint32_t peer_class = kAnyClass;
    std::uint32_t protocol = kAnyProtocol;
    std::uint16_t port_first = 0;
    std::uint16_t port_last = 65535;
    base::Action action = base::Action::Allow;
    std::uint32_t rule = 0;
};

class RowWriter {
public:
    /// Rows of another group follow; what came before says nothing about them.
    void start_group();
    /// Adds the row, unless earlier rows of the group already match all that it could.
    void add(const Row& row);
    /// Can no later row of the group match anything?
    bool closed() const { return covered(kAnyClass, kAnyProtocol, 0, 65535); }

    const std::vector<Row>& rows() const { return rows_; }

private:
    using Ranges = std::map<std::uint16_t, std::uint16_t>;  ///< first -> last, never touching

    bool covered(std::uint32_t peer_class, std::uint32_t protocol, std::uint16_t first,
                 std::uint16_t last) const;
    std::vector<Row> rows_;
    /// What the group's rows so far match, by class and protocol.
    std::map<std::pair<std::uint32_t, std::uint32_t>, Ranges> matched_;
};

}  // namespace tierwall::compile
