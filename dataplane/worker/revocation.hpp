// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Revocation: a flow that policy no longer allows, kept as a mark that says so.
///
/// If the flow were forgotten, the other end's next segment would be a packet from the middle of an
/// unknown connection; where policy allows that direction it would open the flow again, and the
/// revoked sender's packets would pass as its replies. So the flow stays and denies both
/// directions. A new SYN is judged afresh, and so is the flow itself when what decided it changes
/// again. How long it stays:
///
/// * Never answered, not even since: nothing keeps the mark, it ends by the limit of such a flow. A
///   flood that policy cut leaves the table then, and its packets are denied without a mark.
/// * Answered TCP: by the same silence as a live flow. A SYN leads out of it.
/// * Other answered flows: by the originator's silence. The other end may be allowed to speak in
///   its own right, and has no SYN to say that it begins anew; once the originator is silent for
///   that long, the next packet is judged as a new flow.
///
/// The mark is an egress decision of kTierNone, which no live flow has; the ingress decision then
/// holds the tier and rule that denied.
///
/// Threads: the worker that owns the flow.
/// Memory:  none besides the flow's.
/// Cost:    none.

#include "dataplane/base/protocol.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/flow/flow.hpp"
#include "dataplane/worker/inquiry.hpp"

namespace tierwall::worker {

inline bool is_revoked(const flow::Flow& flow) noexcept { return flow.is_mark(); }

/// Requires: `verdict` is a denial of policy.
inline void revoke(flow::Flow& flow, const base::Verdict& verdict) noexcept {
    flow.set_decisions({base::Action::Allow, 0, base::kTierNone, base::kNoRule},
                       {base::Action::Allow, 0, verdict.tier, verdict.rule});
}

/// A packet of a revoked flow was denied: does it keep the mark?
inline void note_denied(flow::Flow& flow, bool reply, std::uint32_t now_s) noexcept {
    using flow::State;
    const bool tcp = flow.protocol() == base::kIpTcp;
    const bool unanswered = flow.state() == State::Single || flow.state() == State::SynSent;
    if (unanswered && !reply) return;
    if (unanswered) flow.set_state(tcp ? State::SynReceived : State::Replied);
    if (tcp || !reply) flow.touch(now_s);
}

/// What denies the packets of a revoked flow.
inline base::Verdict revoked_verdict(const flow::Flow& flow) noexcept {
    base::Decision decision = flow.ingress();
    decision.action = base::Action::Deny;
    return denial(decision);
}

}  // namespace tierwall::worker
