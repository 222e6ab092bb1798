// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RealPath: a scenario's manifests through the real code, in one process: decoded, turned into
/// policies, compiled, loaded as tierwalld loads them, and asked.
///
/// One RealPath keeps its compiler and its tables, as a running pair of tierwall-sync and tierwalld
/// does; enforce() again is an update.
///
/// Threads: one.
/// Memory:  a cluster's tables, in DPDK's memory.
/// Cost:    irrelevant; only tests use it.

#include "control/agent/enforcer.hpp"
#include "control/compile/compiler.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "test/oracle/generate.hpp"

#include <memory>
#include <optional>
#include <string>

namespace tierwall::oracle {

/// What one direction said, in the oracle's words.
struct RealSide {
    bool allow = true;
    std::string tier;
    std::optional<RulePlace> place;
};
struct RealAnswer {
    bool judged = true;
    std::string reason;  ///< of packets
    bool allow = true;
    RealSide egress;
    RealSide ingress;
};

class RealPath {
public:
    explicit RealPath(const std::string& scope_node = "");
    ~RealPath();

    /// Nothing, or what was refused.
    std::optional<std::string> enforce(const Scenario& scenario);
    RealAnswer ask_tiers(const Probe& probe) const;
    RealAnswer ask_packets(const Probe& probe);
    const proto::ResourceSet& resources() const { return enforcer_->resources(); }

private:
    RealSide side(const base::Decision& decision) const;
    RealAnswer answer(const base::Decision& egress, const base::Decision& ingress) const;

    compile::Compiler compiler_;
    std::unique_ptr<agent::Enforcer> enforcer_;
    std::unique_ptr<worker::Pipeline> pipeline_;
    std::uint64_t epoch_ = 0;
};

/// Nothing when the real answer is one that the oracle accepts; else what differs.
std::optional<std::string> difference(const Judgement& expected, const RealAnswer& real);

}  // namespace tierwall::oracle
