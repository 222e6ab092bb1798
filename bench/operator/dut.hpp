// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Dut: the firewall under test in this process: a whole dataplane as tierwalld runs it, in wire
/// mode between two ports, and what it counted.
///
/// Threads: one control thread; the dataplane has its workers.
/// Memory:  ports, mempools and flow tables.
/// Cost:    create() about 0.2 s.

#include "bench/operator/load.hpp"
#include "bench/operator/policies.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/worker/dataplane.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace tierwall::tester {

struct DutOptions {
    std::array<std::string, kSides> devices;  ///< by side
    std::uint16_t workers = 1;
    std::uint32_t flows_max = 1u << 18;  ///< of all workers together
};

/// What all workers counted so far, or between two looks.
struct Tally {
    std::array<std::uint64_t, base::kReasonCount> reasons{};
    std::uint64_t received = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t sent = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t created = 0;  ///< new connections
    std::uint64_t missed = 0;   ///< not taken from the devices in time
    std::uint64_t hops = 0;     ///< packets that changed workers
    double cpu_s = 0;           ///< of the workers' threads
    double waited_s = 0;        ///< while somebody else had their cores
    double wall_s = 0;

    std::uint64_t dropped() const;  ///< for whatever reason
    std::uint64_t lost() const;     ///< for want of room or time
};
Tally operator-(const Tally& a, const Tally& b);

class Dut {
public:
    /// Requires: `policies` outlives it. Fails: as Dataplane.
    static base::Result<std::unique_ptr<Dut>> create(const Policies& policies,
                                                     const DutOptions& options);
    void start() { dataplane_->start(); }
    void stop() { dataplane_->stop(); }
    Tally tally() const;
    /// How long workers have been kept from their cores so far.
    static double waited_s();
    /// "port full: 3, isolated: 7", of what was dropped.
    static std::string words(const Tally& tally);

private:
    explicit Dut(std::unique_ptr<worker::Dataplane> dataplane) : dataplane_(std::move(dataplane)) {}
    std::unique_ptr<worker::Dataplane> dataplane_;
};

}  // namespace tierwall::tester
