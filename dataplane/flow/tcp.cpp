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

State after_syn_sent(const Flow& flow, std::uint8_t flags, bool reply) noexcept {
    if (!reply) return State::SynSent;
    if (has(flags, kSyn)) return State::SynReceived;
    // To a SYN of ours this is the answer of an older connection (RFC 5961); to a packet from the
    // middle of a connection it is the other half.
    return flow.picked_up() ? State::Established : State::SynSent;
}

State after_syn_received(std::uint8_t flags, bool reply) noexcept {
    return !reply && !has(flags, kSyn) ? State::Established : State::SynReceived;
}

State after_fin(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    const bool both_before = flow.fin_seen(false) && flow.fin_seen(true);
    if (has(flags, kFin)) flow.set_fin_seen(reply);
    return both_before && !has(flags, kFin) ? State::Closed : State::Closing;
}

/// A side that acknowledges after "its" RST never sent that RST.
State after_close(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    if (!flow.rst_seen(reply) || has(flags, kSyn)) return State::Closed;
    flow.forget_rst();
    return flow.fin_seen(false) || flow.fin_seen(true) ? State::Closing : State::Established;
}

State next_state(Flow& flow, std::uint8_t flags, bool reply) noexcept {
    State state = flow.state();
    if (has(flags, kRst)) {
        flow.set_rst_seen(reply);
        return State::Closed;
    }
    switch (state) {
        case State::Single: state = first_state(flow, flags, reply); break;
        case State::SynSent: state = after_syn_sent(flow, flags, reply); break;
        case State::SynReceived: state = after_syn_received(flags, reply); break;
        case State::Closing: return after_fin(flow, flags, reply);
        case State::Closed: return after_close(flow, flags, reply);
        default: break;
    }
    return has(flags, kFin) ? after_fin(flow, flags, reply) : state;
}

void track_tcp(Flow& flow, std::uint8_t flags, bool reply, std::uint32_t now_s) noexcept {
    const State before = flow.state();
    const State after = next_state(flow, flags, reply);
    if (before != State::Closed || after != State::Closed) flow.touch(now_s);
    flow.set_state(after);
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
    const bool ends = flow.state() == State::Closing || flow.state() == State::Closed;
    return flow.protocol() == base::kIpTcp && headers.has_transport && opens && ends;
}

const char* name(State state) noexcept {
    switch (state) {
        case State::Free: return "free";
        case State::Single: return "single";
        case State::Replied: return "replied";
        case State::SynSent: return "syn_sent";
        case State::SynReceived: return "syn_received";
        case State::Established: return "established";
        case State::Closing: return "closing";
        case State::Closed: return "closed";
    }
    return "unknown";
}

}  // namespace tierwall::flow
