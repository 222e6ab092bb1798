// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/switch.hpp"

#include <cassert>

namespace tierwall::io {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint64_t kSharedBit = 0x8000;
constexpr std::uint64_t kPortBits = 0x7fff;
/// Rounds of sweeping, each about half a second with a table of the usual size.
constexpr std::uint32_t kHealRounds = 64;

std::uint64_t key_of(const Mac& mac) noexcept {
    std::uint64_t key = 0;
    for (const std::uint8_t byte : mac) key = key << 8 | byte;
    return key;
}

Mac mac_of(std::uint64_t key) noexcept {
    Mac mac{};
    for (std::size_t i = 6; i-- > 0; key >>= 8) mac[i] = static_cast<std::uint8_t>(key);
    return mac;
}

constexpr std::uint64_t word_of(std::uint64_t key, std::uint16_t port) noexcept {
    return key << 16 | (port + 1u);
}

constexpr std::uint64_t key_in(std::uint64_t word) noexcept { return word >> 16; }

constexpr std::uint16_t port_in(std::uint64_t word) noexcept {
    return static_cast<std::uint16_t>((word & kPortBits) - 1);
}

constexpr bool is_shared(std::uint64_t word) noexcept { return (word & kSharedBit) != 0; }

// The clock of another worker may be a moment ahead of ours, hence the signed difference.
bool is_past(std::uint32_t then_s, std::uint32_t now_s, std::uint32_t for_s) noexcept {
    return static_cast<std::int32_t>(now_s - then_s) > static_cast<std::int32_t>(for_s);
}

}  // namespace

