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
    if (!destination.is_multicast_or_broadcast()) {
        const identity::Entry entry = entry_of(destination, snapshot);
        if (entry.is_known()) {
            const std::uint16_t bound = addresses_.bound_port(entry.slot);
            const bool there = bound == identity::kUnbound || bound == trust_.origin(port);
            return there ? allow(base::Reason::Policy) : deny(base::Reason::NoPort);
        }
    }
    if (trust_.facts(port).side == Side::Uplink) return allow(base::Reason::Policy);
    // Rogue servers were stopped where they came in; a client without an address is no subject.
    if (is_dhcp_reply(headers)) return allow(base::Reason::Dhcp);
    return judge_subjects(headers, snapshot, port);
}

base::Verdict Delivery::judge_subjects(const parse::Headers& headers, const Snapshot& snapshot,
                                       std::uint16_t port) const noexcept {
    if (trust_.bindings().incomplete(port)) return deny(base::Reason::NoPort);
    Bindings::Pods pods;
    std::array<identity::Entry, kPodsPerPortMax> entries;
    std::array<Inquiry, kPodsPerPortMax> inquiries;
    const std::size_t known = trust_.bindings().pods(port, pods);
    addresses_.lookup({pods.data(), known}, snapshot.generation, {entries.data(), known});
    const identity::Entry source = entry_of(headers.tuple.source, snapshot);
    std::size_t count = 0;
    for (std::size_t i = 0; i < known; ++i) {
        const bool receives = entries[i].is_subject() && pods[i].family() == headers.family &&
                              addresses_.bound_port(entries[i].slot) == port;
        if (!receives) continue;
        inquiries[count] = inquiry_about(headers.tuple, source, entries[i]);
        // The sender's own policy was asked when the packet came in.
        inquiries[count++].source.flags &= static_cast<std::uint8_t>(~identity::kEntrySubject);
    }
    ask(*snapshot.ladder, {inquiries.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
        if (!inquiries[i].allowed()) return verdict_of(inquiries[i]);
    }
    return allow(base::Reason::Policy);
}

}  // namespace tierwall::worker
