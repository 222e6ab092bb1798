// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Bed: two ports joined as a wire, each queue of which is fed with prebuilt frames.
///
/// The ports are DPDK's null devices, opened as the daemon opens its ports. What is sent to one is
/// gone; what it receives are the frames that its queue's Feed shows. Each worker has a queue of
/// each port, as on a card that spreads connections over its queues.
///
/// Threads: created on a control thread; each queue is used by one thread.
/// Memory:  the mempool of the ports.
/// Cost:    create() about 0.2 s.

#include "bench/path/feed.hpp"
#include "bench/path/slice.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/worker/fabric.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::bench {

inline constexpr std::uint16_t kUplinkPort = 0;
inline constexpr std::uint16_t kPodsPort = 1;
inline constexpr std::uint16_t kPorts = 2;
/// 64 bytes on the wire without the frame's checksum.
inline constexpr std::uint16_t kSmallest = 60;

class Bed {
public:
    static base::Result<std::unique_ptr<Bed>> create(std::uint16_t workers);

    worker::Fabric& fabric() noexcept { return *fabric_; }
    std::uint16_t workers() const noexcept { return workers_; }
    Feed& feed(std::uint16_t port, std::uint16_t worker) noexcept {
        return *feeds_[std::size_t{port} * workers_ + worker];
    }
    bool is_drained(std::uint16_t worker) noexcept {
        return feed(kUplinkPort, worker).empty() && feed(kPodsPort, worker).empty();
    }

    /// The bare loop: receives bursts, reads each packet's header line and sends it on.
    Slice run_base(std::uint16_t worker, double seconds) noexcept;

private:
    Bed(std::uint16_t workers, std::unique_ptr<worker::Fabric> fabric)
        : workers_(workers), fabric_(std::move(fabric)) {}

    std::uint16_t workers_;
    std::unique_ptr<worker::Fabric> fabric_;
    std::vector<std::unique_ptr<Feed>> feeds_;
};

}  // namespace tierwall::bench
