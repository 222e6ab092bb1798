// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/forwarder.hpp"

#include "dataplane/io/wire.hpp"

#include <rte_mbuf.h>

#include <algorithm>

namespace tierwall::worker {

namespace {

using base::Reason;

constexpr std::uint32_t kEthernetHeader = 14;

// Frames that speak to everybody on the link and that no policy is about.
bool is_link_matter(const parse::Headers& headers, Reason reason) noexcept {
    return headers.kind != parse::Kind::Ip || reason == Reason::NeighbourDiscovery ||
           reason == Reason::Dhcp || reason == Reason::OpenBoot;
}

}  // namespace

Forwarder::Forwarder(const Fabric& fabric, std::uint32_t worker, Pipeline& pipeline,
                     const identity::AddressMap& addresses)
    : fabric_(fabric),
      worker_(worker),
      pipeline_(pipeline),
      counters_(pipeline.counters()),
      addresses_(addresses),
      outboxes_(fabric.ports()) {
    for (std::uint16_t port = 0; port < fabric.ports(); ++port) {
        outboxes_[port].path = fabric.send_path(worker, port);
    }
}

Forwarder::~Forwarder() {
    for (Outbox& box : outboxes_) {
        rte_pktmbuf_free_bulk(box.mbufs.data(), static_cast<unsigned>(box.count));
    }
}

void Forwarder::drop(rte_mbuf* mbuf, Reason reason) noexcept {
    counters_.of(reason).add();
    rte_pktmbuf_free(mbuf);
}

void Forwarder::forward(const Judged& burst) noexcept {
    if (fabric_.is_switch()) return forward_switched(burst);
    for (std::size_t i = 0; i < burst.mbufs.size(); ++i) {
        rte_mbuf* mbuf = burst.mbufs[i];
        if (burst.outcomes[i].verdict.action == base::Action::Allow) {
            send_checked(io::other_end(mbuf->port), mbuf, burst.headers[i]);
        } else {
            rte_pktmbuf_free(mbuf);
        }
    }
}

void Forwarder::forward_switched(const Judged& burst) noexcept {
    const Ports bound = bound_ports(burst);
    for (std::size_t i = 0; i < burst.mbufs.size(); ++i) {
        rte_mbuf* mbuf = burst.mbufs[i];
        if (burst.outcomes[i].verdict.action != base::Action::Allow) {
            rte_pktmbuf_free(mbuf);
            continue;
        }
        if (!learn(burst, i)) {
            drop(mbuf, Reason::SpoofedMac);
            continue;
        }
        const std::uint16_t port = destination(burst, i, bound[i]);
        if (port == io::kFlood) {
            flood(burst, i, bound[i] == kUplinkOrigin);
        } else if (port == mbuf->port) {
            drop(mbuf, Reason::SamePort);
        } else if (const Reason reason =
                       bound[i] == port ? Reason::Policy : objection_to_stray(burst, i, port);
                   !base::passes(reason)) {
            drop(mbuf, reason);
        } else {
            send_checked(port, mbuf, burst.headers[i]);
        }
    }
}

// A group or an unknown address in a frame to one MAC address: policy has judged the address, but
// not the pod that the frame would reach.
Reason Forwarder::objection_to_stray(const Judged& burst, std::size_t i,
                                     std::uint16_t port) noexcept {
    return fabric_.is_uplink(port) ? Reason::Policy : objection(burst, i, port);
}

// A bound address decides over the MAC address, which the sender is free to choose: policy was
// asked about the address.
std::uint16_t Forwarder::destination(const Judged& burst, std::size_t i,
                                     std::uint16_t bound) const noexcept {
    if (bound < fabric_.ports()) return bound;
    const std::uint16_t port = fabric_.macs().find(burst.headers[i].mac_destination, burst.now_s);
    const bool is_elsewhere =
        bound == kUplinkOrigin && port != io::kFlood && !fabric_.is_uplink(port);
    return is_elsewhere ? io::kFlood : port;
}

// The port that each packet's destination is bound to, kUplinkOrigin or kUnbound.
Forwarder::Ports Forwarder::bound_ports(const Judged& burst) const noexcept {
    Ports ports;
    ports.fill(identity::kUnbound);
    if (burst.snapshot == nullptr) return ports;
    std::array<base::Address, kBurst> addresses;
    std::array<std::size_t, kBurst> places;
    std::size_t count = 0;
    for (std::size_t i = 0; i < burst.mbufs.size(); ++i) {
        if (burst.outcomes[i].verdict.action != base::Action::Allow ||
            burst.headers[i].kind != parse::Kind::Ip) {
            continue;
        }
        addresses[count] = burst.headers[i].tuple.destination;
        places[count++] = i;
    }
    std::array<identity::Entry, kBurst> entries;
    const auto found = std::span(entries).first(count);
    addresses_.lookup(std::span(addresses).first(count), burst.snapshot->generation, found);
    for (std::size_t i = 0; i < count; ++i) {
        if (entries[i].is_known()) ports[places[i]] = addresses_.bound_port(entries[i].slot);
    }
    return ports;
}

bool Forwarder::learn(const Judged& burst, std::size_t i) noexcept {
    const std::uint16_t port = burst.mbufs[i]->port;
    const io::Switch::Claim claim{.port = port, .trusted = fabric_.is_uplink(port)};
    return fabric_.macs().learn(burst.headers[i].mac_source, claim, burst.now_s) !=
           io::Learned::Refused;
}

Reason Forwarder::objection(const Judged& burst, std::size_t i, std::uint16_t port) noexcept {
    const parse::Headers& headers = burst.headers[i];
    const Reason reason = burst.outcomes[i].verdict.reason;
    // A client's request is for servers, and those are behind the uplink alone.
    if (reason == Reason::Dhcp && !fabric_.is_uplink(port)) return Reason::NoPort;
    if (is_link_matter(headers, reason)) return reason;
    const base::Verdict verdict = pipeline_.judge_delivery(headers, burst.snapshot, port);
    return verdict.action == base::Action::Allow ? reason : verdict.reason;
}

void Forwarder::flood(const Judged& burst, std::size_t i, bool uplinks_only) noexcept {
    std::array<std::uint16_t, kPortsMax> receivers;
    std::size_t count = 0;
    rte_mbuf* mbuf = burst.mbufs[i];
    Reason why_not = Reason::NoPort;
    for (std::uint16_t port = 0; port < fabric_.ports(); ++port) {
        if (port == mbuf->port || (uplinks_only && !fabric_.is_uplink(port))) continue;
        const Reason reason = objection(burst, i, port);
        if (base::passes(reason)) {
            receivers[count++] = port;
        } else {
            why_not = reason;
        }
    }
    if (count == 0) return drop(mbuf, why_not);
    for (std::size_t k = 0; k + 1 < count; ++k) {
        rte_mbuf* copy = rte_pktmbuf_clone(mbuf, fabric_.copies());
        if (copy == nullptr) {
            counters_.of(Reason::NoMemory).add();
            continue;
        }
        counters_.flooded_packets.add();
        send_checked(receivers[k], copy, burst.headers[i]);
    }
    counters_.flooded_packets.add();
    send_checked(receivers[count - 1], mbuf, burst.headers[i]);
}

void Forwarder::send_checked(std::uint16_t port, rte_mbuf* mbuf,
                             const parse::Headers& headers) noexcept {
    const std::uint32_t header = std::max<std::uint32_t>(headers.l3_offset, kEthernetHeader);
    if (mbuf->pkt_len > fabric_.port(port).mtu() + header) return drop(mbuf, Reason::OverMtu);
    send(port, mbuf);
}

void Forwarder::send(std::uint16_t port, rte_mbuf* mbuf) noexcept {
    Outbox& box = outboxes_[port];
    box.mbufs[box.count++] = mbuf;
    ++waiting_;
    if (box.count == box.mbufs.size()) flush(port);
}

void Forwarder::flush() noexcept {
    if (waiting_ == 0) return;
    for (std::uint16_t port = 0; port < fabric_.ports(); ++port) {
        if (outboxes_[port].count != 0) flush(port);
    }
}

void Forwarder::flush(std::uint16_t port) noexcept {
    Outbox& box = outboxes_[port];
    const std::span<rte_mbuf*> mbufs(box.mbufs.data(), box.count);
    if (box.path.worker == worker_) {
        send_now(port, mbufs);
    } else {
        hand_over(port, mbufs);
    }
    waiting_ -= box.count;
    box.count = 0;
}

void Forwarder::send_now(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept {
    // A frame that was sent is the device's, so its length is read before.
    std::uint64_t bytes = 0;
    for (const rte_mbuf* mbuf : mbufs) bytes += mbuf->pkt_len;
    const std::uint16_t sent = fabric_.port(port).send(outboxes_[port].path.queue, mbufs);
    for (rte_mbuf* mbuf : mbufs.subspan(sent)) {
        bytes -= mbuf->pkt_len;
        drop(mbuf, Reason::PortFull);
    }
    counters_.tx_packets.add(sent);
    counters_.tx_bytes.add(bytes);
}

void Forwarder::hand_over(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept {
    for (rte_mbuf* mbuf : mbufs) mbuf->port = port;
    io::Ring& ring = fabric_.leaving(worker_, outboxes_[port].path.worker);
    const std::uint32_t taken = ring.push(mbufs);
    counters_.ring_hops.add(taken);
    for (rte_mbuf* mbuf : mbufs.subspan(taken)) drop(mbuf, Reason::WorkerFull);
}

}  // namespace tierwall::worker
