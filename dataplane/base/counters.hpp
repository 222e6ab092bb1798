// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Counters: one worker's counts, written by it alone and read by anybody.
///
/// They add up, summed over the workers of a process that is at rest:
///   rx_packets + flood_copies = tx_packets + the reasons of dropped packets
///   rx_packets + lost_after_verdict = all reasons
/// So a packet has one reason; only one that was to be sent and could not be has another, besides.
///
/// Threads: one writer (the worker); readers see each count whole, not all of one moment.
/// Memory:  one object per worker, on cache lines of its own.
/// Cost:    one plain add.

#include "dataplane/base/verdict.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace tierwall::base {

/// One number with one writer.
class Counter {
public:
    void add(std::uint64_t amount = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    std::uint64_t read() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) Counters {
    std::array<Counter, kReasonCount> packets_by_reason;
    Counter rx_packets;
    Counter rx_bytes;
    Counter tx_packets;
    Counter tx_bytes;
    Counter flows_created;
    Counter flows_expired;
    Counter flows_closed;
    Counter flows_yielded;   ///< ended early to make room for others in a full table
    Counter flows_revoked;   ///< cut because policy changed
    Counter flows_rejudged;  ///< judged again because something that decided them changed
    Counter service_address_seen;
    Counter flood_copies;        ///< of packets that went to several ports, besides the packets
    Counter lost_after_verdict;  ///< let through, or a copy, but not sent: the reason says why
    Counter ring_hops;
    Counter events_lost;
    Counter sleeps;
    Counter would_deny;                ///< let through, though an audited policy denies it
    Counter macs_without_room;         ///< senders' MAC addresses that were not remembered
    Counter link_locals_without_room;  ///< the same of link-local addresses, or forgotten early

    Counter& of(Reason reason) noexcept {
        return packets_by_reason[static_cast<std::size_t>(reason)];
    }
    const Counter& of(Reason reason) const noexcept {
        return packets_by_reason[static_cast<std::size_t>(reason)];
    }
};

}  // namespace tierwall::base
