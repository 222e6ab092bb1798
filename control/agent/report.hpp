// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Report: what people are told of a running tierwalld: status, flows, rules.
///
/// Threads: the control thread.
/// Memory:  the replies; a batch of kBatch flows at a time.
/// Cost:    status O(ports + workers); rules O(rules + rows); a batch of flows O(kBatch).

#include "control/agent/client.hpp"
#include "control/agent/config.hpp"
#include "control/agent/enforcer.hpp"
#include "control/agent/keeper.hpp"
#include "control/agent/rule_tally.hpp"
#include "control/agent/warnings.hpp"
#include "dataplane/worker/dataplane.hpp"
#include "proto/status.pb.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::agent {

class Report {
public:
    using Clock = std::chrono::steady_clock;
    /// Places of the flow table looked at in one piece of the control thread's time.
    static constexpr std::uint32_t kBatch = 16'384;

    /// All outlive the report.
    struct Parts {
        const Config& config;
        const Enforcer& enforcer;
        identity::AddressMap& addresses;
        const worker::Dataplane& dataplane;
        const SyncClient& client;
        const Keeper& keeper;
        const RuleTally& tally;
        const std::string& version;
        std::string disk_problem = {};  ///< why the snapshot on disk is not used
    };
    explicit Report(const Parts& parts) : parts_(parts) {}

    /// When the snapshot in force was applied, and how many older ones wait.
    void note_applied(bool from_disk);
    void note_retired(std::size_t snapshots) { retired_ = snapshots; }

    void status(v1::StatusReply& reply) const;
    /// Rows from place `at` on, which it moves; false when there are no more.
    bool flows(const v1::FlowsRequest& request, std::uint64_t& at,
               std::vector<v1::FlowRow>& rows) const;
    void rules(std::vector<v1::RuleRow>& rows) const;

private:
    void add_control(v1::StatusReply& reply) const;
    void add_tables(v1::StatusReply& reply) const;
    void count_totals() const;
    void add_ports(v1::StatusReply& reply) const;
    void add_workers(v1::StatusReply& reply) const;
    void add_warnings(v1::StatusReply& reply) const;
    void add_flow(const flow::FlowView& flow, std::uint32_t worker, v1::FlowRow& row) const;

    const Parts parts_;
    const Clock::time_point started_ = Clock::now();
    Clock::time_point applied_;
    bool from_disk_ = false;
    std::size_t retired_ = 0;
    /// Counted once an epoch, since that takes a walk over everything.
    struct Totals {
        std::uint64_t epoch = 0;
        std::uint64_t identities = 0;
        std::uint64_t rules = 0;
        std::uint64_t audited = 0;
    };
    mutable Totals totals_;
};

}  // namespace tierwall::agent
