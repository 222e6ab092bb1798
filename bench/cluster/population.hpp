// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Population: who lives in a generated cluster, in the words that pods and policies are made of.
///
/// Teams own namespaces, namespaces hold applications, applications have replicas that are alike.
/// Sizes have a long tail, as in real clusters: most applications have a few replicas, some many.
///
/// Threads: values.
/// Memory:  about 200 bytes an application; pods are only counted here.
/// Cost:    O(applications).

#include "bench/cluster/random.hpp"
#include "bench/cluster/shape.hpp"
#include "control/kube/cluster.hpp"
#include "dataplane/base/address.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::bench {

struct App {
    std::string name;       ///< label `app`
    std::string component;  ///< label `component`: web, api, worker, db, cache
    std::string version;    ///< label `version`
    std::vector<kube::ContainerPort> ports;
    std::uint32_t replicas = 1;
};

struct Space {
    std::string name;
    std::string team;
    std::string env;          ///< prod, staging or dev
    bool restricted = false;  ///< label `compliance: pci`
    bool dual_stack = false;
    std::vector<App> apps = {};
};

struct Population {
    Shape shape;
    std::vector<std::string> teams;
    std::vector<Space> spaces;         ///< 0: kube-system, 1: ingress, 2: monitoring
    std::vector<std::string> outside;  ///< CIDR blocks that policies speak of, as text
    std::uint32_t nodes = 0;

    static constexpr std::size_t kSystem = 0;
    static constexpr std::size_t kIngress = 1;
    static constexpr std::size_t kMonitoring = 2;
    static constexpr std::size_t kFirstTenant = 3;
};

Population populate(const Shape& shape);

/// Namespaces, pods and nodes as API objects.
kube::Cluster cluster_of(const Population& population);

/// One more replica of an application; `number` makes its name and address its own. Two replicas
/// of one number and different applications must not be in one cluster.
kube::Pod replica(const Population& population, const Space& space, const App& app,
                  std::uint32_t number);

}  // namespace tierwall::bench
