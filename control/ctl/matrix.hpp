// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Matrix: who may connect to whom, for every protocol and port, between groups of addresses that
/// may connect to and from the same places.
///
/// Pods that have the same answers in their row and in their column are one group, also where
/// different policies give these answers: a cluster of 10,000 pods has as many groups as it has
/// kinds of pods. So do blocks of addresses. Putting groups together leaves rows and columns that
/// differ different, so there is nothing left to put together. What decided is told for the first
/// member of a group.
///
/// A question may be about some pods only: then their groups are told from everybody else's, and
/// everybody else is told apart only by what may come from these pods and go to them.
///
/// Threads: values.
/// Memory:  8 bytes a pair of groups, and each distinct answer once.
/// Cost:    O(identities^2) hash lookups.

#include "control/ctl/connections.hpp"
#include "control/ctl/judge.hpp"
#include "control/ctl/population.hpp"
#include "control/kube/cluster.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::ctl {

inline constexpr std::size_t kIdentityGroupsMax = 30'000;

struct Outcome {
    std::vector<Ruled> ruled;  ///< of the first members
    Connections allowed;
};

struct MatrixGroup {
    std::string id;  ///< "G1", "N1", "B1", "W"
    EndKind kind = EndKind::Outside;
    bool is_subject = false;
    bool is_alone = false;        ///< one address of a family: it meets only itself in its group
    bool is_chosen = true;        ///< it was asked about
    std::vector<Member> members;  ///< by name
    std::vector<Block> blocks;
};

struct MatrixCell {
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    /// Index of an outcome; kNone: the two never meet, or no policy is asked about them.
    std::uint32_t outcome = kNone;
    /// Between a pod and its own node, where that is another one.
    std::uint32_t own_node = kNone;
    /// It was not asked about, or not for this answer.
    bool is_hidden = false;

    bool is_answer() const { return outcome != kNone && !is_hidden; }
};

/// Pairs of pods by what may go from one to the other.
struct PairCounts {
    std::uint64_t all = 0;
    std::uint64_t some = 0;
    std::uint64_t none = 0;

    std::uint64_t total() const { return all + some + none; }
    PairCounts& operator+=(const PairCounts& more) {
        all += more.all;
        some += more.some;
        none += more.none;
        return *this;
    }
};

struct Matrix {
    Protocols protocols;
    Connections universe;  ///< what was asked about
    std::vector<MatrixGroup> groups;
    std::vector<MatrixCell> cells;  ///< by source, then destination
    std::vector<Outcome> outcomes;
    bool has_choice = false;             ///< it is about some pods only
    std::vector<base::Prefix> left_out;  ///< blocks without such answers; see left_out()
    PairCounts pod_pairs;                ///< of what was asked about, before answers were hidden

    /// 'a'll, 'n'one, 's'ome, '-': nothing to judge.
    char kind(std::uint32_t outcome) const {
        if (outcome == MatrixCell::kNone) return '-';
        const Connections& set = outcomes[outcome].allowed;
        return set.empty() ? 'n' : set == universe ? 'a' : 's';
    }
    const MatrixCell& at(std::size_t source, std::size_t destination) const {
        return cells[source * groups.size() + destination];
    }
    std::string words(const Outcome& outcome) const {
        return text(outcome.allowed, universe, protocols);
    }
};

enum class OnlyAnswers : std::uint8_t { All, Denied, Allowed };

/// Which part of the matrix.
struct MatrixFilter {
    std::set<std::string> namespaces;  ///< of pods
    std::set<std::string> pods;        ///< "namespace/name"
    OnlyAnswers only = OnlyAnswers::All;

    bool chooses() const { return !namespaces.empty() || !pods.empty(); }
};

struct MatrixQuestion {
    SnapshotView view;
    Decide decide;
    std::vector<base::Family> families;
    /// "tcp/80", "icmp"; empty: everything.
    std::vector<std::string> ports;
    MatrixFilter filter = {};
};

/// Fails: Limit; Invalid, for a port; NotFound, for a pod or namespace of the filter.
base::Result<Matrix> build_matrix(const MatrixQuestion& question);

/// The slots and ports that were asked about. Fails: Invalid, naming the port.
struct Asked {
    Protocols protocols;
    Connections universe;
};
base::Result<Asked> asked_about(const std::vector<std::string>& ports,
                                std::set<std::uint8_t> named_by_rules);

}  // namespace tierwall::ctl
