// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Inquiry: what policy is asked about one piece of traffic, and the answers of both directions.
///
/// Inquiries of a burst are answered together: the egress policy of every source that is a
/// subject, then the ingress policy of every destination that is one. What both allow is asked once
/// more where policies are audited: what would they say if they were enforced?
///
/// Threads: values; ask() by any worker.
/// Memory:  on the worker's stack.
/// Cost:    two bulk questions to the ladder, whatever the number of inquiries; two more where
///          anything is audited.

#include "dataplane/base/verdict.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/identity/shared_addresses.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/tier/ladder.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tierwall::worker {

/// Verdicts that no tier gave.
constexpr base::Verdict allow(base::Reason reason) noexcept {
    return {base::Action::Allow, reason, base::kTierNone, base::kNoRule};
}
constexpr base::Verdict deny(base::Reason reason) noexcept {
    return {base::Action::Deny, reason, base::kTierNone, base::kNoRule};
}
/// The denial that a tier's decision amounts to. Rows of an isolating tier only allow, so its
/// denial is always that no row matched.
constexpr base::Verdict denial(const base::Decision& decision) noexcept {
    const base::Reason reason = decision.tier == base::kTierNetworkPolicy
                                    ? base::Reason::Isolated
                                    : base::Reason::PolicyDeny;
    return {decision.action, reason, decision.tier, decision.rule};
}

struct Inquiry {
    identity::Entry source;
    identity::Entry destination;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    bool self = false;           ///< a pod talks to itself: no policy applies
    bool to_own_node = false;    ///< the destination is an address of the source pod's node
    bool from_own_node = false;  ///< the other way round
    base::Decision egress;
    base::Decision ingress;
    /// Of what is allowed: the denial that audited policies would make of it. Allow: none.
    base::Decision audit = {};

    /// The same ends with their parts exchanged, as for the connection that `tuple` answers.
    Inquiry reversed(const parse::Tuple& tuple) const noexcept;
    bool allowed() const noexcept;
};

/// The destination port that policy sees: 0 for protocols without ports, ICMP identifiers included.
std::uint16_t policy_port(const parse::Tuple& tuple) noexcept;

/// Whom the packet is from and for.
struct Ends {
    identity::Entry source;
    identity::Entry destination;
};

/// `shared`: of the snapshot as which the entries were looked up.
Inquiry inquiry_about(const parse::Tuple& tuple, const Ends& ends,
                      const identity::SharedAddresses& shared) noexcept;

/// What the ladder is asked about one direction of it.
tier::Question question(const Inquiry& inquiry, base::Direction direction) noexcept;

/// Fills in the decisions. Requires: at most tier::kBurstMax inquiries.
void ask(const tier::Ladder& ladder, std::span<Inquiry> inquiries) noexcept;

/// Allow when both directions do; else what the first direction that does not says.
base::Verdict verdict_of(const Inquiry& inquiry) noexcept;

}  // namespace tierwall::worker