Switch::Switch(const std::vector<PortRule>& ports, std::uint32_t macs_max)
    : buckets_(macs_max / kBucket),
      words_(new std::atomic<std::uint64_t>[macs_max]()),
      seen_s_(new std::atomic<std::uint32_t>[macs_max]()),
      ports_(ports.size()) {
    assert((macs_max & (macs_max - 1)) == 0 && macs_max >= kWindow && ports.size() < 255);
    for (std::size_t i = 0; i < ports.size(); ++i) {
        ports_[i].uplink = ports[i].uplink;
        ports_[i].tied = ports[i].tied;
        ports_[i].own = key_of(ports[i].own);
        ports_[i].configured = ports_[i].own != 0;
    }
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

bool Switch::is_silent(std::uint32_t place, std::uint32_t now_s,
                       std::uint32_t for_s) const noexcept {
    return is_past(seen_s_[place].load(kRelaxed), now_s, for_s);
}

bool Switch::is_forgotten(std::uint32_t place, std::uint64_t word,
                          std::uint32_t now_s) const noexcept {
    const bool uplink = ports_[port_in(word)].uplink;
    return is_silent(place, now_s, uplink ? kUplinkMacLifetime_s : kMacLifetime_s);
}

/// May another MAC become the port's own?
bool Switch::is_vacant(const Port& port, std::uint32_t now_s) const noexcept {
    if (port.uplink || port.configured) return false;
    return port.own.load(kRelaxed) == 0 ||
           is_past(port.own_seen_s.load(kRelaxed), now_s, kMacLifetime_s);
}

Switch::Standing Switch::standing(std::uint64_t key, const Port& port) const noexcept {
    const bool own = port.own.load(kRelaxed) == key;
    if (port.uplink) return Standing::Uplink;
    if (own && port.configured) return Standing::Configured;
    if (own) return port.tied ? Standing::OwnTied : Standing::Own;
    return Standing::Other;
}

/// Whoever lives behind a tied port is known, and speaks for it before it has an address, too.
Switch::Standing Switch::standing_of(std::uint64_t key, const Claim& claim,
                                     std::uint32_t now_s) const noexcept {
    const Port& port = ports_[claim.port];
    const Standing known = standing(key, port);
    if (known != Standing::Other) return known;
    if (is_vacant(port, now_s) && port.tied) return Standing::OwnTied;
    if (!claim.proven) return Standing::Unproven;
    return is_vacant(port, now_s) ? Standing::Own : Standing::Other;
}

/// Of the port that a place names.
Switch::Standing Switch::standing_at(std::uint32_t place, std::uint64_t word,
                                     std::uint32_t now_s) const noexcept {
    const Standing known = standing(key_in(word), ports_[port_in(word)]);
    const bool fades = known == Standing::Other || known == Standing::Uplink;
    return fades && is_forgotten(place, word, now_s) ? Standing::None : known;
}

Switch::Right Switch::right(Standing mine, Standing theirs) noexcept {
    if (mine > theirs || mine == Standing::Uplink) {
        return mine >= theirs ? Right::Take : Right::None;
    }
    return mine == theirs ? Right::Share : Right::None;
}

Learned Switch::learn(const Mac& mac, const Claim& claim, std::uint32_t now_s) noexcept {
    const std::uint64_t key = key_of(mac);
    if (key == 0 || is_group(mac)) return Learned::Refused;
    const std::uint32_t known = place_of(key);
    const Learned learned =
        known != kNowhere ? refresh(known, claim, now_s) : meet(key, claim, now_s);
    Port& port = ports_[claim.port];
    if (port.own.load(kRelaxed) == key) {
        if (port.own_seen_s.load(kRelaxed) != now_s) port.own_seen_s.store(now_s, kRelaxed);
    } else if (learned == Learned::Known && (claim.proven || port.tied) && is_vacant(port, now_s)) {
        port.own_seen_s.store(now_s, kRelaxed);
        port.own.store(key, kRelaxed);
    }
    return learned;
}

// A claim to a MAC that the table has.
Learned Switch::refresh(std::uint32_t place, const Claim& claim, std::uint32_t now_s) noexcept {
    const std::uint64_t word = words_[place].load(std::memory_order_acquire);
    if (word == 0) return Learned::NoRoom;  // swept since it was found
    const std::uint64_t key = key_in(word);
    Learned learned = is_shared(word) ? Learned::Shared : Learned::Known;
    if (const std::uint16_t holder = port_in(word); holder != claim.port) {
        const Standing theirs = standing_at(place, word, now_s);
        const Right mine = right(standing_of(key, claim, now_s), theirs);
        const bool roams = ports_[holder].uplink && ports_[claim.port].uplink;
        if (theirs != Standing::None && !roams) note(key, holder, claim.port);
        if (mine == Right::None) return Learned::Refused;
        learned = mine == Right::Take ? Learned::Known : Learned::Shared;
        if (learned == Learned::Known && is_full(claim.port)) return Learned::NoRoom;
        const std::uint64_t wanted =
            learned == Learned::Known ? word_of(key, claim.port) : word | kSharedBit;
        if (wanted != word && !put(place, word, wanted)) return Learned::NoRoom;
        if (learned == Learned::Known) lose_own(key, holder);
    }
    if (seen_s_[place].load(kRelaxed) != now_s) seen_s_[place].store(now_s, kRelaxed);
    return learned;
}

// A claim to a MAC that the table does not have. It may still be a silent port's own.
Learned Switch::meet(std::uint64_t key, const Claim& claim, std::uint32_t now_s) noexcept {
    const auto count = static_cast<std::uint16_t>(ports_.size());
    for (std::uint16_t other = 0; other < count; ++other) {
        if (other == claim.port || ports_[other].own.load(kRelaxed) != key) continue;
        note(key, other, claim.port);
        switch (right(standing_of(key, claim, now_s), standing(key, ports_[other]))) {
            case Right::None: return Learned::Refused;
            case Right::Share:
                insert(word_of(key, other) | kSharedBit, now_s);
                return Learned::Shared;
            case Right::Take: lose_own(key, other); break;
        }
    }
    if (is_full(claim.port)) return Learned::NoRoom;
    return insert(word_of(key, claim.port), now_s);
}

// Into a free place, or a forgotten MAC's; failing that, into one of an uplink's that is silent.
Learned Switch::insert(std::uint64_t word, std::uint32_t now_s) noexcept {
    for (std::uint32_t step = 0; step < 2 * kWindow; ++step) {
        const std::uint32_t candidate = place(key_in(word), step % kWindow);
        const std::uint64_t old = words_[candidate].load(std::memory_order_acquire);
        const bool is_free =
            old == 0 || (step < kWindow ? is_forgotten(candidate, old, now_s)
                                        : is_silent(candidate, now_s, kMacLifetime_s));
        if (!is_free) continue;
        // First the time, so that nobody finds the new word dead.
        seen_s_[candidate].store(now_s, kRelaxed);
        if (put(candidate, old, word)) return Learned::Known;
    }
    return Learned::NoRoom;
}

bool Switch::is_full(std::uint16_t port) const noexcept {
    return !ports_[port].uplink && macs_of(port) >= kMacsPerPodsPort;
}

bool Switch::put(std::uint32_t place, std::uint64_t old, std::uint64_t word) noexcept {
    if (!words_[place].compare_exchange_strong(old, word)) return false;
    if (word != 0) ports_[port_in(word)].macs.fetch_add(1, kRelaxed);
    if (old != 0) ports_[port_in(old)].macs.fetch_sub(1, kRelaxed);
    return true;
}

void Switch::lose_own(std::uint64_t key, std::uint16_t port) noexcept {
    if (!ports_[port].configured) ports_[port].own.compare_exchange_strong(key, 0);
}

void Switch::note(std::uint64_t key, std::uint16_t holder, std::uint16_t claimant) noexcept {
    const std::uint64_t dispute = key << 16 | std::uint64_t{holder} << 8 | claimant;
    std::atomic<std::uint64_t>& place = disputes_[(key ^ key >> 4) % kDisputesMax];
    if (place.load(kRelaxed) != dispute) place.store(dispute, kRelaxed);
}

std::vector<Switch::Dispute> Switch::disputes() const {
    std::vector<Dispute> disputes;
    for (const auto& place : disputes_) {
        const std::uint64_t word = place.load(kRelaxed);
        if (word == 0) continue;
        disputes.push_back({.mac = mac_of(word >> 16),
                            .holder = static_cast<std::uint16_t>(word >> 8 & 0xff),
                            .claimant = static_cast<std::uint16_t>(word & 0xff)});
    }
    return disputes;
}

std::uint16_t Switch::find(const Mac& mac, std::uint32_t now_s) const noexcept {
    if (is_group(mac)) return kFlood;
    const std::uint32_t known = place_of(key_of(mac));
    if (known == kNowhere || is_silent(known, now_s, kMacLifetime_s)) return kFlood;
    const std::uint64_t word = words_[known].load(std::memory_order_acquire);
    return key_in(word) == key_of(mac) && !is_shared(word) ? port_in(word) : kFlood;
}

void Switch::sweep(std::uint32_t now_s) noexcept {
    const std::uint32_t first = sweep_.fetch_add(kSweepBuckets, kRelaxed);
    // Now and then, so that a MAC is whole again when nobody else has used it for a while.
    const bool heals = first / buckets_ % kHealRounds == 0;
    for (std::uint32_t i = 0; i < kSweepBuckets * kBucket; ++i) {
        const std::uint32_t candidate = (first * kBucket + i) & (buckets_ * kBucket - 1);
        const std::uint64_t word = words_[candidate].load(std::memory_order_acquire);
        if (word == 0) continue;
        if (is_forgotten(candidate, word, now_s)) {
            put(candidate, word, 0);
        } else if (heals && is_shared(word)) {
            put(candidate, word, word & ~kSharedBit);
        }
    }
}

}  // namespace tierwall::io
