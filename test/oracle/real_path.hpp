// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RealPath: a scenario's manifests through the real code, in one process: decoded, turned into
/// policies, compiled, carried over as a difference, loaded as tierwalld loads them, and asked.
///
/// One RealPath keeps its store, its compiler and its tables, as a running pair of tierwall-sync
/// and tierwalld does; enforce() again is an update.
///
/// Threads: one.
/// Memory:  a cluster's tables, in DPDK's memory.
/// Cost:    irrelevant; only tests use it.

#include "control/agent/enforcer.hpp"
#include "control/compile/compiler.hpp"
#include "control/kube/store.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "test/oracle/generate.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::oracle {

/// What one direction said, in the oracle's words.
struct RealSide {
    bool allow = true;
    std::string tier;
    std::optional<RulePlace> place;
};
struct RealDenial {
    bool egress = false;
    RealSide side;
};
struct RealAnswer {
    bool judged = true;
    std::string reason;  ///< of packets
    bool allow = true;
    RealSide egress;
    RealSide ingress;
    std::optional<RealDenial> audit;  ///< if audited policies were enforced
};

class RealPath {
public:
    struct Manner {
        std::string scope_node = {};   ///< empty: all pods are subjects
        bool tells_changes = false;    ///< to the compiler, which looks for them else
        bool own_node_egress = false;  ///< isolation admits what a pod sends to its own node
    };
    RealPath();
    explicit RealPath(const Manner& manner);
    ~RealPath();

    /// Nothing, or what was refused.
    std::optional<std::string> enforce(const Scenario& scenario);
    /// The same for texts as people write them.
    std::optional<std::string> enforce(const std::string& manifests, const std::string& names);
    RealAnswer ask_tiers(const Probe& probe) const;
    RealAnswer ask_packets(const Probe& probe);
    /// As it stands on the wire.
    RealAnswer ask_packet(const std::vector<std::uint8_t>& bytes, std::uint16_t port);

private:
    struct Past;

    std::optional<std::string> load(const proto::ResourceSet& resources);
    RealSide side(const base::Decision& decision) const;
    RealAnswer answer(const base::Decision& egress, const base::Decision& ingress,
                      const base::Decision& audit) const;

    const bool tells_changes_;
    kube::Store store_;
    compile::Compiler compiler_;
    std::unique_ptr<Past> past_;  ///< what was compiled last
    proto::ResourceSet carried_;  ///< what the differences told tierwalld
    std::unique_ptr<agent::Enforcer> enforcer_;
    std::unique_ptr<worker::Pipeline> pipeline_;
    std::uint64_t epoch_ = 0;
};

/// The first packet of such a connection.
std::vector<std::uint8_t> packet_of(const Probe& probe);

/// Nothing when the real answer is one that the oracle accepts; else what differs.
std::optional<std::string> difference(const Judgement& expected, const RealAnswer& real);

}  // namespace tierwall::oracle
