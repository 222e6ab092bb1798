// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Connections: sets of protocols and ports, and what both directions decide about each of them.
///
/// Everything that policy can tell apart between two ends is a protocol and a destination port, so
/// an answer about two ends is a list of ruled port ranges without gaps.
///
/// Threads: values.
/// Memory:  a few words a range.
/// Cost:    none on the packet path.

#include "dataplane/base/verdict.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tierwall::ctl {

/// The protocols that rules tell apart, each in its slot; the last slot is all the others.
class Protocols {
public:
    /// TCP, UDP and SCTP always have a slot.
    explicit Protocols(std::set<std::uint8_t> named = {});

    std::size_t size() const { return numbers_.size(); }
    bool is_rest(std::size_t slot) const { return slot + 1 == numbers_.size(); }
    bool has_ports(std::size_t slot) const;
    /// A protocol of this slot.
    std::uint8_t number(std::size_t slot) const { return numbers_[slot]; }
    std::size_t slot_of(std::uint8_t protocol) const;
    /// "TCP", "ICMP", "47"; "other" for the last slot.
    std::string name(std::size_t slot) const;

private:
    std::vector<std::uint8_t> numbers_;
};

/// Protocols without ports have all of them.
struct PortSpan {
    std::uint16_t slot = 0;
    std::uint16_t first = 0;
    std::uint16_t last = 65535;
    friend auto operator<=>(const PortSpan&, const PortSpan&) = default;
    friend bool operator==(const PortSpan&, const PortSpan&) = default;
};
using Connections = std::vector<PortSpan>;  ///< ascending, ranges that touch are one

/// Everything there is.
Connections everything(const Protocols& protocols);
/// Appends; a range that continues the last one makes it longer.
void extend(Connections& connections, const PortSpan& span);

/// "all", "none", "tcp/80,443 udp", or "all but tcp/25" where that is shorter. `universe`: what was
/// asked about.
std::string text(const Connections& connections, const Connections& universe,
                 const Protocols& protocols);

/// What one direction decides.
struct Decided {
    PortSpan span;
    base::Decision decision;
};
using Spans = std::vector<Decided>;  ///< every slot and port once, ascending

/// What both directions decide.
struct Ruling {
    base::Decision egress;
    base::Decision ingress;
    friend bool operator==(const Ruling&, const Ruling&) = default;

    base::Action verdict() const;
    bool allows() const { return verdict() == base::Action::Allow; }
};
struct Ruled {
    PortSpan span;
    Ruling ruling;
};

/// Requires: both about the same slots.
std::vector<Ruled> combined(const Spans& egress, const Spans& ingress);
/// Only what lies in `universe`.
std::vector<Ruled> within(const std::vector<Ruled>& all, const Connections& universe);
Connections allowed(const std::vector<Ruled>& ruled);

}  // namespace tierwall::ctl
