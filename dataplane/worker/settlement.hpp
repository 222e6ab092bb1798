// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Settlement: turns policy's answers into outcomes, and into flows that remember them.
///
/// Packets are taken one after the other, in their order: what one does to a flow counts for the
/// next. A packet whose flow was altered in this round is left for the next one.
///
/// Threads: one worker.
/// Memory:  none of its own.
/// Cost:    an insertion for a new connection; a flow's line for others.

#include "dataplane/base/verdict.hpp"
#include "dataplane/worker/burst.hpp"
#include "dataplane/worker/parts.hpp"

#include <cstddef>

namespace tierwall::worker {

class Settlement {
public:
    explicit Settlement(const Parts& parts) : parts_(parts) {}

    /// A packet of a current flow, from a place that was checked before.
    void pass_along(const Burst& burst, std::size_t packet, const flow::Lookup& found) noexcept;
    /// All items of the round.
    void settle(const Burst& burst, Round& round) noexcept;

private:
    void settle_item(const Burst& burst, const Round& round, const Item& item) noexcept;
    void count_service(const Burst& burst, const parse::Tuple& tuple) noexcept;
    base::Verdict unknown(const Burst& burst, const Round& round, const Item& item) noexcept;
    bool is_still_there(const Burst& burst, const Item& item) const noexcept;
    base::Verdict new_connection(const Burst& burst, const Round& round, const Item& item) noexcept;
    /// The originator opens once more what seemed to end.
    void reopen(const Burst& burst, const Round& round, const Item& item) noexcept;
    bool is_kept(const flow::Flow& flow, const Inquiry& inquiry) const noexcept;
    base::Verdict changed(const Burst& burst, const Round& round, const Item& item) noexcept;
    /// Makes a flow that begins with this packet; `reply`: with its other end as the originator.
    base::Verdict open(const Burst& burst, const Round& round, const Item& item,
                       bool reply) noexcept;

    Parts parts_;
};

}  // namespace tierwall::worker
