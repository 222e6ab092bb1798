// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Rig: both processes of an installation: the source of snapshots here, with the parts that
/// tierwall-sync has, and the dataplane in a process of its own.
///
/// Threads: one; the server has its own.
/// Memory:  a cluster's, in both processes.
/// Cost:    half a second to start.

#include "bench/cluster/traffic.hpp"
#include "bench/update/board.hpp"
#include "bench/update/child.hpp"
#include "control/push/server.hpp"
#include "control/sync/snapshots.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tierwall::bench {

class Rig {
public:
    static base::Result<std::unique_ptr<Rig>> start(std::uint32_t flows, bool verbose);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    Board& board() { return *board_; }
    const kube::Objects& objects() const { return snapshots_.store().objects(); }
    kube::Store& store() { return snapshots_.store(); }
    pid_t dataplane() const { return child_->pid(); }

    /// One source for all objects.
    static constexpr const char* kSource = "bench";
    void put(kube::Decoded object) { store().put(kSource, std::move(object)); }

    /// Compiles and publishes what the store holds now. Fails: as compiler and server do.
    base::Status publish();
    /// Waits until the dataplane has acknowledged what was published last. Fails: Io after a while.
    base::Status wait_acked();
    std::uint64_t epoch() const { return epoch_; }
    double compile_ms() const { return compile_ms_; }  ///< of the last publish()

    /// Keeps this process off the core of the dataplane's worker, as another machine would be.
    void leave_workers_core();

    /// No probe is shown any more.
    void hide_probes();
    /// These are shown from now on, as if never seen before.
    void show_probes(std::span<const ShownFrame> frames);
    /// Waits until probe `number` was seen so; answers when that began, 0: it never was.
    std::uint64_t wait_seen(std::size_t number, Seen seen, double seconds);
    /// Which of these connections are allowed now: asks the worker.
    std::vector<bool> survey(std::span<const Connection> connections);

private:
    Rig(SharedBoard board, std::string folder);
    base::Status open(std::uint32_t flows, bool verbose);

    SharedBoard board_;
    const std::string folder_;
    sync::Snapshots snapshots_{{}};
    std::unique_ptr<push::SnapshotServer> server_;
    std::unique_ptr<Child> child_;
    std::uint64_t epoch_ = 0;
    double compile_ms_ = 0;
};

/// The first packet of a connection, as it arrives at a port of the wire. Requires: IPv4.
ShownFrame frame_of(const Connection& connection, std::uint8_t port);

}  // namespace tierwall::bench
