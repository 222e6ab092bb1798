// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/forwarder.hpp"

#include "dataplane/io/wire.hpp"
#include "dataplane/worker/inquiry.hpp"

#include <rte_mbuf.h>

#include <algorithm>
#include <utility>

namespace tierwall::worker {

namespace {

using base::Reason;

constexpr std::uint32_t kEthernetHeader = 14;
/// The home of a pod's address that no port has claimed yet: any port where pods are not named.
constexpr std::uint16_t kUnclaimed = 0xfffe;
static_assert(kUnclaimed != identity::kUnbound && kUnclaimed >= kPortsMax);

// Frames that speak to everybody on the link and that no policy is about.
bool is_link_matter(const parse::Headers& headers, Reason reason) noexcept {
    return headers.kind != parse::Kind::Ip || reason == Reason::NeighbourDiscovery ||
           reason == Reason::Dhcp || reason == Reason::OpenBoot;
}

/// Has its sender's address been accepted at the port? Some speak before they have one.
bool is_proven(const parse::Headers& headers, const Snapshot* snapshot, Reason reason) noexcept {
    const base::Address& source = headers.tuple.source;
    return snapshot != nullptr && headers.kind != parse::Kind::NonIp && reason != Reason::Dhcp &&
           !source.is_unspecified() && !source.is_link_local();
}

/// Who is looked for by an address: of ARP only what goes to one host.
bool has_home(const parse::Headers& headers) noexcept {
    if (headers.kind == parse::Kind::Arp) return !io::is_group(headers.mac_destination);
    return headers.kind == parse::Kind::Ip;
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
        outboxes_[port].mtu = fabric.port(port).mtu();
    }
}

Forwarder::~Forwarder() {
    for (Outbox& box : outboxes_) {
        rte_pktmbuf_free_bulk(box.mbufs.data(), static_cast<unsigned>(box.count));
    }
}

void Forwarder::drop(const Judged& burst, std::size_t i, const base::Verdict& verdict) noexcept {
    burst.outcomes[i].verdict = verdict;
    rte_pktmbuf_free(burst.mbufs[i]);
}

void Forwarder::lose(rte_mbuf* mbuf, Reason reason) noexcept {
    counters_.of(reason).add();
    counters_.lost_after_verdict.add();
    rte_pktmbuf_free(mbuf);
}

void Forwarder::forward(const Judged& burst) noexcept {
    if (fabric_.is_switch()) return forward_switched(burst);
    std::array<rte_mbuf*, kBurst> leaving;
    std::size_t count = 0;
    std::uint16_t port = 0;
    for (std::size_t i = 0; i < burst.mbufs.size(); ++i) {
        rte_mbuf* mbuf = burst.mbufs[i];
        if (burst.outcomes[i].verdict.action != base::Action::Allow) {
            rte_pktmbuf_free(mbuf);
            continue;
        }
        const std::uint16_t end = io::other_end(mbuf->port);
        if (end != port) [[unlikely]] {
            send(port, {leaving.data(), std::exchange(count, 0)});
            port = end;
        }
        if (fits(burst, i, end)) [[likely]] {
            leaving[count++] = mbuf;
        } else {
            drop(burst, i, deny(Reason::OverMtu));
        }
    }
    send(port, {leaving.data(), count});
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
            drop(burst, i, deny(Reason::SpoofedMac));
            continue;
        }
        const std::uint16_t port = destination(burst, i, bound[i]);
        if (port == io::kFlood) {
            flood(burst, i, bound[i] == kUplinkOrigin);
        } else if (port == mbuf->port) {
            drop(burst, i, deny(Reason::SamePort));
        } else if (const base::Verdict verdict = delivery_to(burst, i, bound[i], port);
                   verdict.action != base::Action::Allow) {
            drop(burst, i, verdict);
        } else {
            deliver(burst, i, port);
        }
    }
}

