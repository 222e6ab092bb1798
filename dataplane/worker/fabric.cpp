// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/fabric.hpp"

#include "dataplane/worker/readers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace tierwall::worker {

namespace {

using base::Done;
using base::Errc;
using base::Error;
using base::Status;

Status check(const DataplaneConfig& config) {
    const std::size_t count = config.ports.size();
    if (count == 0) return Error{Errc::Required, "ports", "no port is configured"};
    if (count > kPortsMax) {
        return Error{Errc::TooMany, "ports", "at most " + std::to_string(kPortsMax)};
    }
    if (config.mode == DataplaneConfig::Mode::Wire && count % 2 != 0) {
        return Error{Errc::Invalid, "ports",
                     "wire mode joins ports in pairs, but there are " + std::to_string(count)};
    }
    if (config.workers == 0 || config.workers > kWorkersMax) {
        return Error{Errc::Invalid, "workers", "must be 1 to " + std::to_string(kWorkersMax)};
    }
    if (config.flows_max / config.workers < kFlowsMinPerWorker) {
        return Error{Errc::Invalid, "flows_max",
                     "must be at least " + std::to_string(kFlowsMinPerWorker) + " for each worker"};
    }
    std::set<std::string> names;
    for (const PortConfig& port : config.ports) {
        if (port.name.empty()) return Error{Errc::Required, "ports", "a port has no name"};
        if (!names.insert(port.name).second) {
            return Error{Errc::Duplicate, "port " + port.name, "the name is used twice"};
        }
    }
    return Done{};
}

}  // namespace

base::Result<std::unique_ptr<Fabric>> Fabric::create(const DataplaneConfig& config) {
    TW_TRY(checked, check(config));
    std::unique_ptr<Fabric> fabric(new Fabric(config));
    TW_TRY(opened, fabric->open_ports());
    TW_TRY(rings, fabric->create_rings());
    std::vector<io::Switch::PortRule> rules;
    for (const PortConfig& port : config.ports) {
        rules.push_back(
            {.uplink = port.side == Side::Uplink, .tied = port.reserved, .own = port.peer_mac});
    }
    fabric->macs_ = std::make_unique<io::Switch>(rules);
    return fabric;
}

Status Fabric::open_ports() {
    for (const PortConfig& port : config_.ports) {
        TW_TRY(attached, io::Port::attach(port.name, port.device));
        ports_.push_back(std::move(attached));
    }
    TW_TRY(pools, create_pools());
    for (const auto& port : ports_) {
        TW_TRY(started, port->start(static_cast<std::uint16_t>(config_.workers),
                                    pools_.of(port->numa_socket())));
    }
    return Done{};
}

Status Fabric::create_pools() {
    const std::uint32_t count = workers();
    // Bursts, sending buffers and the pools' caches of each worker, and full rings.
    const std::uint32_t in_workers = count * (512u + 64u + 32u * ports());
    const std::uint32_t in_rings = (count - 1) * count * kRingPlaces / 2;
    std::map<int, io::Mempools::Need> needs;
    for (const auto& port : ports_) {
        io::Mempools::Need& need = needs[port->numa_socket()];
        need.mbufs += port->mbufs_held(static_cast<std::uint16_t>(count));
        need.frame_bytes = std::max(need.frame_bytes, port->frame_bytes());
    }
    for (auto& [socket, need] : needs) {
        need.mbufs = std::max(need.mbufs + in_workers + in_rings, 4096u);
        TW_TRY(added, pools_.add(socket, need));
    }
    if (!is_switch()) return Done{};
    return pools_.add_copies(std::max(in_workers * 2, 8192u));
}

Status Fabric::create_rings() {
    const std::uint32_t count = workers();
    if (count == 1) return Done{};
    for (const auto& port : ports_) hops_to_send_ |= port->tx_queues() < count;
    received_.resize(std::size_t{count} * count);
    leaving_.resize(std::size_t{count} * count);
    for (std::uint32_t i = 0; i < count * count; ++i) {
        if (i / count == i % count) continue;
        TW_TRY(received, io::Ring::create(kRingPlaces, SOCKET_ID_ANY));
        received_[i] = std::move(received);
        if (!hops_to_send_) continue;
        TW_TRY(leaving, io::Ring::create(kRingPlaces, SOCKET_ID_ANY));
        leaving_[i] = std::move(leaving);
    }
    return Done{};
}

std::vector<Fabric::Queue> Fabric::queues_of(std::uint32_t worker) const {
    std::vector<Queue> queues;
    for (std::uint16_t number = 0; number < ports(); ++number) {
        // Queue q of a card that spreads holds what belongs to worker q. Other devices' single
        // queues are dealt out so that no worker gets all of them.
        const std::uint32_t first = ports_[number]->spreads() ? 0 : number;
        for (std::uint16_t queue = 0; queue < ports_[number]->rx_queues(); ++queue) {
            if ((first + queue) % workers() == worker) queues.push_back({number, queue});
        }
    }
    return queues;
}

Fabric::SendPath Fabric::send_path(std::uint32_t worker, std::uint16_t port) const noexcept {
    const std::uint32_t queues = std::min<std::uint32_t>(ports_[port]->tx_queues(), workers());
    const std::uint32_t queue = (worker + workers() - port % workers()) % workers() % queues;
    return {.worker = (queue + port) % workers(), .queue = static_cast<std::uint16_t>(queue)};
}

}  // namespace tierwall::worker
