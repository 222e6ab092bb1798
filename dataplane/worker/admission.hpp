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

    /// Adds a packet to the next round: from now on its flow is on its way into the cache.
    void expect(const Burst& burst, Round& round, std::size_t packet) noexcept {
        const parse::Headers& headers = burst.headers[packet];
        expect(round, packet, headers.icmp_error ? headers.embedded : headers.tuple);
    }
    /// `tuple`: of its flow.
    void expect(Round& round, std::size_t packet, const parse::Tuple& tuple) noexcept {
        const std::size_t place = round.packets.count;
        round.tuples[place] = &tuple;
        parts_.flows.expect(tuple, round.found[place]);
        round.packets.add(packet);
        if (place == kApproachAt) approach(round, kApproachFirst);
    }
    /// Gives `round.packets` their outcomes, but for those that it leaves in `round.deferred`.
    /// Requires: burst.snapshot is not null.
    void judge(const Burst& burst, Round& round) noexcept;
    /// A later fragment's verdict: its first fragment's.
    base::Verdict follow(const Burst& burst, std::size_t packet) const noexcept;

private:
    // Stages, each over the round.
    void sort(const Burst& burst, Round& round) noexcept;
    void look_up(const Burst& burst, Round& round) noexcept;
    void check_senders(const Burst& burst, Round& round) noexcept;
    void ask_policy(const Burst& burst, Round& round) noexcept;
    void ask_in_reverse(const Burst& burst, Round& round) noexcept;

    /// Where a burst is long, the lines of its first flows are on their way while its last packets
    /// are parsed: a core can wait for so many lines at a time and no more.
    static constexpr std::size_t kApproachAt = 23;
    static constexpr std::size_t kApproachFirst = 16;
    /// Asks for the lines of the round's flows up to `count`.
    void approach(Round& round, std::size_t count) noexcept;

    // One packet.
    bool goes_along(const Burst& burst, std::size_t packet, const flow::Lookup& found) noexcept;
    void sort_out(const Burst& burst, Round& round, std::size_t i) noexcept;
    bool lives(const flow::Lookup& found, std::uint32_t now_s) noexcept;
    Matter matter_of_flow(const Burst& burst, std::size_t packet,
                          const flow::Lookup& found) const noexcept;
    bool is_related(const parse::Headers& headers, const Item& item) const noexcept;
    void add_inquiry(const Burst& burst, Round& round, Item& item) noexcept;

    Parts parts_;
    Settlement settlement_;
};

}  // namespace tierwall::worker
