// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Snapshot: everything a worker enforces at one moment, apart from the address map, whose entries
/// carry the generation from which they hold.
///
/// Threads: built by the control thread, immutable afterwards, read by workers through Published.
/// Memory:  small; the ladder and the CIDR table are shared with neighbouring generations.
/// Cost:    one pointer load per burst.

#include "dataplane/identity/cidr_table.hpp"
#include "dataplane/identity/shared_addresses.hpp"
#include "dataplane/tier/ladder.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tierwall::worker {

struct Snapshot {
    std::uint32_t generation = 0;  ///< this process's count of publications, 1-based
    std::uint64_t epoch = 0;       ///< the number the policy source gave it
    std::shared_ptr<const tier::Ladder> ladder;
    std::shared_ptr<const identity::CidrTable> cidrs;
    /// Blocks of service addresses (ClusterIPs): seen on the wire they are counted, because no pod
    /// peer can match them.
    std::shared_ptr<const identity::CidrTable> services;
    std::shared_ptr<const identity::SharedAddresses> shared;
};

}  // namespace tierwall::worker