// A group or an unknown address in a frame to one MAC address: policy has judged the address, but
// not the pod that the frame would reach.
base::Verdict Forwarder::delivery_to(const Judged& burst, std::size_t i, std::uint16_t bound,
                                     std::uint16_t port) noexcept {
    const bool is_answered = bound == port || fabric_.is_uplink(port);
    return is_answered ? burst.outcomes[i].verdict : delivery(burst, i, port);
}

// A bound address decides over the MAC address, which the sender is free to choose: policy was
// asked about the address.
std::uint16_t Forwarder::destination(const Judged& burst, std::size_t i,
                                     std::uint16_t bound) const noexcept {
    if (bound < fabric_.ports()) return bound;
    const std::uint16_t port = fabric_.macs().find(burst.headers[i].mac_destination, burst.now_s);
    if (port == io::kFlood || fabric_.is_uplink(port)) return port;
    const bool is_elsewhere =
        bound == kUplinkOrigin || (bound == kUnclaimed && fabric_.config().ports[port].reserved);
    return is_elsewhere ? io::kFlood : port;
}

// Where an address lives. What nobody knows is accepted from the uplink only, and so it leaves.
std::uint16_t Forwarder::home_of(const base::Address& address,
                                 const identity::Entry& entry) const noexcept {
    const std::uint16_t bound =
        entry.is_known() ? addresses_.bound_port(entry) : identity::kUnbound;
    if (bound != identity::kUnbound) return bound;
    if (entry.is_pod() && entry.is_local()) return kUnclaimed;
    const bool is_anywhere =
        address.is_multicast_or_broadcast() || address.is_link_local() || address.is_unspecified();
    return is_anywhere ? identity::kUnbound : kUplinkOrigin;
}

// The port that each packet's destination is bound to, kUplinkOrigin, kUnclaimed or kUnbound.
Forwarder::Ports Forwarder::bound_ports(const Judged& burst) const noexcept {
    Ports ports;
    ports.fill(identity::kUnbound);
    if (burst.snapshot == nullptr) return ports;
    std::array<base::Address, kBurst> addresses;
    std::array<std::size_t, kBurst> places;
    std::size_t count = 0;
    for (std::size_t i = 0; i < burst.mbufs.size(); ++i) {
        if (burst.outcomes[i].verdict.action != base::Action::Allow ||
            !has_home(burst.headers[i])) {
            continue;
        }
        addresses[count] = burst.headers[i].tuple.destination;
        places[count++] = i;
    }
    std::array<identity::Entry, kBurst> entries;
    const auto found = std::span(entries).first(count);
    addresses_.lookup(std::span(addresses).first(count), burst.snapshot->generation, found);
    for (std::size_t i = 0; i < count; ++i) {
        ports[places[i]] = home_of(addresses[i], entries[i]);
    }
    return ports;
}

bool Forwarder::learn(const Judged& burst, std::size_t i) noexcept {
    const std::uint16_t port = burst.mbufs[i]->port;
    const parse::Headers& headers = burst.headers[i];
    const Reason reason = burst.outcomes[i].verdict.reason;
    const io::Switch::Claim claim{.port = port,
                                  .proven = is_proven(headers, burst.snapshot, reason)};
    const io::Learned learned = fabric_.macs().learn(headers.mac_source, claim, burst.now_s);
    if (learned == io::Learned::NoRoom) counters_.macs_without_room.add();
    return learned != io::Learned::Refused;
}

base::Verdict Forwarder::delivery(const Judged& burst, std::size_t i, std::uint16_t port) noexcept {
    const parse::Headers& headers = burst.headers[i];
    const base::Verdict& verdict = burst.outcomes[i].verdict;
    // A client's request is for servers, and those are behind the uplink alone.
    if (verdict.reason == Reason::Dhcp && !fabric_.is_uplink(port)) return deny(Reason::NoPort);
    if (!fits(burst, i, port)) return deny(Reason::OverMtu);
    if (is_link_matter(headers, verdict.reason)) return verdict;
    return pipeline_.judge_delivery(headers, burst.snapshot, port);
}

