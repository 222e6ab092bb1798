// SPDX-License-Identifier: Apache-2.0
#include "control/compile/row_writer.hpp"

#include <algorithm>
#include <iterator>

namespace tierwall::compile {
namespace {

using Ranges = std::map<std::uint16_t, std::uint16_t>;

bool contains(const Ranges& ranges, std::uint16_t first, std::uint16_t last) {
    const auto after = ranges.upper_bound(first);
    return after != ranges.begin() && std::prev(after)->second >= last;
}

void insert(Ranges& ranges, std::uint16_t first, std::uint16_t last) {
    std::uint32_t low = first;
    std::uint32_t high = last;
    auto at = ranges.upper_bound(first);
    if (at != ranges.begin() && std::uint32_t{std::prev(at)->second} + 1 >= low) --at;
    while (at != ranges.end() && at->first <= high + 1) {
        low = std::min<std::uint32_t>(low, at->first);
        high = std::max<std::uint32_t>(high, at->second);
        at = ranges.erase(at);
    }
    ranges[static_cast<std::uint16_t>(low)] = static_cast<std::uint16_t>(high);
}

}  // namespace

void RowWriter::start_group() { matched_.clear(); }

bool RowWriter::covered(std::uint32_t peer_class, std::uint32_t protocol, std::uint16_t first,
                        std::uint16_t last) const {
    for (const std::uint32_t some_class : {kAnyClass, peer_class}) {
        // A row for every protocol ignores ports, so its range is always the whole one.
        for (const std::uint32_t some_protocol : {kAnyProtocol, protocol}) {
            const auto entry = matched_.find({some_class, some_protocol});
            if (entry != matched_.end() && contains(entry->second, first, last)) return true;
        }
    }
    return false;
}

void RowWriter::add(const Row& row) {
    if (covered(row.peer_class, row.protocol, row.port_first, row.port_last)) return;
    insert(matched_[{row.peer_class, row.protocol}], row.port_first, row.port_last);
    rows_.push_back(row);
}

}  // namespace tierwall::compile
