// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// GroupSummary: who is in a group of addresses, in one line.
///
/// Threads: any; pure.
/// Memory:  strings.
/// Cost:    O(members).

#include "control/ctl/population.hpp"
#include "control/kube/cluster.hpp"

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace tierwall::ctl {

struct GroupSummary {
    std::string kind;                  ///< "pods", "nodes", "block", "world"
    std::size_t size = 0;              ///< pods or nodes; 0 for blocks
    std::string example;               ///< "shop/web-0", "n1", "203.0.113.1"
    std::string who;                   ///< "shop: app=web"; "10.0.0.0/8"; "every other address"
    std::string family;                ///< where all addresses are of one
    std::set<std::string> names;       ///< of pods or nodes
    std::set<std::string> namespaces;  ///< of pods
    kube::Labels labels;               ///< that all of them have
};

/// `members` and `blocks` are those of one group; names are looked up in the clusters in order.
GroupSummary summarize(std::span<const Member> members, std::span<const Block> blocks,
                       std::span<const kube::Cluster* const> clusters);

/// Pods with addresses of both families may be in two groups: who is there says which.
void tell_families_apart(std::vector<GroupSummary>& summaries);

/// "a, b, c and 4 more".
std::string some_of(const std::vector<std::string>& words, std::size_t words_max);

/// A line about blocks within those of a table that are not meant: "Not among them, because nothing
/// changes for them: 10.1.0.0/16". Empty without any.
std::string left_out_words(const std::vector<base::Prefix>& blocks, const char* because);
std::vector<std::string> texts(const std::vector<base::Prefix>& blocks);

}  // namespace tierwall::ctl
