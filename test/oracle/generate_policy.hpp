// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Random policies of every kind over the words that generate_cluster.cpp uses.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/random.hpp"
#include "test/oracle/world.hpp"

#include <string>
#include <vector>

namespace tierwall::oracle {

using Addresses = std::vector<std::string>;

inline constexpr const char* kNamespaces[] = {"a", "b", "c"};
inline constexpr const char* kEmptyNamespace = "d";    ///< has no pods
inline constexpr const char* kImpliedNamespace = "e";  ///< has pods, but no object

// Words.
std::string random_key(Random& random);
Json random_labels(Random& random);
Json random_selector(Random& random);
Json random_namespace_selector(Random& random);
std::string random_port_name(Random& random);
std::string random_protocol(Random& random);
int random_port(Random& random);
/// Annotations that audit something, or enforce it: what they say may be wrong.
Json random_mode(Random& random);
int random_length(Random& random, bool v6);
std::string masked(const std::string& address, int bits);
/// Host bits stay set now and then: stored objects have them.
std::string random_block(Random& random, const std::string& address);

/// `addresses` are those of the cluster: blocks are made around them.
Json random_network_policy(Random& random, const Addresses& addresses, const std::string& name);
/// ClusterNetworkPolicy, AdminNetworkPolicy or BaselineAdminNetworkPolicy.
Json random_cluster_policy(Random& random, const Addresses& addresses, const std::string& kind,
                           const std::string& name);

}  // namespace tierwall::oracle
