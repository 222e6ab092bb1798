// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PodSetIndex: which of the pod sets that policies speak about is a pod in.
///
/// A pod set is kept under one word that each of its pods must show (its namespace, a label of the
/// namespace, or a label of the pod), so that a pod is compared with few candidates instead of all.
///
/// Threads: one control thread.
/// Memory:  a few words a pod set.
/// Cost:    one hash lookup a label, and one comparison a candidate.

#include "control/kube/object.hpp"
#include "control/resolve/term.hpp"

#include <string>
#include <vector>

namespace tierwall::resolve {

struct PodTraits {
    const std::string& namespace_name;
    const kube::Labels& namespace_labels;
    const kube::Labels& labels;
};

bool contains(const policy::PodSet& set, const PodTraits& pod);

class PodSetIndex {
public:
    PodSetIndex(Journal& journal, const Terms& terms) : terms_(terms), by_word_(journal) {}

    void add(TermId id, const policy::PodSet& set);
    void remove(TermId id, const policy::PodSet& set);
    /// Appends the pod sets that hold the pod, in no particular order.
    void find(const PodTraits& pod, std::vector<TermId>& found) const;

private:
    void check(const std::string& word, const PodTraits& pod, std::vector<TermId>& found) const;

    const Terms& terms_;
    Relation<std::string, TermId> by_word_;
};

}  // namespace tierwall::resolve