void Forwarder::flood(const Judged& burst, std::size_t i, bool uplinks_only) noexcept {
    std::array<std::uint16_t, kPortsMax> receivers;
    std::size_t count = 0;
    rte_mbuf* mbuf = burst.mbufs[i];
    base::Verdict why_not = deny(Reason::NoPort);
    for (std::uint16_t port = 0; port < fabric_.ports(); ++port) {
        if (port == mbuf->port || (uplinks_only && !fabric_.is_uplink(port))) continue;
        const base::Verdict verdict = delivery(burst, i, port);
        if (verdict.action == base::Action::Allow) {
            receivers[count++] = port;
        } else {
            why_not = verdict;
        }
    }
    if (count == 0) return drop(burst, i, why_not);
    counters_.flood_copies.add(count - 1);
    for (std::size_t k = 0; k + 1 < count; ++k) {
        rte_mbuf* copy = rte_pktmbuf_clone(mbuf, fabric_.copies());
        if (copy == nullptr) {
            lose(nullptr, Reason::NoMemory);
        } else {
            send(receivers[k], copy);
        }
    }
    send(receivers[count - 1], mbuf);
}

bool Forwarder::fits(const Judged& burst, std::size_t i, std::uint16_t port) const noexcept {
    const std::uint32_t header =
        std::max<std::uint32_t>(burst.headers[i].l3_offset, kEthernetHeader);
    return burst.mbufs[i]->pkt_len <= outboxes_[port].mtu + header;
}

void Forwarder::deliver(const Judged& burst, std::size_t i, std::uint16_t port) noexcept {
    if (!fits(burst, i, port)) return drop(burst, i, deny(Reason::OverMtu));
    send(port, burst.mbufs[i]);
}

void Forwarder::send(std::uint16_t port, rte_mbuf* mbuf) noexcept {
    Outbox& box = outboxes_[port];
    box.mbufs[box.count++] = mbuf;
    ++waiting_;
    if (box.count == box.mbufs.size()) flush(port);
}

// A full burst for an empty box leaves at once.
void Forwarder::send(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept {
    const Outbox& box = outboxes_[port];
    if (mbufs.size() == box.mbufs.size() && box.count == 0) return leave(port, mbufs);
    for (rte_mbuf* mbuf : mbufs) send(port, mbuf);
}

void Forwarder::flush() noexcept {
    if (waiting_ == 0) return;
    for (std::uint16_t port = 0; port < fabric_.ports(); ++port) {
        if (outboxes_[port].count != 0) flush(port);
    }
}

void Forwarder::flush(std::uint16_t port) noexcept {
    Outbox& box = outboxes_[port];
    leave(port, {box.mbufs.data(), box.count});
    waiting_ -= box.count;
    box.count = 0;
}

void Forwarder::leave(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept {
    if (outboxes_[port].path.worker == worker_) {
        send_now(port, mbufs);
    } else {
        hand_over(port, mbufs);
    }
}

void Forwarder::send_now(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept {
    // A frame that was sent is the device's, so its length is read before.
    std::uint64_t bytes = 0;
    for (const rte_mbuf* mbuf : mbufs) bytes += mbuf->pkt_len;
    const std::uint16_t sent = fabric_.port(port).send(outboxes_[port].path.queue, mbufs);
    for (rte_mbuf* mbuf : mbufs.subspan(sent)) {
        bytes -= mbuf->pkt_len;
        lose(mbuf, Reason::PortFull);
    }
    counters_.tx_packets.add(sent);
    counters_.tx_bytes.add(bytes);
}

void Forwarder::hand_over(std::uint16_t port, std::span<rte_mbuf*> mbufs) noexcept {
    for (rte_mbuf* mbuf : mbufs) mbuf->port = port;
    io::Ring& ring = fabric_.leaving(worker_, outboxes_[port].path.worker);
    const std::uint32_t taken = ring.push(mbufs);
    counters_.ring_hops.add(taken);
    for (rte_mbuf* mbuf : mbufs.subspan(taken)) lose(mbuf, Reason::WorkerFull);
}

}  // namespace tierwall::worker
