// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PodSets: the distinct sets of pods that policies speak of, each with its area.
///
/// As in the resolver, a set is kept under one word that each of its pods must show, so that a pod
/// is compared with few candidates; here each comparison is a step of somebody's budget.
///
/// Threads: one.
/// Memory:  some 500 bytes a set, and its labels three times.
/// Cost:    find(): one hash lookup a label, and one comparison a candidate.

#include "control/lint/area.hpp"
#include "control/lint/budget.hpp"
#include "control/resolve/pod_set_index.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::lint {

using SetNumber = std::uint32_t;

class PodSets {
public:
    explicit PodSets(const KnownNamespaces& known) : known_(known) {}

    /// Requires: the set stays where it is.
    SetNumber add(const policy::PodSet& set);
    /// The number of an equal set.
    std::optional<SetNumber> find(const policy::PodSet& set) const;
    std::size_t size() const { return sets_.size(); }
    const policy::PodSet& set(SetNumber number) const { return *sets_[number]; }
    const Area& area(SetNumber number) const { return areas_[number]; }

    bool holds(SetNumber number, const resolve::PodTraits& pod) const;
    /// The sets that hold the pod, ascending; some of them when the budget does not suffice.
    std::vector<SetNumber> holding(const resolve::PodTraits& pod, Budget& budget) const;
    /// Those that may hold all of a set, ascending: they hold one pod of it. Requires: not empty.
    std::vector<SetNumber> around(SetNumber number, Budget& budget) const;

private:
    struct Less {
        bool operator()(const policy::PodSet* a, const policy::PodSet* b) const { return *a < *b; }
    };
    void check(const std::string& word, const resolve::PodTraits& pod, Budget& budget,
               std::vector<SetNumber>& found) const;

    const KnownNamespaces& known_;
    std::vector<const policy::PodSet*> sets_;
    std::deque<Area> areas_;
    std::map<const policy::PodSet*, SetNumber, Less> numbers_;
    std::unordered_map<const policy::PodSet*, SetNumber> places_;
    std::unordered_map<std::string, std::vector<SetNumber>> by_word_;
};

}  // namespace tierwall::lint
