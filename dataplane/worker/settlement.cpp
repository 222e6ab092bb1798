// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/settlement.hpp"

#include "dataplane/flow/tcp.hpp"
#include "dataplane/worker/packet_kind.hpp"
#include "dataplane/worker/revocation.hpp"

namespace tierwall::worker {
namespace {

using parse::Headers;

bool has_unfinished_checksum(const Frame& frame, const Headers& headers) noexcept {
    const bool summed = is_tcp(headers) || headers.tuple.protocol == base::kIpUdp;
    return summed && headers.fragment == parse::Fragment::None &&
           parse::has_partial_checksum({frame.bytes, frame.length}, headers);
}

/// The origin as a flow keeps it.
std::uint8_t narrow(std::uint16_t origin) noexcept { return static_cast<std::uint8_t>(origin); }

const Inquiry& answer_to(const Round& round, const Item& item) noexcept {
    return round.inquiries[item.inquiry];
}

bool is_in(const identity::CidrTable* table, const base::Address& address) noexcept {
    return table != nullptr && table->find(address) != identity::kWorld;
}

bool is_first_fragment(const Headers& headers) noexcept {
    return headers.fragment == parse::Fragment::First;
}

}  // namespace

void Settlement::pass_along(const Burst& burst, std::size_t packet,
                            const flow::Lookup& found) noexcept {
    flow::Flow& flow = parts_.flows.at(found.index);
    const Headers& headers = burst.headers[packet];
    Outcome& outcome = burst.outcomes[packet];
    outcome.judged = false;
    if (is_revoked(flow)) [[unlikely]] {
        note_denied(flow, found.reply, burst.now_s);
        outcome.verdict = revoked_verdict(flow);
    } else {
        flow::track(flow, headers, found.reply, burst.now_s);
        // A pods port lets nobody use another port's address.
        const bool certain =
            is_rst(headers) && parts_.trust.facts(burst.frames[packet].port).side == Side::Pods;
        if (certain) [[unlikely]]
            flow::confirm_rst(flow);
        outcome.verdict = allow(base::Reason::Established);
    }
    if (is_first_fragment(headers)) [[unlikely]] {
        const std::uint16_t origin = parts_.trust.origin(burst.frames[packet].port);
        parts_.fragments.remember(
            fragment_key(headers),
            {outcome.verdict, flow.source_slot(), flow.destination_slot(), flow.judged(), origin},
            burst.now_s);
    }
}

void Settlement::settle(const Burst& burst, Round& round) noexcept {
    const std::uint32_t found_version = parts_.flows.version();
    for (Item& item : round.all_items()) {
        const std::uint32_t version = parts_.flows.version();
        const bool known = item.matter != Matter::Neighbour;
        if (known && (round.is_altered(item.found.hash) ||
                      (version != found_version && !is_still_there(burst, item)))) {
            round.deferred.add(item.packet);
            continue;
        }
        if (!item.settled) settle_item(burst, round, item);
        if (item.matter == Matter::Changed || version != parts_.flows.version()) {
            round.note_altered(item.found.hash);
        }
        const Headers& headers = burst.headers[item.packet];
        // What was refused before policy was asked is not its sender's.
        if (is_first_fragment(headers) && item.matter != Matter::Elsewhere && !item.settled) {
            const std::uint16_t origin = parts_.trust.origin(burst.frames[item.packet].port);
            parts_.fragments.remember(fragment_key(headers),
                                      {burst.outcomes[item.packet].verdict, item.source.slot,
                                       item.destination.slot, burst.snapshot->generation, origin},
                                      burst.now_s);
        }
    }
}

/// A new flow may have taken the place of the one that the packet belongs to.
bool Settlement::is_still_there(const Burst& burst, const Item& item) const noexcept {
    if (item.found.index == flow::kNoFlow) return true;
    const Headers& headers = burst.headers[item.packet];
    const parse::Tuple& tuple = headers.icmp_error ? headers.embedded : headers.tuple;
    return parts_.flows.find(tuple, item.found.hash).index == item.found.index;
}

void Settlement::count_service(const Burst& burst, const parse::Tuple& tuple) noexcept {
    const identity::CidrTable* services = burst.snapshot->services.get();
    if (is_in(services, tuple.destination) || is_in(services, tuple.source)) {
        parts_.counters.service_address_seen.add();
    }
}

void Settlement::settle_item(const Burst& burst, const Round& round, const Item& item) noexcept {
    Outcome& outcome = burst.outcomes[item.packet];
    if (item.matter == Matter::Elsewhere) {
        const std::uint16_t origin = parts_.trust.origin(burst.frames[item.packet].port);
        parts_.flows.at(item.found.index).set_port(item.found.reply, narrow(origin));
        pass_along(burst, item.packet, item.found);
        return;
    }
    if (item.inquiry == Item::kNone) {
        outcome.judged = false;
        outcome.verdict = allow(base::Reason::RelatedIcmp);
        return;
    }
    const Inquiry& inquiry = answer_to(round, item);
    count_service(burst, burst.headers[item.packet].tuple);
    outcome.judged = true;
    outcome.egress = inquiry.egress;
    outcome.ingress = inquiry.ingress;
    outcome.audit = inquiry.audit;
    switch (item.matter) {
        case Matter::Changed: outcome.verdict = changed(burst, round, item); break;
        case Matter::NewConnection: outcome.verdict = new_connection(burst, round, item); break;
        case Matter::Unknown: outcome.verdict = unknown(burst, round, item); break;
        default: outcome.verdict = verdict_of(inquiry); break;  // an error that is not related
    }
}

base::Verdict Settlement::unknown(const Burst& burst, const Round& round,
                                  const Item& item) noexcept {
    const Headers& headers = burst.headers[item.packet];
    base::Verdict verdict = verdict_of(answer_to(round, item));
    if (verdict.action == base::Action::Allow) {
        return may_originate(headers) ? open(burst, round, item, false) : verdict;
    }
    const bool answers = item.reversed != Item::kNone && round.reversed[item.reversed].allowed();
    if (answers) {
        const Inquiry& reversed = round.reversed[item.reversed];
        burst.outcomes[item.packet].egress = reversed.egress;
        burst.outcomes[item.packet].ingress = reversed.ingress;
        burst.outcomes[item.packet].audit = reversed.audit;
        verdict = is_rst(headers) ? verdict_of(reversed) : open(burst, round, item, true);
        if (verdict.action == base::Action::Allow) verdict.reason = base::Reason::PickedUp;
        return verdict;
    }
    if (is_mid_stream(headers)) verdict.reason = base::Reason::MidStream;
    return verdict;
}

base::Verdict Settlement::new_connection(const Burst& burst, const Round& round,
                                         const Item& item) noexcept {
    const base::Verdict verdict = verdict_of(answer_to(round, item));
    if (verdict.action != base::Action::Allow) return verdict;
    const Headers& headers = burst.headers[item.packet];
    flow::Flow& flow = parts_.flows.at(item.found.index);
    const bool revoked = is_revoked(flow);
    // Beside a live flow it is let through on its own merits, and the flow stays whose it is.
    if (!revoked && !flow::restarts(flow, headers)) return verdict;
    if (has_unfinished_checksum(burst.frames[item.packet], headers)) {
        return deny(base::Reason::PartialChecksum);
    }
    if (!revoked && !item.found.reply) {
        reopen(burst, round, item);
        return verdict;
    }
    parts_.flows.erase(item.found.index);
    parts_.counters.flows_closed.add();
    const base::Verdict opened = open(burst, round, item, false);
    // The old connection may live after all. Policy allows the other end's packets in their own
    // right, so as part of this flow, too.
    const flow::Lookup fresh = parts_.flows.find(headers.tuple, item.found.hash);
    if (!revoked && fresh.index != flow::kNoFlow) parts_.flows.at(fresh.index).set_picked_up();
    return opened;
}

/// What was judged is the very question that decides the flow: the answer holds for the connection
/// that was there before as well.
void Settlement::reopen(const Burst& burst, const Round& round, const Item& item) noexcept {
    const Inquiry& inquiry = answer_to(round, item);
    flow::Flow& flow = parts_.flows.at(item.found.index);
    flow.set_slots(inquiry.source.slot, inquiry.destination.slot);
    flow.set_judged(burst.snapshot->generation);
    flow.set_decisions(inquiry.egress, inquiry.ingress);
    flow.set_port(false, narrow(parts_.trust.origin(burst.frames[item.packet].port)));
    flow::track(flow, burst.headers[item.packet], false, burst.now_s);
}

/// Established flows may outlive the policy that admitted them, but not the owners of their
/// addresses.
bool Settlement::is_kept(const flow::Flow& flow, const Inquiry& inquiry) const noexcept {
    return parts_.keep_established && !is_revoked(flow) && !flow.stale() &&
           parts_.is_same_owner(flow.source_slot(), inquiry.source, flow.judged()) &&
           parts_.is_same_owner(flow.destination_slot(), inquiry.destination, flow.judged());
}

base::Verdict Settlement::changed(const Burst& burst, const Round& round,
                                  const Item& item) noexcept {
    const Inquiry& inquiry = answer_to(round, item);
    const base::Verdict verdict = verdict_of(inquiry);
    flow::Flow& flow = parts_.flows.at(item.found.index);
    const bool allowed = verdict.action == base::Action::Allow;
    const bool kept = !allowed && is_kept(flow, inquiry);
    flow.set_slots(inquiry.source.slot, inquiry.destination.slot);
    flow.set_judged(burst.snapshot->generation);
    if (!allowed && !kept) {
        const bool again = is_revoked(flow);
        (again ? parts_.counters.flows_rejudged : parts_.counters.flows_revoked).add();
        revoke(flow, verdict);
        if (!again) flow.touch(burst.now_s);
        note_denied(flow, item.found.reply, burst.now_s);
        return verdict;
    }
    const std::uint16_t origin = parts_.trust.origin(burst.frames[item.packet].port);
    parts_.counters.flows_rejudged.add();
    if (allowed) flow.set_decisions(inquiry.egress, inquiry.ingress);
    flow.set_port(item.found.reply, narrow(origin));
    // The other end may have another port now: its next packet is asked.
    flow.set_port(!item.found.reply, flow::kNoPort);
    flow::track(flow, burst.headers[item.packet], item.found.reply, burst.now_s);
    if (kept) {
        burst.outcomes[item.packet].judged = false;  // what policy says now decided nothing
        return allow(base::Reason::Established);
    }
    return {base::Action::Allow, base::Reason::Established, verdict.tier, verdict.rule};
}

base::Verdict Settlement::open(const Burst& burst, const Round& round, const Item& item,
                               bool reply) noexcept {
    const Headers& headers = burst.headers[item.packet];
    const Frame& frame = burst.frames[item.packet];
    if (has_unfinished_checksum(frame, headers)) return deny(base::Reason::PartialChecksum);
    const parse::Tuple originator = reply ? headers.tuple.reversed() : headers.tuple;
    const std::uint32_t index = parts_.flows.insert(originator, item.found.hash, burst.now_s);
    if (index == flow::kNoFlow) return deny(base::Reason::FlowTableFull);
    const Inquiry& inquiry = reply ? round.reversed[item.reversed] : answer_to(round, item);
    flow::Flow& flow = parts_.flows.at(index);
    flow.set_slots(inquiry.source.slot, inquiry.destination.slot);
    flow.set_judged(burst.snapshot->generation);
    flow.set_decisions(inquiry.egress, inquiry.ingress);
    flow.set_port(reply, narrow(parts_.trust.origin(frame.port)));
    flow::track(flow, headers, reply, burst.now_s);
    parts_.counters.flows_created.add();
    return verdict_of(inquiry);
}

}  // namespace tierwall::worker
