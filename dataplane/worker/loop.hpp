// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Loop: one worker's life: receive, judge, forward, tidy up, and sleep when there is nothing.
///
/// One turn polls each of the worker's queues once, takes what other workers hand over, judges in
/// bursts of up to kBurst and sends. Between turns the worker holds nothing that is published, so
/// the control thread can replace snapshots without asking.
///
/// Threads: run() or turn() by one thread; stop() by any.
/// Memory:  bursts on the object; allocated by the constructor.
/// Cost:    an empty turn is one poll of each queue and about 50 ns.

#include "dataplane/identity/address_map.hpp"
#include "dataplane/worker/fabric.hpp"
#include "dataplane/worker/forwarder.hpp"
#include "dataplane/worker/idle.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "dataplane/worker/published.hpp"
#include "dataplane/worker/readers.hpp"
#include "dataplane/worker/snapshot.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace tierwall::worker {

class Loop {
public:
    /// What a loop works with; all of it outlives the loop.
    struct World {
        const Fabric& fabric;
        const Published<Snapshot>& snapshots;
        Readers& readers;
        const identity::AddressMap& addresses;
    };
    Loop(const World& world, std::uint32_t worker, Pipeline& pipeline);

    /// Turns until stop(). The worker is online while it turns and offline while it sleeps.
    void run() noexcept;
    void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }
    void allow() noexcept { stopping_.store(false, std::memory_order_relaxed); }

    /// One turn; how many packets it moved. Requires: online.
    std::size_t turn(std::uint64_t now_us) noexcept;

private:
    /// Frames for another worker, gathered during one poll.
    struct Handoff {
        std::array<rte_mbuf*, kBurst> mbufs{};
        std::size_t count = 0;
    };

    std::size_t poll(const Fabric::Queue& queue) noexcept;
    void keep_own(std::size_t first, std::size_t count) noexcept;
    void hand_over(std::uint32_t worker) noexcept;
    std::size_t take_handed_over() noexcept;
    std::size_t send_for_others() noexcept;
    void judge(std::size_t count) noexcept;
    void judge_full_bursts() noexcept;
    void sleep(std::uint32_t pause_us) noexcept;

    const World world_;
    const std::uint32_t worker_;
    const std::uint32_t workers_;
    Pipeline& pipeline_;
    base::Counters& counters_;
    Forwarder forwarder_;
    Idle idle_;
    const std::vector<Fabric::Queue> queues_;
    std::vector<Handoff> handoffs_;
    std::array<rte_mbuf*, 2 * kBurst> gathered_{};
    std::size_t gathered_count_ = 0;
    // Of the burst at hand; here, because clearing them would cost more than parsing.
    std::array<Frame, kBurst> frames_;
    std::array<parse::Headers, kBurst> headers_;
    std::array<Outcome, kBurst> outcomes_;
    const Snapshot* snapshot_ = nullptr;
    std::uint64_t now_ms_ = 0;
    std::atomic<bool> stopping_{false};
};

}  // namespace tierwall::worker
