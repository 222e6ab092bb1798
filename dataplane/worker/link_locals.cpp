// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/link_locals.hpp"

#include "dataplane/worker/port_facts.hpp"

#include <random>

namespace tierwall::worker {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint64_t kLowByte = 0xff;
constexpr std::uint64_t kHost = 1;
constexpr std::uint64_t kRouter = 2;

constexpr std::uint16_t port_in(std::uint64_t word) noexcept {
    return static_cast<std::uint16_t>((word & kLowByte) - 1);
}

constexpr bool is_router_word(std::uint64_t word) noexcept { return (word & kLowByte) == kRouter; }

std::uint64_t mixed(std::uint64_t value) noexcept {
    value = (value ^ value >> 32) * 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9u;
    return value ^ value >> 32;
}

std::uint64_t random_word(std::random_device& source) {
    return std::uint64_t{source()} << 32 | source();
}

}  // namespace

LinkLocals::Table::Table(std::size_t places, std::uint32_t lifetime_s)
    : places_(places),
      lifetime_s_(lifetime_s),
      words_(new std::atomic<std::uint64_t>[places]()),
      seen_s_(new std::atomic<std::uint32_t>[places]()) {}

std::optional<std::size_t> LinkLocals::Table::find(std::uint64_t key) const noexcept {
    for (std::size_t step = 0; step < kWindow; ++step) {
        const std::size_t candidate = place(key, step);
        const std::uint64_t found = word(candidate);
        if (found != 0 && (found & ~kLowByte) == key) return candidate;
    }
    return std::nullopt;
}

/// Another worker may have seen it a moment later than now.
std::uint32_t LinkLocals::Table::silent_s(std::size_t place, std::uint32_t now_s) const noexcept {
    const std::uint32_t silent_s = now_s - seen_s_[place].load(kRelaxed);
    return static_cast<std::int32_t>(silent_s) < 0 ? 0 : silent_s;
}

bool LinkLocals::Table::is_forgotten(std::size_t place, std::uint32_t now_s) const noexcept {
    return silent_s(place, now_s) > lifetime_s_;
}

void LinkLocals::Table::touch(std::size_t place, std::uint32_t now_s) noexcept {
    if (seen_s_[place].load(kRelaxed) != now_s) seen_s_[place].store(now_s, kRelaxed);
}

bool LinkLocals::Table::put(std::size_t place, std::uint64_t old, std::uint64_t word,
                            std::uint32_t now_s) noexcept {
    seen_s_[place].store(now_s, kRelaxed);
    return words_[place].compare_exchange_strong(old, word);
}

LinkLocals::LinkLocals()
    : pods_(kLinkLocalsMax, kLinkLocalLifetime_s),
      uplinks_(kUplinkLinkLocalsMax, kUplinkLinkLocalLifetime_s) {
    static_assert(kPortsMax <= kLowByte);
    std::random_device source;
    for (std::uint64_t& word : secret_) word = random_word(source);
}

// The lowest byte is the owner's.
std::uint64_t LinkLocals::key_of(const base::Address& address) const noexcept {
    return mixed(mixed(address.high() ^ secret_[0]) ^ address.low() ^ secret_[1]) & ~kLowByte;
}

LinkLocals::Answer LinkLocals::use(const base::Address& address, std::uint16_t port,
                                   std::uint32_t now_s) noexcept {
    const std::uint64_t key = key_of(address);
    if (uplink_has(key, now_s)) return Answer::Anothers;
    const std::optional<std::size_t> place = pods_.find(key);
    if (!place) return meet(key, port, now_s);
    const std::uint64_t word = pods_.word(*place);
    if (word == (key | (port + 1u))) {
        pods_.touch(*place, now_s);
        return Answer::Yours;
    }
    if (!pods_.is_forgotten(*place, now_s)) return Answer::Anothers;
    if (counts_[port].load(kRelaxed) >= kLinkLocalsPerPort) return Answer::NoRoom;
    return put_pods(*place, word, key | (port + 1u), now_s) ? Answer::Yours : Answer::Anothers;
}

// An address that is not there.
LinkLocals::Answer LinkLocals::meet(std::uint64_t key, std::uint16_t port,
                                    std::uint32_t now_s) noexcept {
    if (counts_[port].load(kRelaxed) >= kLinkLocalsPerPort) {
        sweep(now_s);
        return Answer::NoRoom;
    }
    for (std::size_t step = 0; step < kWindow; ++step) {
        const std::size_t place = pods_.place(key, step);
        const std::uint64_t word = pods_.word(place);
        if (word != 0 && !pods_.is_forgotten(place, now_s)) continue;
        if (put_pods(place, word, key | (port + 1u), now_s)) return Answer::Yours;
    }
    return Answer::NoRoom;
}

