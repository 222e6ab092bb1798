// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/delivery.hpp"

#include "dataplane/worker/inquiry.hpp"

#include <array>
#include <span>

namespace tierwall::worker {

identity::Entry Delivery::entry_of(const base::Address& address,
                                   const Snapshot& snapshot) const noexcept {
    identity::Entry entry;
    addresses_.lookup({&address, 1}, snapshot.generation, {&entry, 1});
    if (!entry.is_known() && snapshot.cidrs != nullptr) {
        entry.identity = snapshot.cidrs->find(address);
    }
    return entry;
}

base::Verdict Delivery::judge(const parse::Headers& headers, const Snapshot& snapshot,
                              std::uint16_t port) const noexcept {
    const base::Address& destination = headers.tuple.destination;
    bool may_live_here = false;
    if (!destination.is_multicast_or_broadcast()) {
        const identity::Entry entry = entry_of(destination, snapshot);
        if (entry.is_known()) {
            const std::uint16_t bound = addresses_.bound_port(entry);
            if (bound == trust_.origin(port)) return allow(base::Reason::Policy);
            const bool is_elsewhere = bound != identity::kUnbound || trust_.facts(port).reserved;
            if (is_elsewhere) return deny(base::Reason::NoPort);
            may_live_here = true;
        }
    }
    if (trust_.facts(port).side == Side::Uplink) return allow(base::Reason::Policy);
    // Rogue servers were stopped where they came in; a client without an address is no subject.
    if (is_dhcp_reply(headers)) return allow(base::Reason::Dhcp);
    if (trust_.bindings().incomplete(port)) return deny(base::Reason::NoPort);
    const Receivers receivers = receivers_at(port, snapshot);
    // Whoever is behind a port where nobody has spoken may be isolated. Only the owner of an
    // address that no port has claimed yet must be found somewhere.
    if (receivers.count == 0 && !may_live_here) return deny(base::Reason::NoPort);
    return judge_receivers(headers, snapshot, receivers);
}

/// The pods behind the port, by every address that has spoken there. Of a pod with two, both are
/// asked whatever the packet's family: they have the same policies, and where several pods share
/// the port, nobody knows which of them has not spoken in the packet's family yet.
Delivery::Receivers Delivery::receivers_at(std::uint16_t port,
                                           const Snapshot& snapshot) const noexcept {
    Bindings::Pods pods;
    std::array<identity::Entry, kPodsPerPortMax> entries;
    const std::size_t known = trust_.bindings().pods(port, pods);
    addresses_.lookup({pods.data(), known}, snapshot.generation, {entries.data(), known});
    Receivers receivers;
    for (std::size_t i = 0; i < known; ++i) {
        if (!entries[i].is_pod() || addresses_.bound_port(entries[i]) != port) continue;
        receivers.entries[receivers.count++] = entries[i];
    }
    return receivers;
}

base::Verdict Delivery::judge_receivers(const parse::Headers& headers, const Snapshot& snapshot,
                                        const Receivers& receivers) const noexcept {
    std::array<Inquiry, kPodsPerPortMax> inquiries;
    const identity::Entry source = entry_of(headers.tuple.source, snapshot);
    const std::size_t count = receivers.count;
    for (std::size_t i = 0; i < count; ++i) {
        inquiries[i] =
            inquiry_about(headers.tuple, {source, receivers.entries[i]}, *snapshot.shared);
        // The sender's own policy was asked when the packet came in.
        inquiries[i].source.flags &= static_cast<std::uint8_t>(~identity::kEntrySubject);
    }
    ask(*snapshot.ladder, {inquiries.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
        if (!inquiries[i].allowed()) return verdict_of(inquiries[i]);
    }
    return allow(base::Reason::Policy);
}

}  // namespace tierwall::worker
