// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Classes: the peer classes of one table, identities that its rows cannot tell apart.
///
/// A class is the set of the table's peer terms that its identities are in. It keeps its number as
/// long as some identity is in exactly those; class 0 is for those in none.
///
/// Threads: one control thread.
/// Memory:  8 bytes an identity in a class other than 0.
/// Cost:    O(members of the terms), sorted once.

#include "control/resolve/resolver.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace tierwall::compile {

using resolve::IdentityNumber;
using resolve::TermId;

/// One condition on the other end: in `peer` (or any pod), and with this named port (or any).
struct PeerTerm {
    TermId peer = resolve::kNoTerm;
    TermId port = resolve::kNoTerm;
    friend auto operator<=>(const PeerTerm&, const PeerTerm&) = default;
    friend bool operator==(const PeerTerm&, const PeerTerm&) = default;
};
using ClassNumbers = std::map<std::vector<PeerTerm>, std::uint32_t>;

struct Classes {
    /// Ascending by identity; those in class 0 are not listed.
    std::vector<std::pair<IdentityNumber, std::uint32_t>> of_identity;
    /// For each term asked about: the classes that are in it, ascending.
    std::vector<std::vector<std::uint32_t>> of_term;
    ClassNumbers numbers;
};

/// The identities that a peer term holds, sorted.
std::vector<IdentityNumber> members(const resolve::Resolver& resolver, const PeerTerm& term);

/// Requires: `terms` sorted, without duplicates. `before`: the table's numbers up to now.
Classes classify(const resolve::Resolver& resolver, std::span<const PeerTerm> terms,
                 const ClassNumbers& before);

}  // namespace tierwall::compile
