// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/inquiry.hpp"

#include "dataplane/base/protocol.hpp"

#include <array>
#include <cassert>

namespace tierwall::worker {
namespace {

constexpr base::Decision kNotSubject{base::Action::Allow, 0, base::kTierNotSubject, base::kNoRule};
constexpr base::Decision kSelf{base::Action::Allow, 0, base::kTierSelf, base::kNoRule};

bool is_own_node(const identity::Entry& peer, const identity::Entry& subject,
                 const identity::SharedAddresses& shared) noexcept {
    // A pod that claims the address of a node is not that node.
    if (!peer.is_node() || subject.node == identity::kNoNode) return false;
    if (peer.node == subject.node) return true;
    return peer.is_shared() && shared.has_node(peer.slot, subject.node);
}

bool is_self(const parse::Tuple& tuple, const Ends& ends,
             const identity::SharedAddresses& shared) noexcept {
    if (tuple.source == tuple.destination) return true;
    return ends.source.is_shared() && ends.destination.is_shared() &&
           shared.same_pod(ends.source.slot, ends.destination.slot);
}

void ask_direction(const tier::Ladder& ladder, base::Direction direction,
                   std::span<Inquiry> inquiries) noexcept {
    std::array<tier::Question, tier::kBurstMax> questions;
    std::array<base::Decision, tier::kBurstMax> decisions;
    std::array<Inquiry*, tier::kBurstMax> askers;
    const bool egress = direction == base::Direction::Egress;
    std::size_t count = 0;
    for (Inquiry& inquiry : inquiries) {
        base::Decision& answer = egress ? inquiry.egress : inquiry.ingress;
        const identity::Entry& subject = egress ? inquiry.source : inquiry.destination;
        answer = inquiry.self ? kSelf : kNotSubject;
        if (inquiry.self || !subject.is_subject()) continue;
        questions[count] = question(inquiry, direction);
        askers[count++] = &inquiry;
    }
    if (count == 0) return;
    ladder.decide(direction, {questions.data(), count}, {decisions.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
        (egress ? askers[i]->egress : askers[i]->ingress) = decisions[i];
    }
}

/// Egress is asked first, and what it would deny is not asked again.
void audit_direction(const tier::Ladder& ladder, base::Direction direction,
                     std::span<Inquiry> inquiries) noexcept {
    if (!ladder.audits(direction)) return;
    std::array<tier::Question, tier::kBurstMax> questions;
    std::array<base::Decision, tier::kBurstMax> decisions;
    std::array<Inquiry*, tier::kBurstMax> askers;
    const bool egress = direction == base::Direction::Egress;
    std::size_t count = 0;
    for (Inquiry& inquiry : inquiries) {
        const identity::Entry& subject = egress ? inquiry.source : inquiry.destination;
        if (inquiry.self || !subject.is_subject() || !inquiry.allowed()) continue;
        if (inquiry.audit.action != base::Action::Allow) continue;
        questions[count] = question(inquiry, direction);
        decisions[count] = egress ? inquiry.egress : inquiry.ingress;
        askers[count++] = &inquiry;
    }
    if (count == 0) return;
    ladder.would_decide(direction, {questions.data(), count}, {decisions.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
        if (decisions[i].action != base::Action::Allow) askers[i]->audit = decisions[i];
    }
}

}  // namespace

tier::Question question(const Inquiry& inquiry, base::Direction direction) noexcept {
    const bool egress = direction == base::Direction::Egress;
    const identity::Entry& subject = egress ? inquiry.source : inquiry.destination;
    const identity::Entry& peer = egress ? inquiry.destination : inquiry.source;
    return {.subject = subject.identity,
            .peer = peer.identity,
            .destination_port = inquiry.destination_port,
            .protocol = inquiry.protocol,
            .own_node = egress ? inquiry.to_own_node : inquiry.from_own_node};
}

std::uint16_t policy_port(const parse::Tuple& tuple) noexcept {
    const bool has_ports = tuple.protocol == base::kIpTcp || tuple.protocol == base::kIpUdp ||
                           tuple.protocol == base::kIpSctp;
    return has_ports ? tuple.destination_port : std::uint16_t{0};
}

Inquiry inquiry_about(const parse::Tuple& tuple, const Ends& ends,
                      const identity::SharedAddresses& shared) noexcept {
    Inquiry inquiry;
    inquiry.source = ends.source;
    inquiry.destination = ends.destination;
    inquiry.destination_port = policy_port(tuple);
    inquiry.protocol = tuple.protocol;
    inquiry.self = is_self(tuple, ends, shared);
    inquiry.to_own_node = is_own_node(ends.destination, ends.source, shared);
    inquiry.from_own_node = is_own_node(ends.source, ends.destination, shared);
    return inquiry;
}

Inquiry Inquiry::reversed(const parse::Tuple& tuple) const noexcept {
    Inquiry inquiry;
    inquiry.source = destination;
    inquiry.destination = source;
    inquiry.destination_port = policy_port(tuple.reversed());
    inquiry.protocol = protocol;
    inquiry.self = self;
    inquiry.to_own_node = from_own_node;
    inquiry.from_own_node = to_own_node;
    return inquiry;
}

bool Inquiry::allowed() const noexcept {
    return egress.action == base::Action::Allow && ingress.action == base::Action::Allow;
}

void ask(const tier::Ladder& ladder, std::span<Inquiry> inquiries) noexcept {
    assert(inquiries.size() <= tier::kBurstMax);
    ask_direction(ladder, base::Direction::Egress, inquiries);
    ask_direction(ladder, base::Direction::Ingress, inquiries);
    audit_direction(ladder, base::Direction::Egress, inquiries);
    audit_direction(ladder, base::Direction::Ingress, inquiries);
}

base::Verdict verdict_of(const Inquiry& inquiry) noexcept {
    if (inquiry.egress.action != base::Action::Allow) return denial(inquiry.egress);
    if (inquiry.ingress.action != base::Action::Allow) return denial(inquiry.ingress);
    // Of two directions that allow, the more telling one: of a subject, and with a rule.
    const bool by_ingress =
        inquiry.ingress.rule != base::kNoRule || inquiry.egress.tier == base::kTierNotSubject;
    const base::Decision& telling = by_ingress ? inquiry.ingress : inquiry.egress;
    return {base::Action::Allow, base::Reason::Policy, telling.tier, telling.rule};
}

}  // namespace tierwall::worker
