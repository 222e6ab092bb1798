// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// LabelSet: all the labels that a selector matches, as a set that can be compared with others.
///
/// Each key is on its own in a selector, so that a set of labels is a product of sets of values,
/// and containment and overlap are decided exactly, for every object that could ever be.
///
/// Threads: values; pure.
/// Memory:  the selector's.
/// Cost:    O(requirements), of comparisons O(weight); nothing is copied but by common().

#include "control/policy/policy.hpp"
#include "control/policy/selector.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace tierwall::lint {

class LabelSet {
public:
    /// Every labels there are.
    LabelSet() = default;
    explicit LabelSet(const policy::Selector& selector);

    void require(const policy::Requirement& requirement);
    bool empty() const;
    /// Is every member in `other` too? An empty set is inside of any.
    bool inside(const LabelSet& other) const;
    LabelSet common(const LabelSet& other) const;
    bool meets(const LabelSet& other) const;
    /// Are these labels one of its members?
    bool holds(const policy::Labels& labels) const;
    /// A member with as few labels as can be. Requires: not empty.
    policy::Labels example() const;
    /// The values that the key must have one of; null when any other will do or none.
    const std::set<std::string>* values_of(const std::string& key) const;
    /// Keys and values: what a comparison with another set may cost.
    std::size_t weight() const;
    std::size_t keys() const { return keys_.size(); }

private:
    /// What one key may be.
    struct Values {
        bool absent = true;
        bool others = true;            ///< every value but those listed, else just those
        std::set<std::string> listed;  ///< see others

        bool empty() const { return !absent && !others && listed.empty(); }
        bool inside(const Values& other) const;
        bool meets(const Values& other) const;
        Values common(const Values& other) const;
    };
    static Values values(const policy::Requirement& requirement);

    std::map<std::string, Values> keys_;
};

}  // namespace tierwall::lint
