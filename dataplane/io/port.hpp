// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Port: one DPDK device, attached, configured and started, with its queues.
///
/// Any device that DPDK knows can be a port: a virtual device given by its devargs
/// ("net_af_packet0,iface=tw0") or a PCI address. Opening has two steps, because the size of the
/// mempool depends on what all ports of a NUMA node need: attach() finds the device and its needs,
/// start() gives it memory and queues.
///
/// Threads: attach, start, destructor and the queries on a control thread; receive() and send()
///          by the one worker that owns the queue.
/// Memory:  device queues; mbufs come from the Mempools given to start().
/// Cost:    receive() and send() are one call of the device's driver a burst.

#include "dataplane/base/result.hpp"

#include <rte_ethdev.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tierwall::io {

/// Ethernet header and two VLAN tags: what a frame may be longer than its MTU.
inline constexpr std::uint32_t kFrameOverhead = 14 + 2 * 4;

struct PortStats {
    std::uint64_t rx_packets = 0;
    std::uint64_t tx_packets = 0;
    std::uint64_t rx_missed = 0;
    std::uint64_t rx_errors = 0;
    std::uint64_t tx_errors = 0;
    std::uint64_t rx_no_memory = 0;
};

class Port {
public:
    /// Finds or creates the device. Requires: EAL started.
    /// Fails: Invalid, NotFound, NotSupported, Duplicate or Io; `where` is "port NAME".
    static base::Result<std::unique_ptr<Port>> attach(const std::string& name,
                                                      const std::string& device);
    /// Stops and closes the device; removes it if attach() created it.
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    /// Configures as many queues as there are workers, or what the device allows, and starts. What
    /// came before that is not received.
    base::Status start(std::uint16_t workers, rte_mempool* pool);
    void stop() noexcept;

    /// Frames received, at most frames.size().
    std::uint16_t receive(std::uint16_t queue, std::span<rte_mbuf*> frames) noexcept {
        return rte_eth_rx_burst(device_, queue, frames.data(),
                                static_cast<std::uint16_t>(frames.size()));
    }
    /// Frames taken by the device; the others still belong to the caller.
    std::uint16_t send(std::uint16_t queue, std::span<rte_mbuf*> frames) noexcept {
        return rte_eth_tx_burst(device_, queue, frames.data(),
                                static_cast<std::uint16_t>(frames.size()));
    }

    const std::string& name() const noexcept { return name_; }
    const std::string& device() const noexcept { return devargs_; }
    std::uint16_t rx_queues() const noexcept { return rx_queues_; }
    std::uint16_t tx_queues() const noexcept { return tx_queues_; }
    std::uint16_t mtu() const noexcept { return mtu_; }
    int numa_socket() const noexcept { return numa_socket_; }
    /// Largest frame that one mbuf must hold.
    std::uint32_t frame_bytes() const noexcept { return frame_bytes_; }
    /// Mbufs that the device may hold when `workers` poll it.
    std::uint32_t mbufs_held(std::uint16_t workers) const noexcept;
    /// The device spreads IP packets over its queues by the hash of distribution.
    bool spreads() const noexcept { return spreads_; }

    std::array<std::uint8_t, 6> mac() const noexcept;
    bool link_up() const noexcept;
    PortStats stats() const noexcept;

private:
    Port() = default;
    base::Status probe();
    base::Status read_needs();
    base::Status configure(std::uint16_t workers, const rte_eth_dev_info& info);
    base::Status set_up_queues(rte_mempool* pool);
    void discard_waiting(std::uint32_t frames) noexcept;
    void spread_by_address_pair(const rte_eth_dev_info& info) noexcept;
    base::Error failure(base::Errc code, std::string what) const;

    std::string name_;
    std::string devargs_;
    std::string driver_;
    std::uint16_t device_ = RTE_MAX_ETHPORTS;
    std::uint16_t rx_queues_ = 0;
    std::uint16_t tx_queues_ = 0;
    std::uint16_t rx_descriptors_ = 1024;
    std::uint16_t tx_descriptors_ = 1024;
    std::uint16_t mtu_ = 1500;
    std::uint32_t frame_bytes_ = 0;
    std::uint32_t preloaded_ = 0;
    int numa_socket_ = 0;
    bool created_ = false;
    bool started_ = false;
    bool spreads_ = false;
};

}  // namespace tierwall::io
