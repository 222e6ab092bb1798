// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/table.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace tierwall::flow {
namespace {

/// What make_room() looks at, at most.
constexpr std::uint32_t kReachBuckets = 8;
// Steps are higher than any idle time.
constexpr std::uint32_t kReadinessClosing = 1;
constexpr std::uint32_t kReadinessNeedless = 1u << 17;
constexpr std::uint32_t kReadinessExpired = 1u << 18;

/// An address in one register.
using Half __attribute__((vector_size(16))) = std::uint64_t;

/// A connection's ends and protocol; a Flow begins as a Tuple does.
struct Ends {
    Half source;
    Half destination;
    std::uint64_t rest;  ///< both ports and the protocol

    template <typename Named>
    static Ends of(const Named& named) noexcept {
        constexpr std::uint64_t kPortsAndProtocol = 0xff'ffff'ffff;
        static_assert(std::endian::native == std::endian::little);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&named);
        Ends ends;
        std::memcpy(&ends.source, bytes, 16);
        std::memcpy(&ends.destination, bytes + 16, 16);
        std::memcpy(&ends.rest, bytes + 32, 8);
        ends.rest &= kPortsAndProtocol;
        return ends;
    }
    std::uint64_t rest_reversed() const noexcept {
        constexpr std::uint64_t kPorts = 0xffff'ffff;
        return (rest & ~kPorts) | std::rotl(static_cast<std::uint32_t>(rest), 16);
    }
};

/// What differs between a flow and a packet that runs along it, by its direction; 0: nothing.
struct Differences {
    std::uint64_t forward = 0;
    std::uint64_t reply = 0;

    /// Written so that the compiler makes no branch of it: which direction it is nobody can
    /// foretell, and a branch would be wrong half of the time.
    bool both() const noexcept { return std::min(forward, reply) != 0; }
};

inline Differences differences(const Flow& flow, const parse::Tuple& tuple) noexcept {
    const Ends known = Ends::of(flow);
    const Ends asked = Ends::of(tuple);
    const Half forward = (known.source ^ asked.source) | (known.destination ^ asked.destination);
    const Half reply = (known.source ^ asked.destination) | (known.destination ^ asked.source);
    return {forward[0] | forward[1] | (known.rest ^ asked.rest),
            reply[0] | reply[1] | (known.rest ^ asked.rest_reversed())};
}

bool in_range(const Timeouts& t) noexcept {
    const std::uint16_t all[] = {
        t.tcp_opening_s, t.tcp_established_s, t.tcp_closing_s, t.tcp_closed_s,
        t.udp_single_s,  t.udp_replied_s,     t.icmp_s,        t.sctp_s,
        t.other_s};
    return std::all_of(std::begin(all), std::end(all), [](std::uint16_t timeout_s) {
        return timeout_s >= 1 && timeout_s <= kTimeoutMax_s;
    });
}

}  // namespace

Table::Table(Pages flows, Index index, std::uint32_t flows_max)
    : flow_pages_(std::move(flows)), index_(std::move(index)), flows_max_(flows_max) {}

base::Result<std::unique_ptr<Table>> Table::create(std::uint32_t flows_max,
                                                   const Timeouts& timeouts, int numa_socket) {
    using base::Errc;
    if (flows_max == 0 || flows_max > kFlowsMax) {
        return base::Error{Errc::Invalid, "flows_max", "must be 1.." + std::to_string(kFlowsMax)};
    }
    if (!in_range(timeouts)) {
        return base::Error{Errc::Invalid, "timeouts",
                           "each must be 1.." + std::to_string(kTimeoutMax_s) + " s"};
    }
    TW_TRY(lines, Pages::create(flows_max * sizeof(Flow), numa_socket));
    TW_TRY(index, Index::create(flows_max, numa_socket));
    std::unique_ptr<Table> table(new (std::nothrow)
                                     Table(std::move(lines), std::move(index), flows_max));
    if (table == nullptr) return base::Error{Errc::Limit, "flow table", "no memory"};
    if (getentropy(table->seeds_.data(), sizeof(table->seeds_)) != 0) {
        return base::Error{Errc::Io, "flow table", "the kernel gives no random numbers"};
    }
    table->set_timeouts(timeouts);
    return table;
}

