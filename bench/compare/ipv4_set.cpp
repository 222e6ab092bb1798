// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/ipv4_set.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kLast = 0xffffffffu;

}  // namespace

std::uint32_t ipv4_number(const base::Address& address) {
    assert(address.is_v4());
    std::uint32_t number = 0;
    for (std::size_t i = 12; i < 16; ++i) number = number << 8 | address.bytes[i];
    return number;
}

Ipv4Set Ipv4Set::everything() {
    Ipv4Set all;
    all.ranges_.push_back({0, kLast});
    return all;
}

void Ipv4Set::add(const base::Prefix& prefix) {
    if (prefix.family != base::Family::IPv4) return;
    const std::uint32_t first = ipv4_number(prefix.address);
    const std::uint32_t rest = prefix.length == 0 ? kLast : (kLast >> (prefix.length - 1)) >> 1;
    add_range(first, first | rest);
}

void Ipv4Set::add(const Ipv4Set& other) {
    ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
    join();
}

void Ipv4Set::remove(const Ipv4Set& other) {
    std::vector<Range> left;
    for (Range range : ranges_) {
        bool gone = false;
        for (const Range& cut : other.ranges_) {
            if (cut.last < range.first || cut.first > range.last) continue;
            if (cut.first > range.first) left.push_back({range.first, cut.first - 1});
            gone = cut.last >= range.last;
            if (gone) break;
            range.first = cut.last + 1;
        }
        if (!gone) left.push_back(range);
    }
    ranges_ = std::move(left);
}

bool Ipv4Set::contains(std::uint32_t address) const {
    const auto after = std::upper_bound(
        ranges_.begin(), ranges_.end(), address,
        [](std::uint32_t value, const Range& range) { return value < range.first; });
    return after != ranges_.begin() && std::prev(after)->last >= address;
}

std::vector<Ipv4Block> Ipv4Set::blocks() const {
    std::vector<Ipv4Block> out;
    for (const Range& range : ranges_) {
        std::uint64_t first = range.first;
        const std::uint64_t end = std::uint64_t{range.last} + 1;
        while (first < end) {
            // The largest block that begins here: as its alignment and what is left allow.
            const int aligned = first == 0 ? 32 : std::countr_zero(first);
            const int bits = std::min(aligned, static_cast<int>(std::bit_width(end - first)) - 1);
            out.push_back(
                {static_cast<std::uint32_t>(first), static_cast<std::uint8_t>(32 - bits)});
            first += std::uint64_t{1} << bits;
        }
    }
    return out;
}

std::vector<Ipv4Block> Ipv4Set::hosts() const {
    std::vector<Ipv4Block> out;
    for (const Range& range : ranges_) {
        for (std::uint64_t address = range.first; address <= range.last; ++address) {
            out.push_back({static_cast<std::uint32_t>(address), 32});
        }
    }
    return out;
}

void Ipv4Set::add_range(std::uint32_t first, std::uint32_t last) {
    // The first range that this one may touch, and the first behind it that it cannot.
    const auto low = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        return std::uint64_t{range.last} + 1 >= first;
    });
    auto high = low;
    for (; high != ranges_.end() && high->first <= std::uint64_t{last} + 1; ++high) {
        first = std::min(first, high->first);
        last = std::max(last, high->last);
    }
    ranges_.insert(ranges_.erase(low, high), {first, last});
}

void Ipv4Set::join() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.first < b.first; });
    std::vector<Range> joined;
    for (const Range& range : ranges_) {
        if (!joined.empty() && range.first <= std::uint64_t{joined.back().last} + 1) {
            joined.back().last = std::max(joined.back().last, range.last);
        } else {
            joined.push_back(range);
        }
    }
    ranges_ = std::move(joined);
}

}  // namespace tierwall::bench
