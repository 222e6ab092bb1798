// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Forwarder: carries out the verdicts of a burst: drops, or finds the port and sends.
///
/// In wire mode the port is the other end of the pair. In switch mode it is the port a pod's
/// address is bound to, whatever the frame's MAC address says, and for an address that cannot be a
/// local pod's the uplink; else the one where the MAC was learned; else every port that the packet
/// may be delivered to. So a MAC address that is not its sender's diverts next to nothing.
///
/// Threads: one worker each.
/// Memory:  a sending buffer a port; allocated by the constructor.
/// Cost:    wire: a few ns a packet. Switch: one or two cache lines of the MAC table, a bulk
///          address lookup; a flood costs a clone and a question to policy for each port.

#include "dataplane/base/counters.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/worker/fabric.hpp"
#include "dataplane/worker/pipeline.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tierwall::worker {

class Forwarder {
public:
    /// A judged burst: equal sizes, at most kBurst. rte_mbuf::port is the port's number here.
    struct Judged {
        std::span<rte_mbuf*> mbufs;
        std::span<const parse::Headers> headers;
        std::span<Outcome> outcomes;
        const Snapshot* snapshot = nullptr;
        std::uint32_t now_s = 0;
    };

    Forwarder(const Fabric& fabric, std::uint32_t worker, Pipeline& pipeline,
              const identity::AddressMap& addresses);
    ~Forwarder();
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    /// Takes all mbufs of the burst. A packet that finds no way out gets the verdict that says why.
    void forward(const Judged& burst) noexcept;
    /// Takes the mbuf; it leaves with the next flush() at the latest.
    void send(std::uint16_t port, rte_mbuf* mbuf) noexcept;
    void flush() noexcept;

private:
    struct Outbox {
        std::array<rte_mbuf*, kBurst> mbufs{};
        std::size_t count = 0;
        Fabric::SendPath path;
        std::uint16_t mtu = 0;
    };
    using Ports = std::array<std::uint16_t, kBurst>;

    void forward_switched(const Judged& burst) noexcept;
    Ports bound_ports(const Judged& burst) const noexcept;
    std::uint16_t home_of(const base::Address& address,
                          const identity::Entry& entry) const noexcept;
    bool learn(const Judged& burst, std::size_t i) noexcept;
    std::uint16_t destination(const Judged& burst, std::size_t i,
                              std::uint16_t bound) const noexcept;
    void flood(const Judged& burst, std::size_t i, bool uplinks_only) noexcept;
    /// May the packet be delivered to `port`, and fits?
    base::Verdict delivery(const Judged& burst, std::size_t i, std::uint16_t port) noexcept;
    base::Verdict delivery_to(const Judged& burst, std::size_t i, std::uint16_t bound,
                              std::uint16_t port) noexcept;
    bool fits(const Judged& burst, std::size_t i, std::uint16_t port) const noexcept;
    void deliver(const Judged& burst, std::size_t i, std::uint16_t port) noexcept;
    void drop(const Judged& burst, std::size_t i, const base::Verdict& verdict) noexcept;
    /// What was to leave and cannot.
    void lose(rte_mbuf* mbuf, base::Reason reason) noexcept;
    void send(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept;
    void flush(std::uint16_t port) noexcept;
    void leave(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept;
    void send_now(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept;
    void hand_over(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept;

    const Fabric& fabric_;
    const std::uint32_t worker_;
    Pipeline& pipeline_;
    base::Counters& counters_;
    const identity::AddressMap& addresses_;
    std::vector<Outbox> outboxes_;
    std::size_t waiting_ = 0;
};

}  // namespace tierwall::worker
