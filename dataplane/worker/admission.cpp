// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/admission.hpp"

#include "dataplane/flow/tcp.hpp"
#include "dataplane/worker/packet_kind.hpp"
#include "dataplane/worker/revocation.hpp"

#include <algorithm>

namespace tierwall::worker {
namespace {

using parse::Headers;

/// Opens a connection of its own although there is a flow between the two ends: were it taken for
/// a reply, it would evade the policy of its own direction.
bool opens_beside(const flow::Flow& flow, const Headers& headers, bool reply) noexcept {
    if (opens_tcp(headers)) {
        return reply || is_revoked(flow) || flow::restarts(flow, headers);
    }
    if (!reply) return false;
    // Of ICMP only the answer to a question is a reply. The others have no identifier, and would
    // pass as replies to an echo whose identifier happens to be the same.
    const bool answer = is_icmp(headers) ? headers.icmp_reply : true;
    return !answer || headers.sctp_init;
}

}  // namespace

void Admission::approach(Round& round, std::size_t count) noexcept {
    for (; round.approached < count; ++round.approached) {
        parts_.flows.approach(round.found[round.approached]);
    }
}

void Admission::judge(const Burst& burst, Round& round) noexcept {
    const std::size_t count = round.packets.count;
    approach(round, count);
    round.begin();
    parts_.flows.find_approached({round.tuples.data(), count}, {round.found.data(), count});
    sort(burst, round);
    if (round.items_count == 0) return;
    look_up(burst, round);
    check_senders(burst, round);
    ask_policy(burst, round);
    if (burst.pickup) ask_in_reverse(burst, round);
    settlement_.settle(burst, round);
    // Two stages deferred; each flow's packets keep their order.
    std::sort(round.deferred.list.begin(), round.deferred.list.begin() + round.deferred.count);
}

/// A flow that has outlived its timeout is ended here if expiry has not come to it yet.
bool Admission::lives(const flow::Lookup& found, std::uint32_t now_s) noexcept {
    if (found.index == flow::kNoFlow) return false;
    const flow::Flow& flow = parts_.flows.at(found.index);
    if (flow.state() == flow::State::Free) return false;
    if (!parts_.flows.expired(flow, now_s)) return true;
    parts_.flows.erase(found.index);
    parts_.counters.flows_expired.add();
    return false;
}

Matter Admission::matter_of_flow(const Burst& burst, std::size_t packet,
                                 const flow::Lookup& found) const noexcept {
    const flow::Flow& flow = parts_.flows.at(found.index);
    if (opens_beside(flow, burst.headers[packet], found.reply)) return Matter::NewConnection;
    if (!parts_.is_current(flow)) return Matter::Changed;
    const std::uint16_t origin = parts_.trust.origin(burst.frames[packet].port);
    return flow.port(found.reply) == origin ? Matter::Settled : Matter::Elsewhere;
}

/// Nearly every packet: one more of a flow that is as it was, and changes nothing about it. The
/// rest is sorted out, which would come to the same about these.
inline bool Admission::goes_along(const Burst& burst, std::size_t packet,
                                  const flow::Lookup& found) noexcept {
    if (found.index == flow::kNoFlow) return false;
    flow::Flow& flow = parts_.flows.at(found.index);
    const std::uint16_t origin = parts_.trust.origin(burst.frames[packet].port);
    const bool calm = flow.is_calm() & flow::is_calm(burst.headers[packet]) &
                      (flow.idle_s(burst.now_s) <= parts_.flows.calm_idle_max_s()) &
                      (flow.port(found.reply) == origin);
    if (!calm) return false;
    if (!parts_.is_surely_current(flow)) {
        if (!parts_.is_current(flow)) return false;
        // What decided it is as it was: the answer is today's as well, and is known from the groups
        // next time.
        flow.set_judged(burst.snapshot->generation);
    }
    flow.touch(burst.now_s);
    return true;
}

void Admission::sort(const Burst& burst, Round& round) noexcept {
    for (std::size_t i = 0; i < round.packets.count; ++i) {
        const std::size_t packet = round.packets.list[i];
        const flow::Lookup& found = round.found[i];
        if (!round.has_item(found.hash) && goes_along(burst, packet, found)) [[likely]] {
            burst.outcomes[packet].establish();
        } else {
            sort_out(burst, round, i);
        }
    }
}

void Admission::sort_out(const Burst& burst, Round& round, std::size_t i) noexcept {
    const std::size_t packet = round.packets.list[i];
    const Headers& headers = burst.headers[packet];
    flow::Lookup& found = round.found[i];
    Matter matter = Matter::Unknown;
    if (is_neighbour(headers)) {
        matter = Matter::Neighbour;
        found.index = flow::kNoFlow;
    } else if (!lives(found, burst.now_s)) {
        matter = headers.icmp_error ? Matter::Error : Matter::Unknown;
        found.index = flow::kNoFlow;
    } else if (headers.icmp_error) {
        matter = Matter::Error;
    } else {
        matter = matter_of_flow(burst, packet, found);
    }
    const bool behind = matter == Matter::Settled && round.has_item(found.hash);
    if (behind || (matter != Matter::Neighbour && round.is_waiting(found.hash))) {
        // An earlier packet of the flow is not settled yet, and may move its state.
        round.defer(packet, found.hash);
    } else if (matter == Matter::Settled) {
        settlement_.pass_along(burst, packet, found);
    } else {
        round.add_item(packet, matter, found);
    }
}

void Admission::look_up(const Burst& burst, Round& round) noexcept {
    std::size_t count = 0;
    for (const Item& item : round.all_items()) {
        const Headers& headers = burst.headers[item.packet];
        round.addresses[count++] = headers.tuple.source;
        round.addresses[count++] = headers.has_target ? headers.target : headers.tuple.destination;
    }
    parts_.addresses.lookup({round.addresses.data(), count}, burst.snapshot->generation,
                            {round.entries.data(), count});
    const identity::CidrTable* cidrs = burst.snapshot->cidrs.get();
    for (std::size_t i = 0; i < count; ++i) {
        if (round.entries[i].is_known() || cidrs == nullptr) continue;
        round.entries[i].identity = cidrs->find(round.addresses[i]);
    }
    for (std::size_t i = 0; i < round.items_count; ++i) {
        round.items[i].source = round.entries[2 * i];
        round.items[i].destination = round.entries[2 * i + 1];
    }
}

void Admission::check_senders(const Burst& burst, Round& round) noexcept {
    parts_.trust.set_now(burst.now_s);
    for (Item& item : round.all_items()) {
        const Headers& headers = burst.headers[item.packet];
        const std::uint16_t port = burst.frames[item.packet].port;
        Objection objection;
        if (headers.kind == parse::Kind::Arp) {
            objection = parts_.trust.arp(headers, {item.source, item.destination}, port);
        } else if (headers.neighbour_discovery) {
            objection = parts_.trust.neighbour(headers, {item.source, item.destination}, port);
        } else {
            objection = parts_.trust.sender(headers.tuple.source, item.source, port);
        }
        if (!objection && item.matter != Matter::Neighbour) continue;
        Outcome& outcome = burst.outcomes[item.packet];
        item.settled = true;
        outcome.judged = false;
        outcome.verdict = objection ? deny(*objection) : allow(base::Reason::NeighbourDiscovery);
    }
}

/// About a flow that is still allowed, sent to the end whose packet it quotes, and not by a pod
/// that has no part in it.
bool Admission::is_related(const Headers& headers, const Item& item) const noexcept {
    if (item.found.index == flow::kNoFlow || !headers.embedded_valid) return false;
    if (headers.tuple.destination != headers.embedded.source) return false;
    const bool meddles =
        item.source.is_pod() && headers.tuple.source != headers.embedded.destination;
    const flow::Flow& flow = parts_.flows.at(item.found.index);
    return !meddles && !is_revoked(flow) && parts_.is_current(flow);
}

void Admission::add_inquiry(const Burst& burst, Round& round, Item& item) noexcept {
    const Headers& headers = burst.headers[item.packet];
    const parse::Tuple& tuple = headers.tuple;
    item.inquiry = static_cast<std::uint8_t>(round.inquiries_count);
    Inquiry inquiry =
        inquiry_about(tuple, {item.source, item.destination}, *burst.snapshot->shared);
    // A flow is judged as it was opened, whoever's packet brings it up.
    if (item.matter == Matter::Changed && item.found.reply) inquiry = inquiry.reversed(tuple);
    round.inquiries[round.inquiries_count++] = inquiry;
}

void Admission::ask_policy(const Burst& burst, Round& round) noexcept {
    for (Item& item : round.all_items()) {
        if (item.settled || item.matter == Matter::Elsewhere) continue;
        const Headers& headers = burst.headers[item.packet];
        if (item.matter == Matter::Error && is_related(headers, item)) continue;
        add_inquiry(burst, round, item);
    }
    ask(*burst.snapshot->ladder, {round.inquiries.data(), round.inquiries_count});
}

/// Soon after the start nobody knows who opened a connection: what policy denies as seen may be
/// the answer to something that it allows.
void Admission::ask_in_reverse(const Burst& burst, Round& round) noexcept {
    for (Item& item : round.all_items()) {
        if (item.inquiry == Item::kNone || item.matter != Matter::Unknown) continue;
        const Headers& headers = burst.headers[item.packet];
        const Inquiry& inquiry = round.inquiries[item.inquiry];
        if (inquiry.allowed() || !is_mid_stream(headers)) continue;
        item.reversed = static_cast<std::uint8_t>(round.reversed_count);
        round.reversed[round.reversed_count++] = inquiry.reversed(headers.tuple);
    }
    ask(*burst.snapshot->ladder, {round.reversed.data(), round.reversed_count});
}

base::Verdict Admission::follow(const Burst& burst, std::size_t packet) const noexcept {
    const Headers& headers = burst.headers[packet];
    const FragmentVerdict* first = parts_.fragments.find(fragment_key(headers), burst.now_s);
    if (first == nullptr || first->origin != parts_.trust.origin(burst.frames[packet].port)) {
        return deny(base::Reason::FragmentUnknown);
    }
    const auto holds = [&](std::uint32_t slot) noexcept {
        return static_cast<std::int32_t>(first->judged - parts_.addresses.changed(slot)) >= 0;
    };
    if (!holds(first->source_slot) || !holds(first->destination_slot)) {
        return deny(base::Reason::FragmentUnknown);
    }
    base::Verdict verdict = first->verdict;
    if (verdict.action == base::Action::Allow) verdict.reason = base::Reason::FragmentFollows;
    return verdict;
}

}  // namespace tierwall::worker
