// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Matrix: who may connect to whom, for every protocol and port, between groups of addresses that
/// may connect to and from the same places.
///
/// Pods that have the same answers in their row and in their column are one group, also where
/// different policies give these answers: a cluster of 10,000 pods has as many groups as it has
/// kinds of pods. What decided is told for the first member of a group.
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
    std::vector<Member> members;  ///< by name
    std::vector<Block> blocks;
};

struct MatrixCell {
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    /// Index of an outcome; kNone: the two never meet, or no policy is asked about them.
    std::uint32_t outcome = kNone;
    /// Between a pod and its own node, where that is another one.
    std::uint32_t own_node = kNone;
};

struct Matrix {
    Protocols protocols;
    Connections universe;  ///< what was asked about
    std::vector<MatrixGroup> groups;
    std::vector<MatrixCell> cells;  ///< by source, then destination
    std::vector<Outcome> outcomes;

    const MatrixCell& at(std::size_t source, std::size_t destination) const {
        return cells[source * groups.size() + destination];
    }
    std::string words(const Outcome& outcome) const {
        return text(outcome.allowed, universe, protocols);
    }
};

struct MatrixQuestion {
    SnapshotView view;
    Decide decide;
    std::vector<base::Family> families;
    /// "tcp/80", "icmp"; empty: everything.
    std::vector<std::string> ports;
};

/// Fails: Limit; Invalid, for a port.
base::Result<Matrix> build_matrix(const MatrixQuestion& question);

/// The slots and ports that were asked about. Fails: Invalid, naming the port.
struct Asked {
    Protocols protocols;
    Connections universe;
};
base::Result<Asked> asked_about(const std::vector<std::string>& ports,
                                std::set<std::uint8_t> named_by_rules);

}  // namespace tierwall::ctl
