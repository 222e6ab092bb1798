// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Expansion: policies written out as rules over addresses, ports and protocol, as a packet filter
/// without groups and classes needs them.
///
/// Each rule of each policy becomes the product of its subjects' addresses, its peers' addresses
/// and its ports. Every tier and direction that has rules is a step of its own, since a tier may
/// pass the question on: to rte_acl a category, so that one walk answers all steps. Only IPv4.
///
/// Threads: any; pure.
/// Memory:  32 bytes a row.
/// Cost:    rows, and pods times different selectors.

#include "bench/compare/ipv4_set.hpp"
#include "control/kube/objects.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tierwall::bench {

/// What a row matches.
struct FiveTuples {
    Ipv4Block source;
    Ipv4Block destination;
    bool any_protocol = true;  ///< with all ports, and what has none
    std::uint8_t protocol = 0;
    std::uint16_t port_first = 0;  ///< of the destination
    std::uint16_t port_last = 65535;
    friend auto operator<=>(const FiveTuples&, const FiveTuples&) = default;
    friend bool operator==(const FiveTuples&, const FiveTuples&) = default;
};

struct TupleRow {
    FiveTuples match;
    std::uint16_t step = 0;  ///< in Expansion::steps
    base::Action action = base::Action::Allow;
};

/// What is asked one after the other: of one direction in the order of tiers.
struct Step {
    std::uint16_t tier = 0;
    base::Direction direction = base::Direction::Egress;
    bool denies_silence = false;  ///< what no row of the step matches is denied
};

struct Expansion {
    std::vector<Step> steps;
    std::vector<TupleRow> rows;  ///< of one step, earlier ones win

    /// Different combinations of both prefix lengths, the kind of ports (one, a range, all) and
    /// whether there is a protocol: the masks that a filter by masks would need.
    std::size_t shapes() const;
};

struct ExpansionOptions {
    std::size_t rows_max = 1u << 17;
    /// There is no traffic but between pods, and all pods are isolated in the same directions. Then
    /// isolation needs no rows: what is not allowed is denied; and each row is about one source and
    /// one destination. Else neighbouring addresses share rows.
    bool pods_only = false;
};

/// What it says about a packet is what the policies say, except about what a pod sends to itself.
/// Fails: Limit above rows_max; Invalid for policies that cannot be written out: audited ones, and
/// with pods_only where some pods are isolated and some are not.
base::Result<Expansion> expand(const kube::Objects& objects, const ExpansionOptions& options);

}  // namespace tierwall::bench
