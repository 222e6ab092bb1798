// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Packet kinds: what a packet says about the connection that it may belong to.
///
/// Threads: any; values.
/// Memory:  none.
/// Cost:    a few comparisons.

#include "dataplane/parse/headers.hpp"

namespace tierwall::worker {

inline bool is_tcp(const parse::Headers& headers) noexcept {
    return headers.tuple.protocol == base::kIpTcp;
}

inline bool is_icmp(const parse::Headers& headers) noexcept {
    return headers.tuple.protocol == base::kIpIcmp || headers.tuple.protocol == base::kIpIcmpv6;
}

inline bool has_tcp_flag(const parse::Headers& headers, std::uint8_t flag) noexcept {
    return is_tcp(headers) && (headers.tcp_flags & flag) != 0;
}

inline bool is_rst(const parse::Headers& headers) noexcept {
    return has_tcp_flag(headers, parse::tcp_flag::kRst);
}

/// TCP or UDP: no errors about other packets, no questions about neighbours, no associations.
inline bool has_plain_ports(const parse::Headers& headers) noexcept {
    return is_tcp(headers) || headers.tuple.protocol == base::kIpUdp;
}

/// A SYN that is no answer.
inline bool opens_tcp(const parse::Headers& headers) noexcept {
    return has_tcp_flag(headers, parse::tcp_flag::kSyn) &&
           !has_tcp_flag(headers, parse::tcp_flag::kAck);
}

/// From the middle of a connection: there must have been an earlier packet, maybe one from before
/// the start. Only TCP shows it: whatever else looks like an answer may be the first packet.
inline bool is_mid_stream(const parse::Headers& headers) noexcept {
    return is_tcp(headers) && !opens_tcp(headers);
}

/// ARP and neighbour discovery: below policy, but not below trust.
inline bool is_neighbour(const parse::Headers& headers) noexcept {
    return headers.kind == parse::Kind::Arp || headers.neighbour_discovery;
}

/// May the packet open a flow with its sender as the originator? Answers may not: whoever they
/// went to could then open connections of his own as if they were replies.
inline bool may_originate(const parse::Headers& headers) noexcept {
    const parse::Tuple& tuple = headers.tuple;
    if (tuple.destination.is_multicast_or_broadcast() || tuple.source == tuple.destination) {
        return false;
    }
    if (is_icmp(headers)) return headers.icmp_query;
    const bool answers = has_tcp_flag(headers, parse::tcp_flag::kSyn) && !opens_tcp(headers);
    return !is_rst(headers) && !answers;
}

}  // namespace tierwall::worker
