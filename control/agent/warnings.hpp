// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// warnings_about: what is wrong with how this dataplane is set up or connected, each as one
/// sentence that names the fix.
///
/// Threads: any; a pure function.
/// Memory:  the sentences.
/// Cost:    a status query.

#include "dataplane/base/counters.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::agent {

/// Sums over all workers, and how the control plane stands.
struct Condition {
    base::Counters counts;
    std::uint64_t fragments_replaced = 0;  ///< see Pipeline::fragments_replaced
    std::uint64_t flows = 0;
    std::uint64_t flows_max = 0;
    std::uint64_t addresses = 0;
    std::uint64_t addresses_max = 0;
    bool boot_open = false;
    std::uint64_t epoch = 0;         ///< enforced; 0: none
    std::uint64_t stored_epoch = 0;  ///< last one on disk
    std::string disk_problem;        ///< why the snapshot that was on disk at the start is not used
    std::string store_error;         ///< why the last one is not
    bool sync_connected = false;
    std::uint64_t disconnected_s = 0;
    std::string sync_address;
    std::string sync_error;
    std::vector<std::string> problems;  ///< of the last Nack, unless an Ack came since
    std::size_t retired_snapshots = 0;
    std::vector<std::string> host;             ///< ways around the firewall
    std::string unknown_scope;                 ///< of which the snapshot has no node
    std::vector<std::string> source_blocked;   ///< why the source publishes nothing new
    std::vector<std::string> source_problems;  ///< that it sees in its objects
    std::uint64_t source_problems_more = 0;    ///< that are not among these
};

/// Nobody is protected here, and why.
std::string scope_warning(const std::string& scope);

std::vector<std::string> warnings_about(const Condition& condition);

}  // namespace tierwall::agent
