// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Burst: the packets that a worker judges together, and their way through the stages.
///
/// A round takes some packets of the burst from flow lookup to verdict, each stage over all of
/// them. When one packet changes a flow, the later packets of that flow wait for the next round,
/// so that they see what it did. Nearly always there is one round.
///
/// Threads: one worker.
/// Memory:  one of each in the pipeline, reused for every burst.
/// Cost:    nothing is cleared between bursts; counts say what is valid.

#include "dataplane/base/verdict.hpp"
#include "dataplane/flow/table.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/worker/inquiry.hpp"
#include "dataplane/worker/pipeline.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tierwall::worker {

/// What is given from outside.
struct Burst {
    std::span<const Frame> frames;
    std::span<parse::Headers> headers;
    std::span<Outcome> outcomes;
    const Snapshot* snapshot = nullptr;
    std::uint64_t now_ms = 0;
    std::uint32_t now_s = 0;
    bool pickup = false;  ///< connections from before the start are still looked for
};

/// A list of places in the burst.
struct Places {
    std::array<std::uint8_t, kBurst> list;
    std::size_t count = 0;

    void add(std::size_t packet) noexcept { list[count++] = static_cast<std::uint8_t>(packet); }
    std::span<const std::uint8_t> all() const noexcept { return {list.data(), count}; }
};

/// How a packet stands to the flow table.
enum class Matter : std::uint8_t {
    Settled,        ///< has a current flow, and came in where that flow's packets come in
    Unknown,        ///< no flow
    NewConnection,  ///< has a flow, but opens a connection of its own
    Changed,        ///< has a flow; something that decided it changed since
    Elsewhere,      ///< has a current flow, but came in at another port than before
    Error,          ///< ICMP error, `found` is the flow it is about
    Neighbour,      ///< ARP or neighbour discovery: the ends are sender and target
};

/// A packet that no current flow settles.
struct Item {
    static constexpr std::uint8_t kNone = 0xff;

    std::uint8_t packet = 0;
    Matter matter = Matter::Unknown;
    bool settled = false;
    std::uint8_t inquiry = kNone;   ///< place in Round::inquiries
    std::uint8_t reversed = kNone;  ///< place in Round::reversed
    flow::Lookup found;
    identity::Entry source;  ///< of the packet, not of the flow
    identity::Entry destination;
};

struct Round {
    Places packets;  ///< to look up in the flow table
    // Of each of these, in their order.
    std::array<const parse::Tuple*, kBurst> tuples;
    std::array<flow::Lookup, kBurst> found;
    std::size_t approached = 0;  ///< of these, the first so many were approached

    std::array<Item, kBurst> items;
    std::size_t items_count = 0;
    std::array<base::Address, 2 * kBurst> addresses;
    std::array<identity::Entry, 2 * kBurst> entries;

    std::array<Inquiry, kBurst> inquiries;
    std::size_t inquiries_count = 0;
    std::array<Inquiry, kBurst> reversed;
    std::size_t reversed_count = 0;

    std::array<std::uint64_t, kBurst> altered;  ///< hashes of the flows that this round changed
    std::size_t altered_count = 0;
    std::array<std::uint64_t, kBurst> waiting;  ///< hashes of packets that sort() deferred
    std::size_t waiting_count = 0;
    Places deferred;

    void begin() noexcept {
        approached = 0;
        items_count = inquiries_count = reversed_count = altered_count = waiting_count = 0;
        deferred.count = 0;
    }
    void add_item(std::size_t packet, Matter matter, const flow::Lookup& lookup) noexcept {
        Item& item = items[items_count++];
        item.packet = static_cast<std::uint8_t>(packet);
        item.matter = matter;
        item.settled = false;
        item.inquiry = item.reversed = Item::kNone;
        item.found = lookup;
    }
    std::span<Item> all_items() noexcept { return {items.data(), items_count}; }
    bool has_item(std::uint64_t hash) const noexcept {
        for (std::size_t i = 0; i < items_count; ++i) {
            if (items[i].found.hash == hash) return true;
        }
        return false;
    }
    bool is_altered(std::uint64_t hash) const noexcept {
        for (std::size_t i = 0; i < altered_count; ++i) {
            if (altered[i] == hash) return true;
        }
        return false;
    }
    /// An earlier packet of the flow was deferred: so must this one be, to stay behind it.
    bool is_waiting(std::uint64_t hash) const noexcept {
        for (std::size_t i = 0; i < waiting_count; ++i) {
            if (waiting[i] == hash) return true;
        }
        return false;
    }
    void defer(std::size_t packet, std::uint64_t hash) noexcept {
        deferred.add(packet);
        waiting[waiting_count++] = hash;
    }
    void note_altered(std::uint64_t hash) noexcept { altered[altered_count++] = hash; }
};

}  // namespace tierwall::worker
