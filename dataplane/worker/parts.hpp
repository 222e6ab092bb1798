// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Parts: the state of one pipeline that its stages share.
///
/// Threads: one worker.
/// Memory:  references; the pipeline owns what they name.
/// Cost:    none.

#include "dataplane/base/counters.hpp"
#include "dataplane/flow/table.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/worker/fragment_table.hpp"
#include "dataplane/worker/trust.hpp"

namespace tierwall::worker {

struct Parts {
    flow::Table& flows;
    FragmentTable& fragments;
    identity::AddressMap& addresses;
    Trust& trust;
    base::Counters& counters;
    bool keep_established = false;  ///< see Pipeline::Config

    /// Nothing that decided the flow changed since it was judged.
    bool is_current(const flow::Flow& flow) const noexcept {
        return flow.is_current(addresses.changed(flow.source_slot()),
                               addresses.changed(flow.destination_slot()));
    }

    /// The same, known from the groups of both slots; false: ask is_current().
    bool is_surely_current(const flow::Flow& flow) const noexcept {
        return flow.is_current(addresses.changed_nearby(flow.source_slot()),
                               addresses.changed_nearby(flow.destination_slot()));
    }

    /// Is an end of a flow still whose it was when the flow was last judged?
    bool is_same_owner(std::uint32_t slot, const identity::Entry& entry,
                       std::uint32_t judged) const noexcept {
        if (entry.slot != slot) return false;
        if (!entry.is_known()) return true;
        return static_cast<std::int32_t>(judged - addresses.owned_since(slot)) >= 0;
    }
};

}  // namespace tierwall::worker