void Table::set_timeouts(const Timeouts& t) noexcept {
    for (std::size_t state = 0; state < kStateCount; ++state) {
        timeouts_[0][state] = t.tcp_opening_s;
        timeouts_[1][state] = t.udp_single_s;
        timeouts_[2][state] = t.icmp_s;
        timeouts_[3][state] = t.udp_single_s;
        timeouts_[4][state] = t.other_s;
    }
    timeouts_[0][static_cast<std::size_t>(State::Established)] = t.tcp_established_s;
    timeouts_[0][static_cast<std::size_t>(State::HalfClosed)] = t.tcp_established_s;
    timeouts_[0][static_cast<std::size_t>(State::Closing)] = t.tcp_closing_s;
    timeouts_[0][static_cast<std::size_t>(State::Closed)] = t.tcp_closed_s;
    timeouts_[1][static_cast<std::size_t>(State::Replied)] = t.udp_replied_s;
    timeouts_[3][static_cast<std::size_t>(State::Replied)] = t.sctp_s;
    calm_idle_max_s_ = std::min(t.tcp_established_s, t.udp_replied_s);
}

void Table::find(std::span<const parse::Tuple> tuples, std::span<Lookup> lookups) const noexcept {
    std::array<const parse::Tuple*, kFindMax> pointers;
    for (std::size_t first = 0; first < tuples.size(); first += kFindMax) {
        const std::size_t count = std::min(kFindMax, tuples.size() - first);
        for (std::size_t i = 0; i < count; ++i) {
            pointers[i] = &tuples[first + i];
            expect(*pointers[i], lookups[first + i]);
        }
        for (Lookup& lookup : lookups.subspan(first, count)) approach(lookup);
        find_approached({pointers.data(), count}, lookups.subspan(first, count));
    }
}

void Table::find_approached(std::span<const parse::Tuple* const> tuples,
                            std::span<Lookup> lookups) const noexcept {
    for (std::size_t i = 0; i < tuples.size(); ++i) {
        Lookup& lookup = lookups[i];
        if (lookup.index == kNoFlow) [[unlikely]] {
            lookup.reply = false;
            if (index_.home(lookup.hash).passed != 0) search(*tuples[i], lookup);
            continue;
        }
        const Differences found = differences(at(lookup.index), *tuples[i]);
        lookup.reply = found.forward != 0;
        if (found.both()) [[unlikely]]
            search(*tuples[i], lookup);
    }
}

void Table::search(const parse::Tuple& tuple, Lookup& lookup) const noexcept {
    lookup.index = kNoFlow;
    lookup.reply = false;
    index_.search(lookup.hash, [&](std::uint32_t candidate) noexcept {
        const Differences found = differences(at(candidate), tuple);
        if (found.both()) return false;
        lookup.index = candidate;
        lookup.reply = found.forward != 0;
        return true;
    });
}

Lookup Table::find(const parse::Tuple& tuple) const noexcept { return find(tuple, hash(tuple)); }

Lookup Table::find(const parse::Tuple& tuple, std::uint64_t tuple_hash) const noexcept {
    Lookup lookup;
    lookup.hash = tuple_hash;
    search(tuple, lookup);
    return lookup;
}

std::uint32_t Table::take_line() noexcept {
    if (free_ != kNoFlow) {
        const std::uint32_t index = free_;
        free_ = at(index).source_slot_ - 1;
        return index;
    }
    const std::uint32_t index = bound();
    if (index == flows_max_) return kNoFlow;
    bound_.store(index + 1, std::memory_order_relaxed);
    return index;
}

/// How willingly a flow gives way to a new one; 0: not at all. Of equals the one that is idle for
/// longest: an honest one is answered soon.
std::uint32_t Table::readiness(const Flow& flow, std::uint32_t now_s) const noexcept {
    if (expired(flow, now_s)) return kReadinessExpired;
    if (flow.is_mark()) return 0;
    switch (flow.state()) {
        case State::Single:
        case State::SynSent:
        case State::SynReceived:
        case State::Closed: return kReadinessNeedless + flow.idle_s(now_s);
        case State::Closing: return kReadinessClosing + flow.idle_s(now_s);
        default: return 0;
    }
}

/// Ends the readiest flow of the first bucket from `hash` on that has one to spare.
bool Table::make_room(std::uint64_t hash, std::uint32_t now_s) noexcept {
    std::uint32_t best = 0;
    std::uint32_t victim = kNoFlow;
    const Index::Bucket* bucket = &index_.home(hash);
    for (std::uint32_t left = kReachBuckets; left > 0 && best < kReadinessNeedless; --left) {
        for (std::uint32_t slot = 0; slot < Index::kSlots; ++slot) {
            if (bucket->tags[slot] != 0) __builtin_prefetch(&at(bucket->flows[slot]));
        }
        for (std::uint32_t slot = 0; slot < Index::kSlots; ++slot) {
            if (bucket->tags[slot] == 0) continue;
            const std::uint32_t ready = readiness(at(bucket->flows[slot]), now_s);
            if (ready <= best) continue;
            best = ready;
            victim = bucket->flows[slot];
        }
        bucket = &index_.after(*bucket);
    }
    if (victim == kNoFlow) return false;
    ++(best == kReadinessExpired ? displaced_ : yielded_);
    erase(victim);
    return true;
}

