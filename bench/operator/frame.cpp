// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/frame.hpp"

#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <array>

namespace tierwall::tester {
namespace {

constexpr std::size_t kIp = 14;
constexpr std::size_t kTransport = kIp + 20;
constexpr std::uint16_t kTcpStamp = 4;
constexpr std::uint16_t kUdpStamp = 8;
constexpr std::uint16_t kStampBytes = 8;
constexpr std::uint16_t kTcpSum = 16;
constexpr std::uint16_t kUdpSum = 6;

void put16(std::uint8_t* at, unsigned value) noexcept {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
unsigned get16(const std::uint8_t* at) noexcept { return unsigned{at[0]} << 8 | at[1]; }

std::uint32_t sum(const std::uint8_t* first, const std::uint8_t* last) noexcept {
    std::uint32_t total = 0;
    for (; first < last; first += 2) total += get16(first);
    return total;
}

unsigned folded(std::uint32_t total) noexcept {
    total = (total & 0xffff) + (total >> 16);
    return (total & 0xffff) + (total >> 16);
}

/// `before` and `after` are the sums of what was replaced.
void mend(std::uint8_t* checksum, std::uint32_t before, std::uint32_t after) noexcept {
    const std::uint32_t kept = ~get16(checksum) & 0xffff;
    put16(checksum, ~folded(kept + (~folded(before) & 0xffff) + after) & 0xffff);
}

/// UDP's may be left out: then there is nothing to be mended.
std::uint8_t* checksum_of(std::uint8_t* frame, const Places& places) noexcept {
    const bool is_tcp = places.stamp == places.transport + kTcpStamp;
    std::uint8_t* at = frame + places.transport + (is_tcp ? kTcpSum : kUdpSum);
    return !is_tcp && get16(at) == 0 ? nullptr : at;
}

bool fits(const Places& places, std::size_t bytes) noexcept {
    return places.stamp != 0 && std::size_t{places.stamp} + kStampBytes <= bytes;
}

/// Of plain frames, which are nearly all: no options, no tags.
Places plain_places(std::span<const std::uint8_t> frame) noexcept {
    if (frame.size() < kTransport || frame[12] != 8 || frame[13] != 0 || frame[kIp] != 0x45) {
        return {};
    }
    const std::uint8_t protocol = frame[kIp + 9];
    if (protocol != base::kIpTcp && protocol != base::kIpUdp) return {};
    const std::uint16_t offset = protocol == base::kIpTcp ? kTcpStamp : kUdpStamp;
    return {kTransport, static_cast<std::uint16_t>(kTransport + offset)};
}

}  // namespace

Places write_frame(const parse::Tuple& tuple, std::uint8_t tcp_flags, std::uint16_t size,
                   std::span<std::uint8_t> head) noexcept {
    std::fill(head.begin(), head.end(), std::uint8_t{0});
    constexpr std::array<std::uint8_t, kIp> kLink{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    std::copy(kLink.begin(), kLink.end(), head.begin());
    std::uint8_t* ip = head.data() + kIp;
    const auto ip_length = static_cast<std::uint16_t>(size - kFrameSum - kIp);
    const unsigned length = ip_length - 20u;
    ip[0] = 0x45;
    put16(ip + 2, ip_length);
    ip[8] = 63;
    ip[9] = tuple.protocol;
    std::memcpy(ip + 12, tuple.source.bytes.data() + 12, 4);
    std::memcpy(ip + 16, tuple.destination.bytes.data() + 12, 4);
    put16(ip + 10, ~folded(sum(ip, ip + 20)) & 0xffff);
    std::uint8_t* transport = ip + 20;
    put16(transport, tuple.source_port);
    put16(transport + 2, tuple.destination_port);
    const bool is_tcp = tuple.protocol == base::kIpTcp;
    const std::uint16_t stamp = kTransport + (is_tcp ? kTcpStamp : kUdpStamp);
    put_stamp(head.data(), stamp, 0);
    if (is_tcp) {
        transport[12] = 0x50;
        transport[13] = tcp_flags;
        put16(transport + 14, 0xffff);
    } else {
        put16(transport + 4, length);
    }
    const std::uint32_t pseudo = sum(ip + 12, ip + 20) + tuple.protocol + length;
    const unsigned total = ~folded(pseudo + sum(transport, head.data() + kHeadBytes)) & 0xffff;
    // To UDP a checksum of 0 means that there is none.
    put16(transport + (is_tcp ? kTcpSum : kUdpSum), !is_tcp && total == 0 ? 0xffff : total);
    return {kTransport, stamp};
}

Places find_places(std::span<const std::uint8_t> frame) noexcept {
    const parse::Headers headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    if (headers.kind != parse::Kind::Ip || headers.fragment != parse::Fragment::None) return {};
    const bool is_tcp = headers.tuple.protocol == base::kIpTcp;
    if (!headers.has_transport || (!is_tcp && headers.tuple.protocol != base::kIpUdp)) return {};
    if (headers.l4_length < (is_tcp ? 20 : kUdpStamp + kStampBytes)) return {};
    const Places places{
        headers.l4_offset,
        static_cast<std::uint16_t>(headers.l4_offset + (is_tcp ? kTcpStamp : kUdpStamp))};
    return fits(places, frame.size()) ? places : Places{};
}

void make_stampable(std::span<std::uint8_t> frame, const Places& places) noexcept {
    std::uint8_t* at = frame.data() + places.stamp;
    std::uint8_t* checksum = checksum_of(frame.data(), places);
    const std::uint32_t before = sum(at, at + kStampBytes);
    put_stamp(frame.data(), places.stamp, 0);
    if (checksum != nullptr) mend(checksum, before, sum(at, at + kStampBytes));
}

void set_source_port(std::uint8_t* frame, const Places& places, std::uint16_t port) noexcept {
    std::uint8_t* at = frame + places.transport;
    std::uint8_t* checksum = checksum_of(frame, places);
    if (checksum != nullptr) mend(checksum, get16(at), port);
    put16(at, port);
}

std::optional<std::uint32_t> read_stamp(std::span<const std::uint8_t> frame) noexcept {
    Places places = plain_places(frame);
    if (places.stamp == 0) places = find_places(frame);
    if (!fits(places, frame.size())) return std::nullopt;
    std::uint32_t words[2];
    std::memcpy(words, frame.data() + places.stamp, sizeof(words));
    if (words[0] != ~words[1]) return std::nullopt;
    return words[0];
}

}  // namespace tierwall::tester
