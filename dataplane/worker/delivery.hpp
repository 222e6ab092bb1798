// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Delivery: may a copy of a packet that goes to many ports be delivered to this one?
///
/// A packet to one known address was judged with that address's ingress policy, and only its port
/// may have it. A packet to everybody, or to an address that nobody knows, could not be: here the
/// ingress policy of every subject behind the receiving port is asked, and all must allow it.
///
/// Threads: one worker.
/// Memory:  on the stack.
/// Cost:    one lookup of up to kPodsPerPortMax + 2 addresses, one classification.

#include "dataplane/base/verdict.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "dataplane/worker/trust.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tierwall::worker {

class Delivery {
public:
    Delivery(const identity::AddressMap& addresses, const Trust& trust)
        : addresses_(addresses), trust_(trust) {}

    /// Requires: kind Ip, and the packet was let through by judge() as of this snapshot.
    /// Where the pods behind the port are not all known, the answer is NoPort.
    base::Verdict judge(const parse::Headers& headers, const Snapshot& snapshot,
                        std::uint16_t port) const noexcept;

private:
    struct Receivers {
        std::array<identity::Entry, kPodsPerPortMax> entries;
        std::size_t count = 0;
    };

    Receivers receivers_at(std::uint16_t port, const Snapshot& snapshot) const noexcept;
    base::Verdict judge_receivers(const parse::Headers& headers, const Snapshot& snapshot,
                                  const Receivers& receivers) const noexcept;
    identity::Entry entry_of(const base::Address& address, const Snapshot& snapshot) const noexcept;

    const identity::AddressMap& addresses_;
    const Trust& trust_;
};

}  // namespace tierwall::worker
