// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Random policies of both dialects over the words that generate.cpp uses for its clusters.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/random.hpp"
#include "test/oracle/world.hpp"

#include <string>
#include <vector>

namespace tierwall::oracle {

Json random_labels(Random& random);

/// `addresses` are those of the cluster: blocks are made around them.
Json random_network_policy(Random& random, const std::vector<std::string>& addresses,
                           const std::string& name);
Json random_cluster_policy(Random& random, const std::vector<std::string>& addresses,
                           const std::string& name);

inline constexpr const char* kNamespaces[] = {"a", "b", "c"};

}  // namespace tierwall::oracle