std::uint32_t Table::insert(const parse::Tuple& originator, std::uint64_t hash,
                            std::uint32_t now_s) noexcept {
    std::uint32_t index = take_line();
    if (index == kNoFlow) [[unlikely]] {
        if (!make_room(hash, now_s)) return kNoFlow;
        index = take_line();
    }
    if (size() == 0) swept_s_ = now_s;
    Flow flow;
    flow.source_ = originator.source;
    flow.destination_ = originator.destination;
    flow.source_port_ = originator.source_port;
    flow.destination_port_ = originator.destination_port;
    flow.protocol_ = originator.protocol;
    flow.state_ = State::Single;
    flow.last_seen_s_ = static_cast<std::uint16_t>(now_s);
    at(index) = flow;
    index_.add(hash, index);
    size_.store(size() + 1, std::memory_order_relaxed);
    ++version_;
    return index;
}

void Table::erase(std::uint32_t index) noexcept {
    if (index >= bound() || at(index).state() == State::Free) return;
    Flow& flow = at(index);
    index_.remove(hash(flow.tuple()), index);
    flow.set_state(State::Free);
    flow.source_slot_ = free_ + 1;
    free_ = index;
    size_.store(size() - 1, std::memory_order_relaxed);
    ++version_;
}

std::uint32_t Table::expire(std::uint32_t now_s, std::uint32_t budget,
                            std::uint32_t generation) noexcept {
    std::uint32_t ended = std::exchange(displaced_, 0);
    const auto gap_s = static_cast<std::int32_t>(now_s - swept_s_);
    swept_s_ = now_s;
    if (gap_s > kTimeoutMax_s) {
        ended += size();
        clear();
    }
    for (std::uint32_t left = std::min(budget, bound()); left > 0; --left) {
        if (cursor_ >= bound()) cursor_ = 0;
        const std::uint32_t index = cursor_++;
        Flow& flow = at(index);
        if (flow.state() == State::Free) continue;
        if (expired(flow, now_s)) {
            erase(index);
            ++ended;
        } else if (static_cast<std::int32_t>(generation - flow.judged()) >= kGenerationsMax) {
            if (!flow.stale()) flow.mark_stale();
        }
    }
    return ended;
}

void Table::clear() noexcept {
    for (std::uint32_t index = 0; index < bound(); ++index) at(index).set_state(State::Free);
    index_.clear();
    free_ = kNoFlow;
    cursor_ = 0;
    size_.store(0, std::memory_order_relaxed);
    bound_.store(0, std::memory_order_relaxed);
    ++version_;
}

std::size_t Table::bytes_per_flow() const noexcept {
    const std::size_t bytes = flows_max_ * sizeof(Flow) + index_.bytes();
    return (bytes + flows_max_ - 1) / flows_max_;
}

namespace {

/// Reads a line that its owner may be writing. Sanitizers must not see it as ordinary reading.
__attribute__((no_sanitize("thread"), noinline)) void copy_line(const Flow& from,
                                                                std::uint64_t* words) noexcept {
    const auto* source = reinterpret_cast<const volatile std::uint64_t*>(&from);
    for (std::size_t i = 0; i < sizeof(Flow) / 8; ++i) words[i] = source[i];
}

}  // namespace

std::optional<FlowView> Table::view(std::uint32_t index) const noexcept {
    constexpr int kTries = 3;
    constexpr std::size_t kWords = sizeof(Flow) / 8;
    if (index >= bound()) return std::nullopt;
    for (int i = 0; i < kTries; ++i) {
        std::array<std::uint64_t, kWords> first;
        std::array<std::uint64_t, kWords> second;
        copy_line(at(index), first.data());
        copy_line(at(index), second.data());
        if (first != second) continue;
        FlowView view;
        std::memcpy(static_cast<void*>(&view), first.data(), sizeof(view));
        if (view.state() == State::Free) return std::nullopt;
        return view;
    }
    return std::nullopt;
}

}  // namespace tierwall::flow
