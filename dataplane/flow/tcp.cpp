// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/tcp.hpp"

#include "dataplane/base/protocol.hpp"

namespace tierwall::flow {
namespace {

using namespace parse::tcp_flag;

bool has(std::uint8_t flags, std::uint8_t flag) noexcept { return (flags & flag) != 0; }

/// Who has spoken is all that is known of a flow without its SYN.
State first_state(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    if (!has(flags, kSyn) || reply) flow.set_picked_up();
    return reply ? State::SynReceived : State::SynSent;
}

State after_syn_sent(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    if (!reply) return State::SynSent;
    if (has(flags, kSyn)) {
        flow.forget_fin();  // nothing was open yet that it could have closed
        return State::SynReceived;
    }
    // To a SYN of ours this is the answer of an older connection (RFC 5961); to a packet from the
    // middle of a connection it is the other half.
    return flow.picked_up() ? State::Established : State::SynSent;
}

State after_syn_received(std::uint8_t flags, bool reply) noexcept {
    return !reply && !has(flags, kSyn) ? State::Established : State::SynReceived;
}

bool both_fins(const Flow& flow) noexcept { return flow.fin_seen(false) && flow.fin_seen(true); }

bool any_rst(const Flow& flow) noexcept { return flow.rst_seen(false) || flow.rst_seen(true); }

/// Where a flow whose ends have both spoken stands, by what each has sent to close it.
State by_closes(const Flow& flow) noexcept {
    const bool source = flow.fin_seen(false) || flow.rst_seen(false);
    const bool destination = flow.fin_seen(true) || flow.rst_seen(true);
    if (any_rst(flow)) return source && destination ? State::Closed : State::Closing;
    if (source && destination) return State::Closing;
    return source || destination ? State::HalfClosed : State::Established;
}

State after_rst(Flow& flow, bool reply) noexcept {
    const State state = flow.state();
    if (state == State::Closed && both_fins(flow)) return state;
    flow.set_rst_seen(reply);
    if (state < State::Established || state == State::Closed) return state;
    return by_closes(flow);
}

/// A SYN, or the answer to one, on the ports of a connection that was there before.
State after_late_syn(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    const State state = flow.state();
    if (state == State::Established) return state;
    if (!reply && !has(flags, kAck)) {
        flow.set_reopening(true);
        return state == State::Closed ? State::Closing : state;
    }
    if (!reply || !has(flags, kAck) || !flow.reopening()) return state;
    flow.set_reopening(false);
    flow.forget_fin();
    flow.forget_rst();
    flow.forget_picked_up();
    return State::SynReceived;
}

/// Neither SYN nor RST, and both ends have spoken before.
State after_segment(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    if (flow.state() == State::Closed && both_fins(flow)) {
        // Of what is closed for certain only one thing says that it is not: who reset goes on.
        if (has(flags, kFin) || !flow.rst_seen(reply)) return State::Closed;
        flow.forget_fin();
    }
    const bool acknowledged = both_fins(flow) && !has(flags, kFin);
    // Where the connection is gone, this packet brings another RST.
    if (!has(flags, kFin)) flow.forget_rst();
    if (has(flags, kFin)) flow.set_fin_seen(reply);
    if (acknowledged) return State::Closed;
    return by_closes(flow);
}

State after_opening(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    State state = flow.state();
    flow.forget_rst();
    switch (state) {
        case State::Single: state = first_state(flow, flags, reply); break;
        case State::SynSent: state = after_syn_sent(flow, flags, reply); break;
        default: state = after_syn_received(flags, reply); break;
    }
    if (has(flags, kFin)) flow.set_fin_seen(reply);
    return state == State::Established ? by_closes(flow) : state;
}

State next_state(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    if (has(flags, kRst)) return after_rst(flow, reply);
    if (flow.state() < State::Established) return after_opening(flow, flags, reply);
    if (has(flags, kSyn)) return after_late_syn(flow, flags, reply);
    return after_segment(flow, flags, reply);
}

void track_tcp(Flow& flow, std::uint8_t flags, bool reply, std::uint32_t now_s) noexcept {
    const State before = flow.state();
    const bool opening = before < State::Established;
    const bool nothing_new =
        (opening && has(flags, kRst)) || (before == State::Closed && has(flags, kRst | kFin));
    flow.set_state(next_state(flow, flags, reply));
    if (!nothing_new) flow.touch(now_s);
}

}  // namespace

void track(Flow& flow, const parse::Headers& headers, bool reply, std::uint32_t now_s) noexcept {
    if (only_touches(flow, headers)) [[likely]] {
        flow.touch(now_s);
    } else if (flow.protocol() != base::kIpTcp) {
        if (reply && flow.state() == State::Single) flow.set_state(State::Replied);
        flow.touch(now_s);
    } else if (headers.has_transport) {
        track_tcp(flow, headers.tcp_flags, reply, now_s);
    }
}

bool restarts(const Flow& flow, const parse::Headers& headers) noexcept {
    const bool opens = has(headers.tcp_flags, kSyn) && !has(headers.tcp_flags, kAck);
    if (flow.protocol() != base::kIpTcp || !headers.has_transport || !opens) return false;
    return flow.state() > State::Established ||
           (flow.state() < State::Established && any_rst(flow));
}

const char* name(State state) noexcept {
    switch (state) {
        case State::Free: return "free";
        case State::Single: return "single";
        case State::Replied: return "replied";
        case State::SynSent: return "syn_sent";
        case State::SynReceived: return "syn_received";
        case State::Established: return "established";
        case State::HalfClosed: return "half_closed";
        case State::Closing: return "closing";
        case State::Closed: return "closed";
    }
    return "unknown";
}

}  // namespace tierwall::flow
