// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Index: from a connection's hash to the numbers of the flows that may have it.
///
/// Buckets of one cache line hold ten flow numbers with 16 bits of hash each. A flow whose home
/// bucket is full goes to the next one with room, and every bucket that it passed counts it: a
/// search goes on only while somebody passed. So a search ends after one bucket nearly always, and
/// an insert never fails while there is a free slot at all.
///
/// Threads: one owner.
/// Memory:  one line for every five to ten flows, all from create().
/// Cost:    one cache line, seldom two.

#include "dataplane/base/result.hpp"
#include "dataplane/flow/pages.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tierwall::flow {

class Index {
public:
    static constexpr std::uint32_t kSlots = 10;

    struct alignas(64) Bucket {
        std::array<std::uint16_t, kSlots> tags;  ///< 0: empty slot
        std::uint32_t passed;                    ///< flows that live in a later bucket
        std::array<std::uint32_t, kSlots> flows;

        /// One bit for every slot with this tag.
        unsigned match(std::uint16_t tag) const noexcept;
    };
    static_assert(sizeof(Bucket) == 64);

    static base::Result<Index> create(std::uint32_t flows_max, int numa_socket);

    static std::uint16_t tag(std::uint64_t hash) noexcept {
        return static_cast<std::uint16_t>(hash >> 48 | 0x8000);  // 0 is an empty slot's
    }
    const Bucket& home(std::uint64_t hash) const noexcept { return buckets()[hash & mask_]; }
    const Bucket& after(const Bucket& bucket) const noexcept {
        return buckets()[(static_cast<std::uint64_t>(&bucket - buckets()) + 1) & mask_];
    }
    /// Where a search goes on behind `bucket`; null: nowhere. Where flows come and go in a small
    /// and full table every bucket may have been passed by somebody: it goes round once.
    const Bucket* next(std::uint64_t hash, const Bucket& bucket) const noexcept {
        if (bucket.passed == 0) [[likely]]
            return nullptr;
        const Bucket* next = &after(bucket);
        return next == &home(hash) ? nullptr : next;
    }
    /// Calls visit(flow number) for each candidate until it answers true.
    template <typename Visit>
    void search(std::uint64_t hash, Visit visit) const noexcept {
        const std::uint16_t wanted = tag(hash);
        for (const Bucket* bucket = &home(hash); bucket != nullptr; bucket = next(hash, *bucket)) {
            for (unsigned left = bucket->match(wanted); left != 0; left &= left - 1) {
                if (visit(bucket->flows[static_cast<unsigned>(std::countr_zero(left))])) return;
            }
        }
    }

    /// Requires: fewer than flows_max flows are in it, and not this one.
    void add(std::uint64_t hash, std::uint32_t flow) noexcept;
    /// Requires: the flow is in it, with this hash.
    void remove(std::uint64_t hash, std::uint32_t flow) noexcept;
    void clear() noexcept;

    std::size_t bytes() const noexcept { return (mask_ + 1) * sizeof(Bucket); }

private:
    Index(Pages pages, std::uint64_t mask) : pages_(std::move(pages)), mask_(mask) {}
    Bucket* buckets() const noexcept { return static_cast<Bucket*>(pages_.data()); }
    Bucket& at(std::uint64_t number) noexcept { return buckets()[number & mask_]; }

    Pages pages_;
    std::uint64_t mask_;
};

inline unsigned Index::Bucket::match(std::uint16_t tag) const noexcept {
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(tag));
    const auto* lines = reinterpret_cast<const __m128i*>(this);
    const __m128i first = _mm_cmpeq_epi16(_mm_load_si128(lines), wanted);
    const __m128i second = _mm_cmpeq_epi16(_mm_load_si128(lines + 1), wanted);
    const int bits = _mm_movemask_epi8(_mm_packs_epi16(first, second));
    return static_cast<unsigned>(bits) & ((1u << kSlots) - 1);
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < kSlots; ++i) bits |= static_cast<unsigned>(tags[i] == tag) << i;
    return bits;
#endif
}

}  // namespace tierwall::flow
