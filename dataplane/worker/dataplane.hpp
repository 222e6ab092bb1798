// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Dataplane: ports, workers and what joins them, as one thing that is created, started, asked and
/// stopped.
///
/// Ports are numbered by their place in the configuration; that number is Frame::port,
/// AddressMap's bound port and the place in ports(). With one worker packets never change cores;
/// with more, both directions of a connection meet on one worker.
///
/// Threads: everything here on one control thread, except that the queries are also allowed
///          from others once create() has returned.
/// Memory:  ports, mempools, rings, flow tables: all allocated by create().
/// Cost:    create() about 0.1 s a port; stop() below 100 ms.

#include "dataplane/base/counters.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/io/port.hpp"
#include "dataplane/verdict/event_ring.hpp"
#include "dataplane/worker/dataplane_config.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "dataplane/worker/published.hpp"
#include "dataplane/worker/readers.hpp"
#include "dataplane/worker/snapshot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tierwall::worker {

struct PortView {
    std::string name;
    std::string device;
    std::string pod;
    Side side = Side::Uplink;
    std::uint32_t number = 0;
    std::array<std::uint8_t, 6> mac{};
    bool link_up = false;
    std::uint16_t mtu = 0;
    io::PortStats stats;
};

class Dataplane {
public:
    /// Opens all ports and allocates everything. Requires: EAL started; the references outlive
    /// the object; readers were created for at least config.workers.
    /// Fails: Invalid (wire mode with an odd number of ports, no ports, no workers, a name twice,
    /// too few flows),
    /// and what Port and Pipeline fail with; nothing stays open then.
    static base::Result<std::unique_ptr<Dataplane>> create(const DataplaneConfig& config,
                                                           const Published<Snapshot>& snapshots,
                                                           Readers& readers,
                                                           identity::AddressMap& addresses);
    ~Dataplane();  ///< stops
    Dataplane(const Dataplane&) = delete;
    Dataplane& operator=(const Dataplane&) = delete;

    void start();
    void stop();  ///< may be started again
    bool running() const noexcept;

    std::uint32_t workers() const noexcept;
    const base::Counters& counters(std::uint32_t worker) const noexcept;
    const Pipeline& pipeline(std::uint32_t worker) const noexcept;
    /// Moves a worker's oldest denied packets into `events`; answers how many. Control thread only.
    std::size_t take_events(std::uint32_t worker, std::span<verdict::Event> events) noexcept;
    /// The CPU a worker is bound to, or -1 when it runs where the kernel puts it.
    int core(std::uint32_t worker) const noexcept;

    std::vector<PortView> ports() const;
    /// Ways around the firewall on the host, and what is odd about who lives behind the ports, one
    /// sentence each with its fix.
    std::vector<std::string> warnings() const;
    /// The clock that is given to Pipeline::judge, for idle times of flows.
    std::uint64_t now_ms() const noexcept;

private:
    struct State;
    explicit Dataplane(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tierwall::worker
