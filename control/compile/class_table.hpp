// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Classes: the peer classes of one table, identities that its rows cannot tell apart.
///
/// Rows of one rule speak of all its peers alike, so a class is the set of the table's peer lists
/// that its identities are in: a rule with a thousand blocks needs one class, not a thousand. A
/// list is called by the first rule that has it, so that a class keeps its number when peers are
/// added to the rule, and as long as some identity is in exactly those lists; class 0 is for those
/// in none.
///
/// Threads: one control thread.
/// Memory:  8 bytes an identity in a class other than 0.
/// Cost:    O(members of the terms), sorted once.

#include "control/resolve/resolver.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
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

/// A list of peers as a rule has it: for its ports, or one of those for its named ports.
struct ListName {
    std::uint32_t rule = 0;
    std::uint32_t place = 0;
    friend auto operator<=>(const ListName&, const ListName&) = default;
    friend bool operator==(const ListName&, const ListName&) = default;
};
/// What is in any of the terms (sorted, without duplicates) -> its name.
using PeerLists = std::map<std::vector<PeerTerm>, ListName>;
using ClassNumbers = std::map<std::vector<ListName>, std::uint32_t>;

struct Classes {
    /// Ascending by identity; those in class 0 are not listed.
    std::vector<std::pair<IdentityNumber, std::uint32_t>> of_identity;
    /// The classes that are in a list, ascending.
    std::map<ListName, std::vector<std::uint32_t>> of_list;
    ClassNumbers numbers;
};

/// The identities that a peer term holds, sorted.
std::vector<IdentityNumber> members(const resolve::Resolver& resolver, const PeerTerm& term);

/// Requires: names that differ. `before`: the table's numbers up to now.
Classes classify(const resolve::Resolver& resolver, const PeerLists& lists,
                 const ClassNumbers& before);

}  // namespace tierwall::compile
