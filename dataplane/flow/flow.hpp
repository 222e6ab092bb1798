// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Flow: one connection, both directions, in one cache line.
///
/// "Source" is the end that opened the connection, "destination" the other one; a packet runs in
/// the *reply* direction when its sender is the destination. The flow remembers what decided it:
/// the rules of both directions, the slots of both ends in the address map, and the generation in
/// which it was judged.
///
/// Threads: the worker that owns the table; others read copies made by Table::view().
/// Memory:  64 bytes, inside the table.
/// Cost:    one cache line.

#include "dataplane/base/address.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/parse/headers.hpp"

#include <array>
#include <cstdint>

namespace tierwall::flow {

/// The port a direction's packets come from is not known yet.
inline constexpr std::uint8_t kNoPort = 0xff;

enum class State : std::uint8_t {
    Free,         ///< no flow
    Single,       ///< seen one way; a TCP flow before its first track()
    Replied,      ///< seen both ways; not TCP
    SynSent,      ///< the source has spoken
    SynReceived,  ///< the destination has spoken
    // From here on both ends have spoken; TCP only.
    Established,
    HalfClosed,  ///< one end has sent its FIN
    Closing,     ///< both FINs, not acknowledged yet; or a RST that nothing confirms
    Closed,      ///< both ends have closed, by FIN or RST
};
inline constexpr std::size_t kStateCount = 9;

/// Lower-case word, as in JSON.
const char* name(State state) noexcept;

class alignas(64) Flow {
public:
    // Who.
    const base::Address& source() const noexcept { return source_; }
    const base::Address& destination() const noexcept { return destination_; }
    std::uint16_t source_port() const noexcept { return source_port_; }
    std::uint16_t destination_port() const noexcept { return destination_port_; }
    std::uint8_t protocol() const noexcept { return protocol_; }
    /// As in a packet of the source.
    parse::Tuple tuple() const noexcept {
        return {source_, destination_, source_port_, destination_port_, protocol_};
    }

    // What decided it.
    std::uint32_t source_slot() const noexcept { return source_slot_; }
    std::uint32_t destination_slot() const noexcept { return destination_slot_; }
    void set_slots(std::uint32_t source, std::uint32_t destination) noexcept {
        source_slot_ = source;
        destination_slot_ = destination;
    }
    /// The generation in which the flow was last found to be allowed.
    std::uint32_t judged() const noexcept { return judged_; }
    void set_judged(std::uint32_t generation) noexcept {
        judged_ = generation;
        set_flag(kStale, false);
        note_calm();
    }
    /// Judged so long ago that generations can no longer be compared.
    bool stale() const noexcept { return flag(kStale); }
    void mark_stale() noexcept {
        set_flag(kStale, true);
        note_calm();
    }
    /// Nothing that decided the flow changed since. `changed_*`: the generation that last changed
    /// each end's slot.
    bool is_current(std::uint32_t changed_source,
                    std::uint32_t changed_destination) const noexcept {
        const auto after_source = static_cast<std::int32_t>(judged_ - changed_source);
        const auto after_destination = static_cast<std::int32_t>(judged_ - changed_destination);
        return !stale() && (after_source | after_destination) >= 0;
    }
    /// Always Allow: denied packets make no flow.
    base::Decision egress() const noexcept {
        return {base::Action::Allow, 0, wide_tier(tiers_ & 0x0fu), egress_rule_};
    }
    base::Decision ingress() const noexcept {
        return {base::Action::Allow, 0, wide_tier(tiers_ >> 4), ingress_rule_};
    }
    /// Requires: tiers below kTiersMax or one of the named outcomes.
    void set_decisions(const base::Decision& egress, const base::Decision& ingress) noexcept {
        egress_rule_ = egress.rule;
        ingress_rule_ = ingress.rule;
        const unsigned both = narrow_tier(egress.tier) | narrow_tier(ingress.tier) << 4;
        tiers_ = static_cast<std::uint8_t>(both);
        note_calm();
    }

    /// Stands for a connection that policy no longer allows: a live flow's egress has a tier.
    bool is_mark() const noexcept { return egress().tier == base::kTierNone; }

    // Where from: the port on which a direction was last accepted.
    std::uint8_t port(bool reply) const noexcept { return ports_in_[reply ? 1 : 0]; }
    void set_port(bool reply, std::uint8_t port) noexcept { ports_in_[reply ? 1 : 0] = port; }

