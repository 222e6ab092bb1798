// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Random parts of a cluster. What is made is told apart by a serial number that the cluster keeps.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/random.hpp"
#include "test/oracle/world.hpp"

#include <string>
#include <vector>

namespace tierwall::oracle {

int next_serial(Json& cluster);
/// Of creation; later serial numbers are newer, so it is known who has a shared address.
std::string timestamp(int serial);

Json random_node(Random& random, int number);
Json random_pod(Random& random, Json& cluster);
/// None, one or two a family; an address that another pod has already is wanted at times.
Json random_ips(Random& random, const Json& cluster);
Json random_ports(Random& random);
Json random_namespace_labels(Random& random);
Json random_namespace(Random& random, const Json& cluster, const std::string& name);
/// How many of a cluster's policies have an annotation about it.
int audited_percent(const Json& cluster);
Json random_dns(Random& random, const Json& cluster);
/// A policy of any kind, with a name that no other of its kind has.
Json random_policy(Random& random, Json& cluster, const Json& others);

/// Of one node, or of all for an empty name.
std::vector<std::string> addresses_of_nodes(const Json& cluster, const std::string& node);
/// Of pods, nodes and others, to make blocks around.
std::vector<std::string> known_addresses(const Json& cluster);
std::string outside(Random& random, bool wants_v6);

}  // namespace tierwall::oracle
