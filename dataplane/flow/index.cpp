// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/index.hpp"

#include <cassert>
#include <cstring>

namespace tierwall::flow {
namespace {

/// Buckets are planned for this many flows at most; the other slots take the unevenness.
constexpr std::uint32_t kFlowsPlanned = 7;
constexpr std::uint16_t kEmpty = 0;

}  // namespace

base::Result<Index> Index::create(std::uint32_t flows_max, int numa_socket) {
    const std::uint64_t wanted = (std::uint64_t{flows_max} + kFlowsPlanned - 1) / kFlowsPlanned;
    const std::uint64_t buckets = std::bit_ceil(wanted);
    TW_TRY(pages, Pages::create(buckets * sizeof(Bucket), numa_socket));
    return Index(std::move(pages), buckets - 1);
}

void Index::add(std::uint64_t hash, std::uint32_t flow) noexcept {
    std::uint64_t number = hash;
    unsigned room = 0;
    for (; (room = at(number).match(kEmpty)) == 0; ++number) ++at(number).passed;
    const auto slot = static_cast<unsigned>(std::countr_zero(room));
    at(number).tags[slot] = tag(hash);
    at(number).flows[slot] = flow;
}

void Index::remove(std::uint64_t hash, std::uint32_t flow) noexcept {
    const std::uint16_t wanted = tag(hash);
    for (std::uint64_t number = hash;; ++number) {
        Bucket& bucket = at(number);
        for (unsigned left = bucket.match(wanted); left != 0; left &= left - 1) {
            const auto slot = static_cast<unsigned>(std::countr_zero(left));
            if (bucket.flows[slot] != flow) continue;
            bucket.tags[slot] = kEmpty;
            return;
        }
        assert(bucket.passed != 0);
        --bucket.passed;
    }
}

void Index::clear() noexcept { std::memset(pages_.data(), 0, bytes()); }

}  // namespace tierwall::flow
