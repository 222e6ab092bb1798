// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/distribution.hpp"

#include "dataplane/base/protocol.hpp"
#include "dataplane/io/spread.hpp"
#include "dataplane/parse/headers.hpp"

namespace tierwall::worker {

namespace {

using Bytes = std::span<const std::uint8_t>;
using Hash = std::optional<std::uint16_t>;

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kIcmpHeader = 8;

constexpr unsigned big_endian(const std::uint8_t* bytes) noexcept {
    return static_cast<unsigned>(bytes[0] << 8 | bytes[1]);
}

Bytes after(Bytes bytes, std::size_t count) noexcept {
    return count <= bytes.size() ? bytes.subspan(count) : Bytes{};
}

// The pair of a header as it stands, for a packet or for one that an ICMP error quotes.
Hash pair_v4(Bytes packet) noexcept {
    if (packet.size() < kIpv4Header) return std::nullopt;
    return io::spread_hash(packet.data() + 12, 8);
}

Hash pair_v6(Bytes packet) noexcept {
    if (packet.size() < kIpv6Header) return std::nullopt;
    return io::spread_hash(packet.data() + 8, 32);
}

constexpr bool is_icmp_error(std::uint8_t type) noexcept {
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

// Destination unreachable, packet too big, time exceeded, parameter problem; redirects quote
// their packet only as an option and are judged by their own addresses.
constexpr bool is_icmpv6_error(std::uint8_t type) noexcept { return type >= 1 && type <= 4; }

Hash hash_v4(Bytes packet) noexcept {
    if (packet.size() < kIpv4Header) return std::nullopt;
    const std::size_t header = std::size_t{packet[0] & 0x0fu} * 4u;
    const bool is_later_fragment = (big_endian(&packet[6]) & 0x1fff) != 0;
    if (packet[9] == base::kIpIcmp && !is_later_fragment && header >= kIpv4Header) {
        const Bytes icmp = after(packet, header);
        if (icmp.size() > kIcmpHeader && is_icmp_error(icmp[0])) {
            if (const Hash quoted = pair_v4(after(icmp, kIcmpHeader))) return quoted;
        }
    }
    return pair_v4(packet);
}

constexpr bool is_extension(std::uint8_t header) noexcept {
    return header == 0 || header == 43 || header == 60 || header == 51;
}

// Where ICMPv6 starts, empty when the packet is something else. A fragment header ends the search:
// errors are never fragmented, and a forged one would only reach the wrong worker.
Bytes find_icmpv6(Bytes packet) noexcept {
    std::uint8_t next = packet[6];
    Bytes rest = after(packet, kIpv6Header);
    for (int i = 0; i < parse::kExtensionHeadersMax && is_extension(next); ++i) {
        if (rest.size() < 8) return {};
        const std::size_t length = next == 51 ? (rest[1] + 2u) * 4u : (rest[1] + 1u) * 8u;
        next = rest[0];
        rest = after(rest, length);
    }
    return next == base::kIpIcmpv6 ? rest : Bytes{};
}

Hash hash_v6(Bytes packet) noexcept {
    if (packet.size() < kIpv6Header) return std::nullopt;
    const Bytes icmp = find_icmpv6(packet);
    if (icmp.size() > kIcmpHeader && is_icmpv6_error(icmp[0])) {
        if (const Hash quoted = pair_v6(after(icmp, kIcmpHeader))) return quoted;
    }
    return pair_v6(packet);
}

}  // namespace

std::optional<std::uint16_t> address_pair_hash(std::span<const std::uint8_t> frame) noexcept {
    std::size_t type_offset = 12;
    for (int tags = 0; tags <= parse::kVlanTagsMax; ++tags) {
        if (frame.size() < type_offset + 2) return std::nullopt;
        const unsigned type = big_endian(&frame[type_offset]);
        const Bytes packet = frame.subspan(type_offset + 2);
        if (type == base::kEtherIpv4) return hash_v4(packet);
        if (type == base::kEtherIpv6) return hash_v6(packet);
        if (type != base::kEtherVlan && type != base::kEtherQinQ) return std::nullopt;
        type_offset += 4;
    }
    return std::nullopt;
}

}  // namespace tierwall::worker
