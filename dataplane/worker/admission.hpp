// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Admission: from the flow table to the verdict, for the IP, ARP and neighbour packets of a burst.
///
/// A packet of a current flow that comes in where the flow's packets came in before is settled by
/// the flow alone. Every other one is looked up in the address map, its sender is checked, policy
/// is asked where policy has a say, and the flow table is brought up to date, in this order, each
/// stage over all packets of the round.
///
/// Threads: one worker.
/// Memory:  one Round, owned by the pipeline; the flow and fragment tables.
/// Cost:    a settled flow: its cache line and two words of change generations.

#include "dataplane/worker/burst.hpp"
#include "dataplane/worker/parts.hpp"
#include "dataplane/worker/settlement.hpp"

#include <cstddef>
#include <cstdint>

namespace tierwall::worker {

class Admission {
public:
    explicit Admission(const Parts& parts) : parts_(parts), settlement_(parts) {}

    /// Gives `round.packets` their outcomes, but for those that it leaves in `round.deferred`.
    /// Requires: burst.snapshot is not null.
    void judge(const Burst& burst, Round& round) noexcept;
    /// A later fragment's verdict: its first fragment's.
    base::Verdict follow(const Burst& burst, std::size_t packet) const noexcept;

private:
    // Stages, each over the round.
    void find_flows(const Burst& burst, Round& round) noexcept;
    void sort(const Burst& burst, Round& round) noexcept;
    void look_up(const Burst& burst, Round& round) noexcept;
    void check_senders(const Burst& burst, Round& round) noexcept;
    void ask_policy(const Burst& burst, Round& round) noexcept;
    void ask_in_reverse(const Burst& burst, Round& round) noexcept;

    // One packet.
    bool is_plain(const Burst& burst, std::size_t packet, const flow::Lookup& found) const noexcept;
    bool lives(const flow::Lookup& found, std::uint32_t now_s) noexcept;
    Matter matter_of_flow(const Burst& burst, std::size_t packet,
                          const flow::Lookup& found) const noexcept;
    bool is_related(const parse::Headers& headers, const Item& item) const noexcept;
    void add_inquiry(const Burst& burst, Round& round, Item& item) noexcept;

    Parts parts_;
    Settlement settlement_;
};

}  // namespace tierwall::worker
