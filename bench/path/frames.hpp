// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Frames: many prebuilt packets of 64 bytes on the wire, one a cache line, in one piece of memory.
///
/// Threads: filled by one, then read by the one that feeds them.
/// Memory:  64 bytes a frame, in huge pages where the kernel gives them.
/// Cost:    building one about 20 ns.

#include "dataplane/base/result.hpp"
#include "dataplane/flow/pages.hpp"
#include "dataplane/parse/headers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tierwall::bench {

/// Bytes of a frame that are really there; a longer packet has bytes behind them that nobody reads.
struct alignas(64) FrameBytes {
    std::array<std::uint8_t, 64> bytes{};
};

/// An Ethernet frame with IPv4 and TCP or UDP, checksums right. Requires: IPv4 addresses.
void write_frame(const parse::Tuple& tuple, std::uint8_t tcp_flags, FrameBytes& frame) noexcept;
/// Gives a TCP frame other flags; does nothing to UDP.
void set_tcp_flags(FrameBytes& frame, std::uint8_t flags) noexcept;

/// Gives the IP packet the length that fills a frame of so many bytes; the payload is zeros.
void set_frame_length(FrameBytes& frame, std::uint16_t frame_length) noexcept;
/// Another order, so that neighbours in time are no neighbours in any table.
void shuffle(std::span<FrameBytes> frames, std::uint64_t seed) noexcept;

class Frames {
public:
    static base::Result<Frames> create(std::size_t count);

    std::span<FrameBytes> all() noexcept { return {data(), count_}; }
    std::span<const FrameBytes> all() const noexcept { return {data(), count_}; }

private:
    Frames(flow::Pages pages, std::size_t count) : pages_(std::move(pages)), count_(count) {}
    FrameBytes* data() const noexcept { return static_cast<FrameBytes*>(pages_.data()); }

    flow::Pages pages_;
    std::size_t count_;
};

}  // namespace tierwall::bench