    // How it stands.
    State state() const noexcept { return state_; }
    void set_state(State state) noexcept {
        state_ = state;
        note_calm();
    }
    /// Of TCP or UDP, both ends have spoken, not both have closed, it is no mark and not stale: a
    /// packet that is no SYN, FIN or RST changes nothing about it but the time it was seen.
    bool is_calm() const noexcept { return flag(kCalm); }
    bool fin_seen(bool reply) const noexcept { return flag(reply ? kFinReply : kFinSource); }
    void set_fin_seen(bool reply) noexcept { set_flag(reply ? kFinReply : kFinSource, true); }
    bool rst_seen(bool reply) const noexcept { return flag(reply ? kRstReply : kRstSource); }
    void set_rst_seen(bool reply) noexcept { set_flag(reply ? kRstReply : kRstSource, true); }
    void forget_rst() noexcept { set_flag(kRstReply | kRstSource, false); }
    void forget_fin() noexcept { set_flag(kFinReply | kFinSource, false); }
    /// The source wants to open the connection once more; the destination has not answered.
    bool reopening() const noexcept { return flag(kReopening); }
    void set_reopening(bool on) noexcept { set_flag(kReopening, on); }
    /// It may have begun before this table knew of it: its first packet was no SYN, or was one
    /// that replaced a flow whose end was not certain.
    bool picked_up() const noexcept { return flag(kPickedUp); }
    void set_picked_up() noexcept { set_flag(kPickedUp, true); }
    void forget_picked_up() noexcept { set_flag(kPickedUp, false); }

    /// Low 16 bits of the time of the last packet that keeps the flow alive.
    std::uint16_t last_seen_s() const noexcept { return last_seen_s_; }
    void touch(std::uint32_t now_s) noexcept {
        const auto now = static_cast<std::uint16_t>(now_s);
        // Storing only what changed leaves the line clean for a second: no write-back.
        if (last_seen_s_ != now) last_seen_s_ = now;
    }
    /// Seconds of silence. Right as long as expiry looks at each flow every kTimeoutMax_s.
    std::uint16_t idle_s(std::uint32_t now_s) const noexcept {
        return static_cast<std::uint16_t>(now_s - last_seen_s_);
    }

private:
    friend class Table;

    enum Flag : std::uint8_t {
        kFinSource = 1,
        kFinReply = 2,
        kRstSource = 4,
        kRstReply = 8,
        kPickedUp = 16,
        kStale = 32,
        kReopening = 64,
        kCalm = 128,  ///< follows from the rest; kept, because nearly every packet asks
    };
    bool flag(unsigned mask) const noexcept { return (flags_ & mask) != 0; }
    void set_flag(unsigned mask, bool on) noexcept {
        flags_ = static_cast<std::uint8_t>(on ? flags_ | mask : flags_ & ~mask);
    }

    void note_calm() noexcept {
        const bool tcp = protocol_ == base::kIpTcp &&
                         (state_ == State::Established || state_ == State::HalfClosed);
        const bool udp = protocol_ == base::kIpUdp && state_ == State::Replied;
        set_flag(kCalm, (tcp || udp) && !is_mark() && !stale());
    }

    // Four bits a tier: 0..7 as they are, the named outcomes from 250 on behind them.
    static constexpr unsigned narrow_tier(std::uint16_t tier) noexcept {
        const int narrow =
            tier < base::kTiersMax ? tier : tier - base::kTierDefault + base::kTiersMax;
        return static_cast<unsigned>(narrow) & 0x0fu;
    }
    static constexpr std::uint16_t wide_tier(unsigned narrow) noexcept {
        return static_cast<std::uint16_t>(
            narrow < base::kTiersMax ? narrow : narrow - base::kTiersMax + base::kTierDefault);
    }
    static_assert(base::kTierNone - base::kTierDefault + base::kTiersMax < 16);

    // As in Tuple, so that a packet's is compared in whole words: matches().
    base::Address source_;
    base::Address destination_;
    std::uint16_t source_port_ = 0;
    std::uint16_t destination_port_ = 0;
    std::uint8_t protocol_ = 0;
    State state_ = State::Free;
    std::uint16_t last_seen_s_ = 0;
    std::uint32_t judged_ = 0;
    std::uint32_t source_slot_ = 0;  ///< of a free line: the next free one, plus one
    std::uint32_t destination_slot_ = 0;
    std::uint32_t egress_rule_ = base::kNoRule;
    std::uint32_t ingress_rule_ = base::kNoRule;
    std::uint8_t flags_ = 0;
    std::uint8_t tiers_ = 0;
    std::array<std::uint8_t, 2> ports_in_{kNoPort, kNoPort};  ///< of the source's packets, replies
};
static_assert(sizeof(Flow) == 64);

}  // namespace tierwall::flow
