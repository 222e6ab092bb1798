// SPDX-License-Identifier: Apache-2.0
#include "control/lint/port_set.hpp"

#include <algorithm>
#include <iterator>

namespace tierwall::lint {

PortSet::PortSet(const std::vector<policy::Port>& ports) : everything_(ports.empty()) {
    for (const policy::Port& port : ports) {
        if (port.name.empty()) {
            ranges_.push_back({port.protocol, port.first, port.last});
        } else {
            names_.emplace_back(port.protocol, port.name);
        }
    }
    normalize();
}

PortSet PortSet::together(const std::vector<const PortSet*>& sets) {
    PortSet all;
    for (const PortSet* each : sets) {
        all.everything_ = all.everything_ || each->everything_;
        all.ranges_.insert(all.ranges_.end(), each->ranges_.begin(), each->ranges_.end());
        all.names_.insert(all.names_.end(), each->names_.begin(), each->names_.end());
    }
    all.normalize();
    return all;
}

void PortSet::normalize() {
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    std::sort(ranges_.begin(), ranges_.end());
    std::vector<Range> merged;
    for (const Range& each : ranges_) {
        const bool joins = !merged.empty() && merged.back().protocol == each.protocol &&
                           each.first <= merged.back().last + 1;
        if (joins) {
            merged.back().last = std::max(merged.back().last, each.last);
        } else {
            merged.push_back(each);
        }
    }
    ranges_ = std::move(merged);
}

/// Ranges are apart, so that just the last one that begins before can hold another.
bool PortSet::holds(const Range& range) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(),
                                        Range{range.protocol, range.first, ~std::uint32_t{0}});
    if (after == ranges_.begin()) return false;
    const Range& before = *std::prev(after);
    return before.protocol == range.protocol && range.last <= before.last;
}

bool PortSet::meets(const Range& range) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(),
                                        Range{range.protocol, range.last, ~std::uint32_t{0}});
    if (after == ranges_.begin()) return false;
    const Range& before = *std::prev(after);
    return before.protocol == range.protocol && range.first <= before.last;
}

bool PortSet::speaks_of(std::uint8_t protocol) const {
    const auto name = std::lower_bound(names_.begin(), names_.end(), Name{protocol, ""});
    return meets(Range{protocol, 0, 65535}) || (name != names_.end() && name->first == protocol);
}

bool PortSet::inside(const PortSet& other) const {
    if (other.everything_) return true;
    if (everything_) return false;
    return std::all_of(ranges_.begin(), ranges_.end(),
                       [&other](const Range& each) { return other.holds(each); }) &&
           std::all_of(names_.begin(), names_.end(), [&other](const Name& each) {
               return std::binary_search(other.names_.begin(), other.names_.end(), each) ||
                      other.holds(Range{each.first, 1, 65535});
           });
}

bool PortSet::meets(const PortSet& other) const {
    if (everything_ || other.everything_) return true;
    const auto named = [](const PortSet& names, const PortSet& in) {
        return std::any_of(names.names_.begin(), names.names_.end(),
                           [&in](const Name& each) { return in.speaks_of(each.first); });
    };
    const bool fewer = ranges_.size() < other.ranges_.size();
    const PortSet& one = fewer ? *this : other;
    const PortSet& two = fewer ? other : *this;
    return std::any_of(one.ranges_.begin(), one.ranges_.end(),
                       [&two](const Range& each) { return two.meets(each); }) ||
           named(*this, other) || named(other, *this);
}

}  // namespace tierwall::lint
