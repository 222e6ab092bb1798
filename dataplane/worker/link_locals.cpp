// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/link_locals.hpp"

#include "dataplane/worker/port_facts.hpp"

#include <random>

namespace tierwall::worker {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint64_t kOriginBits = 0xff;

constexpr std::uint16_t origin_in(std::uint64_t word) noexcept {
    return static_cast<std::uint16_t>((word & kOriginBits) - 1);
}

std::uint64_t mixed(std::uint64_t value) noexcept {
    value = (value ^ value >> 32) * 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9u;
    return value ^ value >> 32;
}

std::uint64_t random_word(std::random_device& source) {
    return std::uint64_t{source()} << 32 | source();
}

}  // namespace

LinkLocals::LinkLocals()
    : words_(new std::atomic<std::uint64_t>[kLinkLocalsMax]()),
      seen_s_(new std::atomic<std::uint32_t>[kLinkLocalsMax]()) {
    static_assert(kUplinkOrigin + 1u <= kOriginBits);
    std::random_device source;
    for (std::uint64_t& word : secret_) word = random_word(source);
}

// The lowest byte is the origin's.
std::uint64_t LinkLocals::key_of(const base::Address& address) const noexcept {
    return mixed(mixed(address.high() ^ secret_[0]) ^ address.low() ^ secret_[1]) & ~kOriginBits;
}

bool LinkLocals::is_forgotten(std::size_t place, std::uint64_t word,
                              std::uint32_t now_s) const noexcept {
    if (origin_in(word) == kUplinkOrigin) return false;
    const auto silent_s = static_cast<std::int32_t>(now_s - seen_s_[place].load(kRelaxed));
    return silent_s > static_cast<std::int32_t>(kLinkLocalLifetime_s);
}

LinkLocals::Answer LinkLocals::use(const base::Address& address, std::uint16_t origin,
                                   std::uint32_t now_s) noexcept {
    const std::uint64_t key = key_of(address);
    for (std::size_t step = 0; step < kWindow; ++step) {
        const std::size_t candidate = place(key, step);
        const std::uint64_t word = words_[candidate].load(std::memory_order_acquire);
        if ((word & ~kOriginBits) != key || word == 0) continue;
        if (origin_in(word) == origin) {
            if (seen_s_[candidate].load(kRelaxed) != now_s) seen_s_[candidate].store(now_s);
            return Answer::Yours;
        }
        const bool yields = origin == kUplinkOrigin || is_forgotten(candidate, word, now_s);
        if (!yields) return Answer::Anothers;
        if (origin != kUplinkOrigin && counts_[origin].load(kRelaxed) >= kLinkLocalsPerPort) {
            return Answer::NoRoom;
        }
        return put(candidate, word, key | (origin + 1u), now_s) ? Answer::Yours : Answer::Anothers;
    }
    return meet(key, origin, now_s);
}

// An address that is not there. For the uplink's a pod's has to go when there is no room.
LinkLocals::Answer LinkLocals::meet(std::uint64_t key, std::uint16_t origin,
                                    std::uint32_t now_s) noexcept {
    const bool uplink = origin == kUplinkOrigin;
    if (!uplink && counts_[origin].load(kRelaxed) >= kLinkLocalsPerPort) {
        sweep(now_s);
        return Answer::NoRoom;
    }
    for (std::size_t step = 0; step < (uplink ? 2 : 1) * kWindow; ++step) {
        const std::size_t candidate = place(key, step % kWindow);
        const std::uint64_t word = words_[candidate].load(std::memory_order_acquire);
        const bool pushes = step >= kWindow && origin_in(word) != kUplinkOrigin;
        if (word != 0 && !pushes && !is_forgotten(candidate, word, now_s)) continue;
        if (put(candidate, word, key | (origin + 1u), now_s)) return Answer::Yours;
    }
    return Answer::NoRoom;
}

bool LinkLocals::put(std::size_t place, std::uint64_t old, std::uint64_t word,
                     std::uint32_t now_s) noexcept {
    seen_s_[place].store(now_s, kRelaxed);
    if (!words_[place].compare_exchange_strong(old, word)) return false;
    if (old != 0) counts_[origin_in(old)].fetch_sub(1, kRelaxed);
    if (word != 0) counts_[origin_in(word)].fetch_add(1, kRelaxed);
    return true;
}

// A port whose share is full gets places of its silent addresses back, some with each try.
void LinkLocals::sweep(std::uint32_t now_s) noexcept {
    const std::uint32_t first = sweep_.fetch_add(kSweep, kRelaxed);
    for (std::size_t i = 0; i < kSweep; ++i) {
        const std::size_t candidate = (first + i) % kLinkLocalsMax;
        const std::uint64_t word = words_[candidate].load(std::memory_order_acquire);
        if (word != 0 && is_forgotten(candidate, word, now_s)) put(candidate, word, 0, now_s);
    }
}

bool LinkLocals::is_uplinks(const base::Address& address) const noexcept {
    const std::uint64_t wanted = key_of(address) | (kUplinkOrigin + 1u);
    const std::uint64_t key = key_of(address);
    for (std::size_t step = 0; step < kWindow; ++step) {
        if (words_[place(key, step)].load(std::memory_order_acquire) == wanted) return true;
    }
    return false;
}

}  // namespace tierwall::worker
