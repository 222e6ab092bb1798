// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PortSet: the ports of a rule, in order and without overlaps.
///
/// A name stands for any number but 0, since each pod says for itself which one.
///
/// Threads: values; pure.
/// Memory:  8 bytes a range, the names.
/// Cost:    making one: O(n log n); comparisons: weight() times a logarithm.

#include "control/policy/policy.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::lint {

class PortSet {
public:
    /// No port at all: every protocol.
    explicit PortSet(const std::vector<policy::Port>& ports);
    static PortSet together(const std::vector<const PortSet*>& sets);

    bool inside(const PortSet& other) const;
    /// Could one packet be for both?
    bool meets(const PortSet& other) const;
    std::size_t weight() const { return everything_ ? 1 : ranges_.size() + names_.size(); }

private:
    struct Range {
        std::uint8_t protocol;
        std::uint32_t first;
        std::uint32_t last;
        friend auto operator<=>(const Range&, const Range&) = default;
    };
    using Name = std::pair<std::uint8_t, std::string>;

    PortSet() = default;
    void normalize();
    bool holds(const Range& range) const;
    bool meets(const Range& range) const;
    bool speaks_of(std::uint8_t protocol) const;

    bool everything_ = false;
    std::vector<Range> ranges_;
    std::vector<Name> names_;
};

}  // namespace tierwall::lint
