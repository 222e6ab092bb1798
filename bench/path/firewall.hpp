// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Firewall: the workers of a dataplane on a Bed, turned by the measuring threads.
///
/// Each worker is the daemon's own: its Loop polls the ports, its Pipeline judges, and what they
/// publish is an Enforcer's. Only the thread is ours, so that it can be stopped between slices.
///
/// Threads: run() of a worker by one thread; the rest by one control thread while none runs.
/// Memory:  a flow table a worker.
/// Cost:    see docs/PERFORMANCE.md.

#include "bench/path/bed.hpp"
#include "control/agent/enforcer.hpp"
#include "dataplane/worker/loop.hpp"
#include "dataplane/worker/pipeline.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tierwall::bench {

/// Packets between two looks at the counters of one worker.
struct Tally {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t established = 0;  ///< let through as part of a known flow
    std::uint64_t created = 0;      ///< new flows
    std::uint64_t expired = 0;
};
Tally operator-(const Tally& a, const Tally& b);

class Firewall {
public:
    /// Requires: the references outlive the object. `flows_max`: of each worker.
    static base::Result<std::unique_ptr<Firewall>> create(Bed& bed, agent::Enforcer& enforcer,
                                                          std::uint32_t flows_max);

    /// Turns a worker for so long.
    Slice run(std::uint16_t worker, double seconds) noexcept;
    /// Turns it until its feeds have nothing more.
    Slice drain(std::uint16_t worker) noexcept;

    worker::Pipeline& pipeline(std::uint16_t worker) noexcept { return *pipelines_[worker]; }
    Tally tally(std::uint16_t worker) const;

private:
    Firewall(Bed& bed, agent::Enforcer& enforcer) : bed_(bed), enforcer_(enforcer) {}

    Bed& bed_;
    agent::Enforcer& enforcer_;
    std::vector<std::unique_ptr<worker::Pipeline>> pipelines_;
    std::vector<std::unique_ptr<worker::Loop>> loops_;
};

}  // namespace tierwall::bench
