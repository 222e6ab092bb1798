// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Revocation: a flow that policy no longer allows, kept as a mark that says so.
///
/// If the flow were forgotten, the other end's next segment would be a packet from the middle of an
/// unknown connection; where policy allows that direction it would open the flow again, and the
/// revoked sender's packets would pass as its replies. So the flow stays, denies both directions,
/// and ends by the same silence as a live one. A new SYN is judged afresh, and so is the flow
/// itself when what decided it changes again.
///
/// The mark is an egress decision of kTierNone, which no live flow has; the ingress decision then
/// holds the tier and rule that denied.
///
/// Threads: the worker that owns the flow.
/// Memory:  none besides the flow's.
/// Cost:    none.

#include "dataplane/base/verdict.hpp"
#include "dataplane/flow/flow.hpp"
#include "dataplane/worker/inquiry.hpp"

namespace tierwall::worker {

inline bool is_revoked(const flow::Flow& flow) noexcept {
    return flow.egress().tier == base::kTierNone;
}

/// Requires: `verdict` is a denial of policy.
inline void revoke(flow::Flow& flow, const base::Verdict& verdict) noexcept {
    flow.set_decisions({base::Action::Allow, 0, base::kTierNone, base::kNoRule},
                       {base::Action::Allow, 0, verdict.tier, verdict.rule});
}

/// What denies the packets of a revoked flow.
inline base::Verdict revoked_verdict(const flow::Flow& flow) noexcept {
    base::Decision decision = flow.ingress();
    decision.action = base::Action::Deny;
    return denial(decision);
}

}  // namespace tierwall::worker
