// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Difference: which connections two snapshots judge differently, and what decides in each.
///
/// Exact: every address of both address families, every protocol, every port. Addresses are sorted
/// into groups that neither snapshot can tell apart; a pod that only one of them knows is an
/// address like any other in the other one. Groups of which all changes are the same are one.
///
/// Threads: values.
/// Memory:  each distinct change once, and the pairs of groups that have one.
/// Cost:    O(groups^2) hash lookups.

#include "control/ctl/connections.hpp"
#include "control/ctl/judge.hpp"
#include "control/ctl/matrix.hpp"
#include "control/ctl/population.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::ctl {

/// Both snapshots; 0: before, 1: after.
struct DiffQuestion {
    std::array<SnapshotView, 2> views;
    std::array<Decide, 2> decide;
    std::vector<base::Family> families;
    std::vector<std::string> ports;  ///< empty: everything
};

struct ChangedSet {
    std::array<Ruling, 2> rulings;
    Connections connections;
};

struct DiffPair {
    std::size_t from = 0;  ///< groups
    std::size_t to = 0;
    std::size_t change = 0;
    /// One is the other's own node.
    std::array<bool, 2> own_node{};
};

struct DiffGroup {
    std::string id;
    std::array<EndKind, 2> kinds{};
    std::array<bool, 2> subject{};
    std::vector<Member> members;
    std::vector<Block> blocks;
};

struct Difference {
    Protocols protocols;
    Connections universe;
    std::vector<DiffGroup> groups;  ///< those in pairs
    std::vector<std::vector<ChangedSet>> changes;
    std::vector<DiffPair> pairs;
    // Pods and nodes by name.
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<std::string> readdressed;
    std::vector<base::Prefix> unchanged;  ///< see left_out()

    bool verdicts_change() const { return !pairs.empty(); }
    bool empty() const {
        return pairs.empty() && added.empty() && removed.empty() && readdressed.empty();
    }
};

/// Fails: Limit; Invalid, for a port.
base::Result<Difference> difference(const DiffQuestion& question);

struct DiffPage {
    const Difference& difference;
    std::array<const agent::Model*, 2> models;
    std::array<const kube::Cluster*, 2> clusters;
};
std::string diff_text(const DiffPage& page);
std::string diff_json_text(const DiffPage& page);

}  // namespace tierwall::ctl