bool LinkLocals::put_pods(std::size_t place, std::uint64_t old, std::uint64_t word,
                          std::uint32_t now_s) noexcept {
    if (!pods_.put(place, old, word, now_s)) return false;
    if (old != 0) counts_[port_in(old)].fetch_sub(1, kRelaxed);
    if (word != 0) counts_[port_in(word)].fetch_add(1, kRelaxed);
    return true;
}

// A port whose share is full gets places of its silent addresses back, some with each try.
void LinkLocals::sweep(std::uint32_t now_s) noexcept {
    const std::uint32_t first = sweep_.fetch_add(kSweep, kRelaxed);
    for (std::size_t i = 0; i < kSweep; ++i) {
        const std::size_t place = (first + i) % kLinkLocalsMax;
        const std::uint64_t word = pods_.word(place);
        if (word != 0 && pods_.is_forgotten(place, now_s)) put_pods(place, word, 0, now_s);
    }
}

LinkLocals::Answer LinkLocals::use_at_uplink(const base::Address& address, bool routes,
                                             std::uint32_t now_s) noexcept {
    const std::uint64_t key = key_of(address);
    const std::optional<std::size_t> place = uplinks_.find(key);
    if (!place) return meet_at_uplink(key, routes, now_s);
    const std::uint64_t word = uplinks_.word(*place);
    uplinks_.touch(*place, now_s);
    if (!routes || is_router_word(word)) return Answer::Yours;
    if (has_room_for_router(now_s)) put_uplinks(*place, word, key | kRouter, now_s);
    return Answer::Yours;
}

// Free and forgotten places come before the host that was silent for longest.
LinkLocals::Answer LinkLocals::meet_at_uplink(std::uint64_t key, bool routes,
                                              std::uint32_t now_s) noexcept {
    const std::uint64_t mine = key | (routes && has_room_for_router(now_s) ? kRouter : kHost);
    std::optional<std::size_t> oldest;
    for (std::size_t step = 0; step < kWindow; ++step) {
        const std::size_t place = uplinks_.place(key, step);
        const std::uint64_t word = uplinks_.word(place);
        if (word == 0 || uplinks_.is_forgotten(place, now_s)) {
            if (put_uplinks(place, word, mine, now_s)) return Answer::Yours;
            continue;
        }
        const bool is_older =
            !oldest || uplinks_.silent_s(place, now_s) > uplinks_.silent_s(*oldest, now_s);
        if (!is_router_word(word) && is_older) oldest = place;
    }
    if (oldest) {
        const std::uint64_t word = uplinks_.word(*oldest);
        if (!is_router_word(word)) put_uplinks(*oldest, word, mine, now_s);
    }
    return Answer::NoRoom;
}

bool LinkLocals::put_uplinks(std::size_t place, std::uint64_t old, std::uint64_t word,
                             std::uint32_t now_s) noexcept {
    if (!uplinks_.put(place, old, word, now_s)) return false;
    if (is_router_word(old)) routers_.fetch_sub(1, kRelaxed);
    if (is_router_word(word)) routers_.fetch_add(1, kRelaxed);
    return true;
}

// When there are too many routers, those that are silent for long get out, some with each try.
bool LinkLocals::has_room_for_router(std::uint32_t now_s) noexcept {
    if (routers_.load(kRelaxed) < kUplinkRoutersMax) return true;
    const std::uint32_t first = uplink_sweep_.fetch_add(kSweep, kRelaxed);
    for (std::size_t i = 0; i < kSweep; ++i) {
        const std::size_t place = (first + i) % kUplinkLinkLocalsMax;
        const std::uint64_t word = uplinks_.word(place);
        if (word != 0 && uplinks_.is_forgotten(place, now_s)) put_uplinks(place, word, 0, now_s);
    }
    return false;
}

bool LinkLocals::uplink_has(std::uint64_t key, std::uint32_t now_s) const noexcept {
    const std::optional<std::size_t> place = uplinks_.find(key);
    return place && !uplinks_.is_forgotten(*place, now_s);
}

bool LinkLocals::is_uplinks(const base::Address& address, std::uint32_t now_s) const noexcept {
    return uplink_has(key_of(address), now_s);
}

}  // namespace tierwall::worker
