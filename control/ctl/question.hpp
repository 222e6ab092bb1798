// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Options that `eval` and `explain` share, and what they prepare: the objects of the manifests,
/// compiled and loaded into an Engine.
///
/// Threads: one.
/// Memory:  the cluster, its snapshot and tables.
/// Cost:    reading, compiling and loading the manifests.

#include "control/ctl/command.hpp"
#include "control/ctl/engine.hpp"
#include "control/ctl/probe.hpp"
#include "control/kube/cluster.hpp"
#include "dataplane/base/result.hpp"
#include "proto/resource_set.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tierwall::ctl {

struct QuestionOptions {
    std::vector<std::string> manifests;
    std::string profile = "upstream";
    std::string scope = "all";
    std::string engine = "tiers";
    std::string dns;
    std::string own_node_egress = "enforce";
};

/// Adds --manifests, --profile, --scope, --dns and --own-node-egress; answers with the first.
CLI::Option* offer_question(CLI::App& command, QuestionOptions& options);
/// Adds --engine.
void offer_engine(CLI::App& command, QuestionOptions& options);

/// The manifests, as the snapshot that a dataplane gets.
struct Compiled {
    std::vector<std::string> warnings;  ///< for Answer
    kube::Cluster cluster;
    proto::ResourceSet resources;
};

/// Everything that tierwall-sync would send for these manifests from an empty state. Needs no DPDK.
/// Fails: when a manifest cannot be read, or an object blocks enforcement.
base::Result<Compiled> compile_question(const QuestionOptions& options);

/// The order of members is the order of construction: DPDK goes last.
struct Prepared {
    std::vector<std::string> warnings;  ///< for Answer
    kube::Cluster cluster;
    std::unique_ptr<Eal> eal;
    std::unique_ptr<Engine> engine;
};

/// The same, loaded.
base::Result<Prepared> prepare(const QuestionOptions& options);

/// Warns of ends that are pods which have terminated, once of each.
void add_terminated(Prepared& prepared, const Probe& probe, const Ends& ends);

}  // namespace tierwall::ctl
