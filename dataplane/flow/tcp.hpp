// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Tracking: how a packet moves its flow's state.
///
/// TCP: Single -SYN-> SynSent -SYN,ACK-> SynReceived -ACK-> Established -FIN-> HalfClosed -FIN of
/// the other end-> Closing -ACK-> Closed. Packets of a flow pass in every state; what the states
/// decide is how long it may be silent. Sequence numbers are not checked, because windows would
/// have to be written down at every packet, so a close may be forged: by somebody beyond the uplink
/// or on the way, in the name of an end that is there, for a pods port lets nobody use another's
/// address. The hosts ignore what is out of window. So the close of one end counts for little:
///
/// * One FIN leaves the limit of an established flow; half-closed connections live long anyway.
/// * One RST (Closing) leaves tcp_closing_s. Any packet after it that does not close takes it back:
///   where the connection is really gone, that packet is answered with another RST. Before the
///   handshake is complete a RST moves nothing; the flow ends by tcp_opening_s.
///   One that came from where only its sender can send from is believed: confirm_rst().
/// * When both ends have closed, by FINs and the acknowledgement or by FIN or RST and RST, the flow
///   is Closed and ends tcp_closed_s later; other packets than FIN and RST keep it as long.
/// * A SYN of the originator on a closing flow is noted, and opens nothing until a SYN,ACK of the
///   other end answers it. Then it is SynReceived, as any new connection.
///
/// What is left to a forger: a connection with a forged RST that both ends leave silent for longer
/// than tcp_closing_s; one that a pod has half-closed and whose other FIN is forged, if it is then
/// silent for tcp_closed_s. After that its originator's packets are judged, and open the flow
/// again where policy allows them; the other end's are not let through until then.
///
/// Others: conntrack and pf keep windows. Without them (pf's sloppy states, load balancers, eBPF
/// connection tables) a single RST shortens a flow's life to seconds, and nothing takes it back.
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

/// A packet of TCP or UDP that changes nothing about a calm flow but the time it was seen.
inline bool is_calm(const parse::Headers& headers) noexcept {
    using namespace parse::tcp_flag;
    return headers.plain & ((headers.tcp_flags & (kFin | kSyn | kRst)) == 0);
}

/// Is it a packet that only shows that its flow lives? For these, touch() is all that track() does.
inline bool only_touches(const Flow& flow, const parse::Headers& headers) noexcept {
    using namespace parse::tcp_flag;
    constexpr std::uint8_t kSpecial = kFin | kSyn | kRst;
    if (flow.protocol() == base::kIpTcp) {
        const bool steady = flow.state() == State::Established || flow.state() == State::HalfClosed;
        return steady && headers.has_transport && (headers.tcp_flags & kSpecial) == 0;
    }
    return flow.state() == State::Replied;
}

/// The RST that was tracked last is certainly its sender's: as if both ends had sent a FIN, no
/// packet of the other end brings the connection back.
inline void confirm_rst(Flow& flow) noexcept {
    if (flow.state() != State::Closing) return;
    flow.set_state(State::Closed);
    flow.set_fin_seen(false);
    flow.set_fin_seen(true);
}

/// True for a SYN that may open a new connection between the ports of one that is closing, closed
/// or refused. The caller judges it as a new connection. When that is denied, the flow stays as it
/// is. When it is allowed and the originator's, the flow is track()ed. When it is the other end's,
/// the flow gives way to one in that direction, which counts as picked up.
bool restarts(const Flow& flow, const parse::Headers& headers) noexcept;

}  // namespace tierwall::flow
