// SPDX-License-Identifier: Apache-2.0
#include "bench/path/frames.hpp"

#include "bench/cluster/random.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::size_t kIp = 14;
constexpr std::size_t kTransport = kIp + 20;
constexpr std::size_t kTcpFlags = kTransport + 13;
constexpr std::uint16_t kTcpSum = kTransport + 16;
constexpr std::uint16_t kUdpSum = kTransport + 6;
/// The smallest Ethernet frame without its checksum, which no driver delivers.
constexpr std::uint16_t kIpLength = 46;

void put16(FrameBytes& frame, std::size_t at, unsigned value) noexcept {
    frame.bytes[at] = static_cast<std::uint8_t>(value >> 8);
    frame.bytes[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint32_t sum(const FrameBytes& frame, std::size_t first, std::size_t last) noexcept {
    std::uint32_t total = 0;
    for (std::size_t at = first; at < last; at += 2) {
        total += static_cast<std::uint32_t>(frame.bytes[at] << 8 | frame.bytes[at + 1]);
    }
    return total;
}

unsigned folded(std::uint32_t total) noexcept {
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

void finish_transport(FrameBytes& frame) noexcept {
    const std::uint8_t protocol = frame.bytes[kIp + 9];
    const std::size_t at = protocol == base::kIpTcp ? kTcpSum : kUdpSum;
    put16(frame, at, 0);
    // The pseudo header: both addresses, the protocol and the length.
    const auto length =
        static_cast<std::uint32_t>(frame.bytes[kIp + 2] << 8 | frame.bytes[kIp + 3]) - 20;
    const std::uint32_t pseudo = sum(frame, kIp + 12, kTransport) + protocol + length;
    // Whatever stands behind is zero and adds nothing.
    put16(frame, at, folded(pseudo + sum(frame, kTransport, kIp + kIpLength)));
}

}  // namespace

void write_frame(const parse::Tuple& tuple, std::uint8_t tcp_flags, FrameBytes& frame) noexcept {
    frame.bytes.fill(0);
    const std::array<std::uint8_t, 14> link{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    std::copy(link.begin(), link.end(), frame.bytes.begin());
    frame.bytes[kIp] = 0x45;
    put16(frame, kIp + 2, kIpLength);
    frame.bytes[kIp + 8] = 63;
    frame.bytes[kIp + 9] = tuple.protocol;
    std::memcpy(&frame.bytes[kIp + 12], tuple.source.bytes.data() + 12, 4);
    std::memcpy(&frame.bytes[kIp + 16], tuple.destination.bytes.data() + 12, 4);
    put16(frame, kIp + 10, folded(sum(frame, kIp, kTransport)));
    put16(frame, kTransport, tuple.source_port);
    put16(frame, kTransport + 2, tuple.destination_port);
    if (tuple.protocol == base::kIpTcp) {
        frame.bytes[kTransport + 12] = 0x50;
        frame.bytes[kTcpFlags] = tcp_flags;
        put16(frame, kTransport + 14, 0xffff);
    } else {
        put16(frame, kTransport + 4, kIpLength - 20);
    }
    finish_transport(frame);
}

void set_tcp_flags(FrameBytes& frame, std::uint8_t flags) noexcept {
    if (frame.bytes[kIp + 9] != base::kIpTcp) return;
    frame.bytes[kTcpFlags] = flags;
    finish_transport(frame);
}

void set_frame_length(FrameBytes& frame, std::uint16_t frame_length) noexcept {
    put16(frame, kIp + 2, static_cast<unsigned>(frame_length - kIp));
    put16(frame, kIp + 10, 0);
    put16(frame, kIp + 10, folded(sum(frame, kIp, kTransport)));
    if (frame.bytes[kIp + 9] == base::kIpUdp) {
        put16(frame, kTransport + 4, static_cast<unsigned>(frame_length - kTransport));
    }
    finish_transport(frame);
}

void shuffle(std::span<FrameBytes> frames, std::uint64_t seed) noexcept {
    Random random(seed);
    for (std::size_t left = frames.size(); left > 1; --left) {
        std::swap(frames[left - 1], frames[random.below(static_cast<std::uint32_t>(left))]);
    }
}

base::Result<Frames> Frames::create(std::size_t count) {
    TW_TRY(pages, flow::Pages::create(count * sizeof(FrameBytes), -1));
    return Frames(std::move(pages), count);
}

}  // namespace tierwall::bench
