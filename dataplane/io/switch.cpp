// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/switch.hpp"

#include <cassert>

namespace tierwall::io {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::uint64_t key_of(const Mac& mac) noexcept {
    std::uint64_t key = 0;
    for (const std::uint8_t byte : mac) key = key << 8 | byte;
    return key;
}

constexpr std::uint64_t word_of(std::uint64_t key, std::uint16_t port) noexcept {
    return key << 16 | (port + 1u);
}

constexpr std::uint64_t key_in(std::uint64_t word) noexcept { return word >> 16; }

constexpr std::uint16_t port_in(std::uint64_t word) noexcept {
    return static_cast<std::uint16_t>((word & 0xffff) - 1);
}

}  // namespace

Switch::Switch(std::uint16_t ports, std::uint32_t macs_max)
    : buckets_(macs_max / kBucket),
      words_(new std::atomic<std::uint64_t>[macs_max]()),
      seen_s_(new std::atomic<std::uint32_t>[macs_max]()),
      macs_(new std::atomic<std::uint32_t>[ports]()) {
    assert((macs_max & (macs_max - 1)) == 0 && macs_max >= kWindow && ports < kFlood);
}

// The places of a key: its bucket, then the bucket's neighbour.
std::uint32_t Switch::place(std::uint64_t key, std::uint32_t step) const noexcept {
    const std::uint64_t mixed = (key ^ key >> 23) * 0x9e3779b97f4a7c15u;
    const auto home = static_cast<std::uint32_t>(mixed >> 32) & (buckets_ - 1);
    return (home ^ step / kBucket) * kBucket + step % kBucket;
}

std::uint32_t Switch::place_of(std::uint64_t key) const noexcept {
    for (std::uint32_t step = 0; step < kWindow; ++step) {
        const std::uint32_t candidate = place(key, step);
        if (key_in(words_[candidate].load(std::memory_order_acquire)) == key) return candidate;
    }
    return kNowhere;
}

// The clock of another worker may be a moment ahead of ours, hence the signed difference.
bool Switch::is_live(std::uint32_t place, std::uint32_t now_s) const noexcept {
    const auto age_s = static_cast<std::int32_t>(now_s - seen_s_[place].load(kRelaxed));
    return age_s <= static_cast<std::int32_t>(kMacLifetime_s);
}

Learned Switch::learn(const Mac& mac, const Claim& claim, std::uint32_t now_s) noexcept {
    const std::uint64_t key = key_of(mac);
    if (key == 0 || is_group(mac)) return Learned::Refused;
    const std::uint32_t known = place_of(key);
    return known != kNowhere ? refresh(known, key, claim, now_s) : insert(key, claim, now_s);
}

Learned Switch::refresh(std::uint32_t place, std::uint64_t key, const Claim& claim,
                        std::uint32_t now_s) noexcept {
    std::uint64_t word = words_[place].load(std::memory_order_acquire);
    if (key_in(word) != key) return Learned::NoRoom;  // swept or replaced since it was found
    if (port_in(word) != claim.port) {
        if (!claim.trusted) {
            if (is_live(place, now_s)) return Learned::Refused;
            if (macs_[claim.port].load(kRelaxed) >= kMacsPerPodsPort) return Learned::NoRoom;
        }
        const std::uint64_t moved = word_of(key, claim.port);
        if (!words_[place].compare_exchange_strong(word, moved)) return Learned::NoRoom;
        macs_[port_in(word)].fetch_sub(1, kRelaxed);
        macs_[claim.port].fetch_add(1, kRelaxed);
    }
    if (seen_s_[place].load(kRelaxed) != now_s) seen_s_[place].store(now_s, kRelaxed);
    return Learned::Known;
}

Learned Switch::insert(std::uint64_t key, const Claim& claim, std::uint32_t now_s) noexcept {
    if (!claim.trusted && macs_[claim.port].load(kRelaxed) >= kMacsPerPodsPort) {
        return Learned::NoRoom;
    }
    for (std::uint32_t step = 0; step < kWindow; ++step) {
        const std::uint32_t candidate = place(key, step);
        std::uint64_t old = words_[candidate].load(std::memory_order_acquire);
        if (old != 0 && is_live(candidate, now_s)) continue;
        // First the time, so that nobody finds the new word dead.
        seen_s_[candidate].store(now_s, kRelaxed);
        if (!words_[candidate].compare_exchange_strong(old, word_of(key, claim.port))) continue;
        if (old != 0) macs_[port_in(old)].fetch_sub(1, kRelaxed);
        macs_[claim.port].fetch_add(1, kRelaxed);
        return Learned::Known;
    }
    return Learned::NoRoom;
}

std::uint16_t Switch::find(const Mac& mac, std::uint32_t now_s) const noexcept {
    if (is_group(mac)) return kFlood;
    const std::uint32_t known = place_of(key_of(mac));
    if (known == kNowhere || !is_live(known, now_s)) return kFlood;
    const std::uint64_t word = words_[known].load(std::memory_order_acquire);
    return key_in(word) == key_of(mac) ? port_in(word) : kFlood;
}

void Switch::sweep(std::uint32_t now_s) noexcept {
    const std::uint32_t first = sweep_.fetch_add(kSweepBuckets, kRelaxed);
    for (std::uint32_t i = 0; i < kSweepBuckets * kBucket; ++i) {
        const std::uint32_t candidate = (first * kBucket + i) & (buckets_ * kBucket - 1);
        std::uint64_t word = words_[candidate].load(std::memory_order_acquire);
        if (word == 0 || is_live(candidate, now_s)) continue;
        if (words_[candidate].compare_exchange_strong(word, 0)) {
            macs_[port_in(word)].fetch_sub(1, kRelaxed);
        }
    }
}

}  // namespace tierwall::io
