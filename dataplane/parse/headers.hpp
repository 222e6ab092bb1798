// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Headers: what the rest of the packet path knows of a packet, and `parse()`, which finds it out.
///
/// Only this folder (and l7/) reads packet bytes. Every read is bounds-checked against the bytes
/// that are really there; what does not add up is answered with a Reason and never forwarded.
///
/// Threads: any; values.
/// Memory:  one Headers per packet of a burst, on the worker's stack.
/// Cost:    one or two cache lines of the packet; no loop except over VLAN tags and IPv6 extension
///          headers, both with a named limit.

#include "dataplane/base/address.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/base/verdict.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace tierwall::parse {

inline constexpr int kVlanTagsMax = 2;
inline constexpr int kExtensionHeadersMax = 8;

enum class Kind : std::uint8_t {
    Ip,         ///< IPv4 or IPv6, addresses are valid
    Arp,        ///< source = sender protocol address, target = target protocol address
    NonIp,      ///< anything else
    Malformed,  ///< `problem` says why
};

enum class Fragment : std::uint8_t { None, First, Later };

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
}  // namespace tcp_flag

/// The five values that name a connection, as they stand in one packet.
/// For ICMP and ICMPv6 echo both ports hold the identifier; for every other protocol without ports
/// both are 0.
struct Tuple {
    base::Address source;
    base::Address destination;
    std::uint16_t source_port = 0;       ///< host order
    std::uint16_t destination_port = 0;  ///< host order
    std::uint8_t protocol = 0;           ///< the last header's number

    friend bool operator==(const Tuple&, const Tuple&) noexcept = default;
    Tuple reversed() const noexcept {
        return {destination, source, destination_port, source_port, protocol};
    }
};

/// What every packet has comes first: plain packets touch nothing else. What is the same of all of
/// them lies together, so that it is written in whole words.
struct Headers {
    Kind kind = Kind::Malformed;
    base::Reason problem = base::Reason::Malformed;  ///< for Kind::Malformed
    Fragment fragment = Fragment::None;
    bool has_transport = false;        ///< ports or type were read, or there are none; false only
                                       ///< for later fragments
    bool icmp_error = false;           ///< `embedded` holds the packet it is about
    bool neighbour_discovery = false;  ///< ICMPv6 133-137, and MLD (130-132, 143)
    bool icmp_query = false;           ///< echo or another request/reply pair with an identifier
    bool icmp_reply = false;           ///< the answering half of such a pair
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    bool has_target = false;
    bool embedded_valid = false;  ///< quoted far enough, and sent to the quoted packet's sender
    bool sctp_init = false;       ///< the first chunk opens an association
    bool plain = false;           ///< TCP or UDP over IP, and no fragment
    std::uint16_t vlan = 0;       ///< outer tag's VLAN id, 0 = none
    base::Family family = base::Family::IPv4;
    std::uint8_t tcp_flags = 0;
    std::uint8_t hop_limit = 0;
    std::uint16_t ether_type = 0;  ///< after VLAN tags, host order
    std::uint16_t l3_offset = 0;
    std::uint16_t l4_offset = 0;
    std::uint16_t l4_length = 0;  ///< bytes from l4_offset to the end of the IP packet
    std::uint16_t ip_length = 0;  ///< whole IP packet
    std::array<std::uint8_t, 6> mac_destination{};
    std::array<std::uint8_t, 6> mac_source{};
    Tuple tuple;  ///< for ARP: sender and target protocol addresses

    Tuple embedded;                     ///< for icmp_error
    base::Address target;               ///< neighbour solicitation/advertisement target
    std::uint32_t fragment_id = 0;      ///< for fragments
    std::uint16_t fragment_offset = 0;  ///< bytes, for Fragment::Later
    std::uint16_t arp_operation = 0;
    std::array<std::uint8_t, 6> arp_sender_mac{};
};

/// Reads one frame. `frame` is the first segment's bytes; `frame_length` the whole packet's.
/// Never reads outside `frame`; every field of the answer that is not set is zero.
Headers parse(std::span<const std::uint8_t> frame, std::uint32_t frame_length) noexcept;
/// The same into an object that was used before: of what stands behind the tuple, only fields that
/// the packet has are written.
void parse(std::span<const std::uint8_t> frame, std::uint32_t frame_length,
           Headers& headers) noexcept;

/// True when a TCP or UDP checksum holds only the pseudo header's sum: the sender left it to
/// hardware that is not there. Requires: headers.kind == Kind::Ip && headers.has_transport.
bool has_partial_checksum(std::span<const std::uint8_t> frame, const Headers& headers) noexcept;

}  // namespace tierwall::parse
