// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/fragment_table.hpp"

namespace tierwall::worker {

FragmentKey fragment_key(const parse::Headers& headers) noexcept {
    const bool v4 = headers.family == base::Family::IPv4;
    return {headers.tuple.source, headers.tuple.destination, headers.fragment_id,
            v4 ? headers.tuple.protocol : std::uint8_t{0}};
}

FragmentTable::FragmentTable() : buckets_(std::make_unique<std::array<Bucket, kBuckets>>()) {}

std::size_t FragmentTable::bucket_of(const FragmentKey& key) noexcept {
    // The identification is what differs between packets of one sender; the multiplier is the
    // golden ratio's, which spreads consecutive numbers.
    std::uint64_t mixed = key.source.low() ^ (key.source.high() << 1);
    mixed ^= (key.destination.low() << 7) ^ key.destination.high();
    mixed = (mixed ^ key.id ^ (std::uint64_t{key.protocol} << 40)) * 0x9e3779b97f4a7c15ull;
    return (mixed >> 40) % kBuckets;
}

bool FragmentTable::live(const Entry& entry, std::uint32_t now_s) noexcept {
    return entry.used && now_s - entry.seen_s < kFragmentTimeoutS;
}

/// Of a bucket full of live entries. Null: the newcomer is not worth any of them.
FragmentTable::Entry* FragmentTable::to_replace(Bucket& bucket, const FragmentKey& key,
                                                const FragmentVerdict& verdict,
                                                std::uint32_t now_s) noexcept {
    constexpr std::uint64_t kSixteen = 16;  // more than a bucket holds
    constexpr std::uint64_t kAges = 64;
    static_assert(kFragmentTimeoutS < kAges && kFragmentWays < kSixteen);
    Entry* chosen = nullptr;
    std::uint64_t most = 0;
    for (Entry& entry : bucket) {
        const bool denied = entry.verdict.verdict.action != base::Action::Allow;
        if (!denied && verdict.verdict.action != base::Action::Allow) continue;
        // The newcomer counts with those of its kind.
        std::uint64_t places = entry.verdict.origin == verdict.origin;
        std::uint64_t sources = entry.key.source == key.source;
        for (const Entry& other : bucket) {
            places += other.verdict.origin == entry.verdict.origin;
            sources += other.key.source == entry.key.source;
        }
        const std::uint64_t age = now_s - entry.seen_s + 1;  // below kAges
        const std::uint64_t weight =
            ((denied * kSixteen + places) * kSixteen + sources) * kAges + age;
        if (weight <= most) continue;
        most = weight;
        chosen = &entry;
    }
    return chosen;
}

void FragmentTable::remember(const FragmentKey& key, const FragmentVerdict& verdict,
                             std::uint32_t now_s) noexcept {
    Bucket& bucket = (*buckets_)[bucket_of(key)];
    Entry* chosen = nullptr;
    for (Entry& entry : bucket) {
        if (entry.used && entry.key == key) {
            chosen = &entry;
            break;
        }
        if (chosen == nullptr && !live(entry, now_s)) chosen = &entry;
    }
    if (chosen == nullptr) {
        chosen = to_replace(bucket, key, verdict, now_s);
        replaced_.add();
        if (chosen == nullptr) return;
    }
    *chosen = {key, verdict, now_s, true};
}

const FragmentVerdict* FragmentTable::find(const FragmentKey& key,
                                           std::uint32_t now_s) const noexcept {
    for (const Entry& entry : (*buckets_)[bucket_of(key)]) {
        if (live(entry, now_s) && entry.key == key) return &entry.verdict;
    }
    return nullptr;
}

void FragmentTable::clear() noexcept {
    for (Bucket& bucket : *buckets_) bucket.fill(Entry{});
}

}  // namespace tierwall::worker
