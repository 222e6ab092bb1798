// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/layers.hpp"

#include <cstring>

namespace tierwall::parse {
namespace {

constexpr std::uint32_t kTcpChecksumOffset = 16;
constexpr std::uint32_t kUdpChecksumOffset = 6;

/// Adds 16-bit words, in host byte order: the sum of swapped words is the swapped sum.
std::uint64_t add_words(const std::uint8_t* at, std::size_t length, std::uint64_t sum) noexcept {
    for (; length >= 4; at += 4, length -= 4) {
        std::uint32_t word;
        std::memcpy(&word, at, 4);
        sum += word;
    }
    std::uint32_t last = 0;
    std::memcpy(&last, at, length);
    return sum + last;
}

std::uint16_t fold(std::uint64_t sum) noexcept {
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

/// The sum of the pseudo header that the checksum covers besides the segment.
std::uint64_t pseudo_header(const Tuple& tuple, std::uint32_t length) noexcept {
    const bool v4 = tuple.source.is_v4();
    const std::size_t skip = v4 ? 12 : 0;
    std::uint64_t sum = add_words(tuple.source.bytes.data() + skip, 16 - skip, 0);
    sum = add_words(tuple.destination.bytes.data() + skip, 16 - skip, sum);
    const std::uint8_t tail[8] = {0,
                                  0,
                                  static_cast<std::uint8_t>(length >> 8),
                                  static_cast<std::uint8_t>(length),
                                  0,
                                  0,
                                  0,
                                  tuple.protocol};
    return add_words(tail, sizeof(tail), sum);
}

}  // namespace

bool has_partial_checksum(std::span<const std::uint8_t> frame, const Headers& headers) noexcept {
    const bool tcp = headers.tuple.protocol == base::kIpTcp;
    const bool udp = headers.tuple.protocol == base::kIpUdp;
    if ((!tcp && !udp) || headers.fragment != Fragment::None) return false;
    const std::size_t start = headers.l4_offset;
    const std::size_t at = start + (tcp ? kTcpChecksumOffset : kUdpChecksumOffset);
    if (at + 2 > frame.size()) return false;
    const std::uint8_t* segment = frame.data() + start;
    const std::uint32_t length = tcp ? headers.l4_length : be16(segment + 4);
    std::uint16_t field;
    std::memcpy(&field, frame.data() + at, 2);
    const std::uint64_t pseudo = pseudo_header(headers.tuple, length);
    if (field != fold(pseudo)) [[likely]]
        return false;
    // A true checksum can have that value too; only the sum over all bytes tells.
    if (start + length > frame.size()) return false;
    return fold(add_words(segment, length, pseudo)) != 0xffff;
}

}  // namespace tierwall::parse
