// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/inquiry.hpp"

#include "dataplane/base/protocol.hpp"

#include <array>
#include <cassert>

namespace tierwall::worker {
namespace {

constexpr base::Decision kNotSubject{base::Action::Allow, 0, base::kTierNotSubject, base::kNoRule};
constexpr base::Decision kSelf{base::Action::Allow, 0, base::kTierSelf, base::kNoRule};

bool is_own_node(const identity::Entry& peer, const identity::Entry& subject) noexcept {
    return peer.is_node() && peer.node == subject.node && peer.node != identity::kNoNode;
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
            .own_node = is_own_node(peer, subject)};
}

std::uint16_t policy_port(const parse::Tuple& tuple) noexcept {
    const bool has_ports = tuple.protocol == base::kIpTcp || tuple.protocol == base::kIpUdp ||
                           tuple.protocol == base::kIpSctp;
    return has_ports ? tuple.destination_port : std::uint16_t{0};
}

Inquiry inquiry_about(const parse::Tuple& tuple, const identity::Entry& source,
                      const identity::Entry& destination) noexcept {
    Inquiry inquiry;
    inquiry.source = source;
    inquiry.destination = destination;
    inquiry.destination_port = policy_port(tuple);
    inquiry.protocol = tuple.protocol;
    inquiry.self = tuple.source == tuple.destination;
    return inquiry;
}

Inquiry Inquiry::reversed(const parse::Tuple& tuple) const noexcept {
    return inquiry_about(tuple.reversed(), destination, source);
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
