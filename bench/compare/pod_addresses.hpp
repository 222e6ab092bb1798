// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PodAddresses: which IPv4 addresses of a cluster the words of a policy mean.
///
/// It asks each pod, one after the other, and knows nothing of identities: a plain second way to
/// what resolve/ finds by its indexes.
///
/// Threads: one.
/// Memory:  a set for each different selector that was asked about.
/// Cost:    O(pods) for a selector, once.

#include "bench/compare/ipv4_set.hpp"
#include "control/kube/cluster.hpp"
#include "control/policy/policy.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace tierwall::bench {

class PodAddresses {
public:
    /// Requires: the cluster outlives the object.
    explicit PodAddresses(const kube::Cluster& cluster) : cluster_(cluster) {}

    const Ipv4Set& of(const policy::PodSet& set) const;
    /// Names of domains mean nobody.
    Ipv4Set of(const policy::Peer& peer) const;
    Ipv4Set all() const { return of(policy::PodSet{}); }
    /// Port number -> those of `among` whose container port of that name and protocol has it.
    std::map<std::uint16_t, Ipv4Set> with_port(const policy::Port& port,
                                               const Ipv4Set& among) const;
    /// Of each node its own addresses, and those of its pods.
    std::vector<std::pair<Ipv4Set, Ipv4Set>> by_node() const;

private:
    const kube::Cluster& cluster_;
    mutable std::map<policy::PodSet, Ipv4Set> known_;
};

}  // namespace tierwall::bench
