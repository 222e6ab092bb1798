// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Frame: packets of a wished size, and the stamp that says which of them came back.
///
/// A stamp is a number and its complement, eight bytes at an even place: the sum of both is always
/// the same, so a checksum that is right once stays right whatever the number is. UDP has it at the
/// beginning of its payload, TCP where the sequence and acknowledgement numbers are, which Tierwall
/// does not look at; so the smallest frame has room for it.
///
/// Threads: any; functions of values.
/// Memory:  none.
/// Cost:    a few ns a stamp; about 100 ns a frame that is written.

#include "dataplane/parse/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace tierwall::tester {

/// Sizes are those of the wire: with the frame's checksum, which no driver delivers.
inline constexpr std::uint16_t kFrameSum = 4;
inline constexpr std::uint16_t kSizeMin = 64;
inline constexpr std::uint16_t kSizeMax = 1518;
/// Preamble and the gap between two frames.
inline constexpr std::uint16_t kWireOverhead = 20;
/// What of a written frame is not zero.
inline constexpr std::size_t kHeadBytes = 64;

/// Where things are in a frame, from its beginning; 0: not there.
struct Places {
    std::uint16_t transport = 0;
    std::uint16_t stamp = 0;
};

/// Writes the first bytes of an IPv4 frame of `size` on the wire, all behind them being zero, with
/// the stamp of number 0. Requires: IPv4 addresses, TCP or UDP, head of at least kHeadBytes.
Places write_frame(const parse::Tuple& tuple, std::uint8_t tcp_flags, std::uint16_t size,
                   std::span<std::uint8_t> head) noexcept;

/// Where a frame of somebody else's has room for a stamp: whole TCP and UDP packets have.
Places find_places(std::span<const std::uint8_t> frame) noexcept;
/// Makes room: writes the stamp of number 0 and mends the checksum. Requires: places of the frame.
void make_stampable(std::span<std::uint8_t> frame, const Places& places) noexcept;
/// Another source port, checksum mended. Requires: transport not 0, checksum present.
void set_source_port(std::uint8_t* frame, const Places& places, std::uint16_t port) noexcept;

inline void put_stamp(std::uint8_t* frame, std::uint16_t place, std::uint32_t number) noexcept {
    const std::uint32_t words[2] = {number, ~number};
    std::memcpy(frame + place, words, sizeof(words));
}

/// The number that a received frame carries; nothing for frames of others.
std::optional<std::uint32_t> read_stamp(std::span<const std::uint8_t> frame) noexcept;

}  // namespace tierwall::tester
