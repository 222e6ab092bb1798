// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Fabric: what all workers share to move packets: ports, packet buffers, the learning switch and
/// the rings between workers, and who serves which queue.
///
/// A queue of a device has exactly one worker. Where a device has fewer sending queues than there
/// are workers, the others hand their packets to the one that has the queue.
///
/// Threads: created on a control thread, then read by all workers; its parts say who may call them.
/// Memory:  all of it, allocated by create().
/// Cost:    none of its own.

#include "dataplane/base/result.hpp"
#include "dataplane/io/mempools.hpp"
#include "dataplane/io/port.hpp"
#include "dataplane/io/ring.hpp"
#include "dataplane/io/switch.hpp"
#include "dataplane/worker/clock.hpp"
#include "dataplane/worker/dataplane_config.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tierwall::worker {

/// Places of a ring between two workers: what arrives while the other one sleeps.
inline constexpr std::uint32_t kRingPlaces = 2048;

class Fabric {
public:
    struct Queue {
        std::uint16_t port = 0;
        std::uint16_t queue = 0;
    };
    struct SendPath {
        std::uint32_t worker = 0;  ///< who has the queue
        std::uint16_t queue = 0;
    };

    /// Opens and starts all ports. Fails: Invalid for a configuration that cannot be, else as Port.
    static base::Result<std::unique_ptr<Fabric>> create(const DataplaneConfig& config);

    std::uint32_t workers() const noexcept { return config_.workers; }
    std::uint16_t ports() const noexcept { return static_cast<std::uint16_t>(ports_.size()); }
    io::Port& port(std::uint16_t number) const noexcept { return *ports_[number]; }
    const DataplaneConfig& config() const noexcept { return config_; }
    bool is_switch() const noexcept { return config_.mode == DataplaneConfig::Mode::Switch; }
    bool is_uplink(std::uint16_t port) const noexcept {
        return config_.ports[port].side == Side::Uplink;
    }
    io::Switch& macs() const noexcept { return *macs_; }
    rte_mempool* copies() const noexcept { return pools_.copies(); }
    const Clock& clock() const noexcept { return clock_; }

    /// The queues that a worker polls.
    std::vector<Queue> queues_of(std::uint32_t worker) const;
    SendPath send_path(std::uint32_t worker, std::uint16_t port) const noexcept;
    /// Received frames on their way to the worker that owns their connection.
    io::Ring& received(std::uint32_t from, std::uint32_t to) const noexcept {
        return *received_[from * workers() + to];
    }
    /// Some device has fewer sending queues than there are workers: leaving() exists.
    bool hops_to_send() const noexcept { return hops_to_send_; }
    /// Judged frames on their way to the worker that has the sending queue.
    io::Ring& leaving(std::uint32_t from, std::uint32_t to) const noexcept {
        return *leaving_[from * workers() + to];
    }

private:
    explicit Fabric(const DataplaneConfig& config) : config_(config) {}
    base::Status open_ports();
    base::Status create_pools();
    base::Status create_rings();

    DataplaneConfig config_;
    Clock clock_;
    // Destroyed from the bottom up: rings give their mbufs back, then ports, then the pools go.
    io::Mempools pools_;
    std::vector<std::unique_ptr<io::Port>> ports_;
    std::unique_ptr<io::Switch> macs_;
    std::vector<std::unique_ptr<io::Ring>> received_;
    std::vector<std::unique_ptr<io::Ring>> leaving_;
    bool hops_to_send_ = false;
};

}  // namespace tierwall::worker
