// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Layers: how the files of this folder hand a packet on, one function a protocol layer.
///
/// Each function reads its own header, fills its part of Headers and calls the next. It answers
/// false when the packet must not pass; `problem` then says why. Private to this folder.
///
/// Threads: any; values.
/// Memory:  none.
/// Cost:    a call a layer.

#include "dataplane/parse/headers.hpp"

#include <cstdint>
#include <span>

namespace tierwall::parse {

/// The bytes at hand. Offsets count from the start of the frame.
struct Packet {
    const std::uint8_t* data = nullptr;
    std::uint32_t readable = 0;  ///< where the bytes that may be read end
    std::uint32_t end = 0;       ///< where the packet ends: the frame, later the IP packet in it
};

inline std::uint16_t be16(const std::uint8_t* at) noexcept {
    return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

inline std::uint32_t be32(const std::uint8_t* at) noexcept {
    return static_cast<std::uint32_t>(be16(at)) << 16 | be16(at + 2);
}

inline bool refuse(Headers& headers, base::Reason problem) noexcept {
    headers.problem = problem;
    return false;
}

/// True when the bytes up to `offset` belong to the IP packet and can be read.
inline bool reaches(const Packet& packet, Headers& headers, std::uint32_t offset) noexcept {
    if (offset <= packet.end && offset <= packet.readable) [[likely]]
        return true;
    return refuse(headers, offset > packet.end ? base::Reason::Malformed : base::Reason::Truncated);
}

/// IPv4 addresses that a packet may have. Requires: four bytes each.
inline bool v4_addresses_sound(const std::uint8_t* source,
                               const std::uint8_t* destination) noexcept {
    const bool multicast = (source[0] & 0xf0) == 0xe0;
    const bool broadcast = be32(source) == 0xffffffff;
    const bool loopback = source[0] == 127 || destination[0] == 127;
    return !multicast && !broadcast && !loopback;
}

/// Not one of the combinations that no TCP sends; scanners and evasions do.
constexpr bool tcp_flags_sound(std::uint8_t flags) noexcept {
    using namespace tcp_flag;
    if ((flags & kSyn) != 0) return (flags & (kFin | kRst)) == 0;
    return (flags & (kRst | kAck)) != 0;
}

/// Any packet, layer by layer. Requires: headers as constructed.
bool read_frame(const Packet& packet, Headers& headers) noexcept;
/// read_frame() into an object that was used before.
void parse_layers(std::span<const std::uint8_t> frame, std::uint32_t frame_length,
                  Headers& headers) noexcept;

// All of these require: headers.l3_offset (or l4_offset and l4_length) is set.
bool read_arp(const Packet& packet, Headers& headers) noexcept;
bool read_ipv4(Packet packet, Headers& headers) noexcept;
bool read_ipv6(Packet packet, Headers& headers) noexcept;
bool read_transport(const Packet& packet, Headers& headers) noexcept;
bool read_icmp(const Packet& packet, Headers& headers) noexcept;
bool read_icmpv6(const Packet& packet, Headers& headers) noexcept;

/// Fills the fragment fields. Requires: l4_length and the tuple's protocol are set.
bool note_fragment(Headers& headers, std::uint32_t offset, bool more) noexcept;

/// The tuple of the packet that starts at `offset` of an ICMP error, as far as it was quoted.
/// Nothing when its ports were not quoted or it names no connection.
bool read_embedded_ipv4(const Packet& packet, std::uint32_t offset, Tuple& tuple) noexcept;
bool read_embedded_ipv6(const Packet& packet, std::uint32_t offset, Tuple& tuple) noexcept;
/// The same for what follows the embedded IP header. Requires: tuple.protocol is set.
bool read_embedded_ports(const Packet& packet, std::uint32_t offset, Tuple& tuple) noexcept;

}  // namespace tierwall::parse
