// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Tracking: how a packet moves its flow's state.
///
/// TCP: Single -SYN-> SynSent -SYN,ACK-> SynReceived -ACK-> Established -FIN-> Closing -FIN both
/// ways and an ACK, or a RST-> Closed. Sequence numbers are not checked: policy is about who talks
/// to whom, and the hosts reject what is out of window. Two rules follow from that.
///
/// * A RST only moves the flow to Closed; packets still pass. When the side that seemed to send the
///   RST goes on with an acknowledgement, the RST was forged and the flow is Established again.
/// * Nothing refreshes a Closed flow, so it ends tcp_closed_s after it closed.
///
/// A flow whose first packet was no SYN counts as Established only after both ends have spoken, so
/// that a flood of stray packets cannot fill the table for hours.
///
/// Threads: the worker that owns the flow.
/// Memory:  none.
/// Cost:    a few branches; writes nothing while an established flow stays within one second.

#include "dataplane/flow/flow.hpp"
#include "dataplane/parse/headers.hpp"

#include <cstdint>

namespace tierwall::flow {

/// Notes one packet of the flow, its first one included. `reply`: it runs against the originator.
void track(Flow& flow, const parse::Headers& headers, bool reply, std::uint32_t now_s) noexcept;

/// Is it a packet that only shows that its flow lives? Nearly every packet of nearly every flow is;
/// for these, touch() is all that track() does.
inline bool only_touches(const Flow& flow, const parse::Headers& headers) noexcept {
    using namespace parse::tcp_flag;
    constexpr std::uint8_t kSpecial = kFin | kSyn | kRst;
    if (flow.protocol() == base::kIpTcp) {
        return flow.state() == State::Established && headers.has_transport &&
               (headers.tcp_flags & kSpecial) == 0;
    }
    return flow.state() == State::Replied;
}

/// True for a SYN that opens a new connection between the ports of one that is closing or closed.
/// The caller judges it as a new connection and, when that is allowed, erases the flow and inserts
/// the packet's tuple: the originator may have changed. When it is denied, the flow stays as it is.
bool restarts(const Flow& flow, const parse::Headers& headers) noexcept;

}  // namespace tierwall::flow
