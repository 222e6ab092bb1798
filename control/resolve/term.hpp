// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Terms: the distinct sets of addresses that policies speak about, each known by one number.
///
/// A term is a set of pods, nodes or networks that some policy has as subject or peer, or "pods
/// that have this named port". Everything that can tell two addresses apart is a term; an identity
/// is the list of terms that an address is in.
///
/// Threads: one control thread.
/// Memory:  each distinct term once.
/// Cost:    O(log terms) an acquisition.

#include "control/policy/policy.hpp"
#include "control/resolve/ledger.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace tierwall::resolve {

using TermId = std::uint32_t;
inline constexpr TermId kNoTerm = 0;

/// Pods with a container port of this name and protocol; with this number too, unless it is 0.
struct NamedPort {
    std::string name;
    std::uint8_t protocol = 0;
    std::uint16_t number = 0;
    friend auto operator<=>(const NamedPort&, const NamedPort&) = default;
    friend bool operator==(const NamedPort&, const NamedPort&) = default;
};

using Term =
    std::variant<policy::PodSet, policy::NodeSet, policy::NetworkSet, policy::NameSet, NamedPort>;

class Terms {
public:
    explicit Terms(Journal& journal) : journal_(journal), entries_(journal), ids_(journal) {}

    /// Counts one more user. Numbers are never used twice.
    TermId acquire(const Term& term);
    void release(TermId id);
    TermId find(const Term& term) const;  ///< kNoTerm when nobody uses it
    const Term& at(TermId id) const { return *entries_.at(id).term; }
    /// The terms in use for this name and protocol with a number.
    std::vector<TermId> numbered(const NamedPort& port) const;

    struct Changes {
        std::vector<TermId> added;
        std::vector<TermId> removed;  ///< can still be read until sweep()
    };
    /// What policies have added and removed since the last sweep(), ascending.
    Changes changes() const;
    /// Forgets the terms that nobody uses.
    void sweep();
    /// What changes() and sweep() go by, when a compile was taken back.
    void forget_changes();

private:
    using Pointer = std::shared_ptr<const Term>;
    struct Less {
        bool operator()(const Pointer& a, const Pointer& b) const { return *a < *b; }
    };
    struct Entry {
        Pointer term;
        std::uint32_t users = 0;
    };

    Journal& journal_;
    Ledger<std::unordered_map<TermId, Entry>> entries_;
    Ledger<std::map<Pointer, TermId, Less>> ids_;
    TermId last_ = kNoTerm;
    std::vector<TermId> created_;
    std::vector<TermId> unused_;  ///< had no user at some moment since the last sweep()
};

}  // namespace tierwall::resolve
