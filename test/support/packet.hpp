// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Packet: builds Ethernet frames for tests, field by field, with checksums that are right.
///
/// A frame is made inside out: a transport (`tcp`, `udp`, `sctp`, `icmp`, ...), put into `ip` or
/// cut by `fragments`, put into `frame`. Nothing here is used by, or shares code with, the parser
/// under test.
///
/// Threads: any; values.
/// Memory:  vectors of the test.
/// Cost:    not for measurements.

#include "dataplane/base/address.hpp"
#include "dataplane/base/protocol.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace tierwall::support {

using Bytes = std::vector<std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

inline void put8(Bytes& bytes, unsigned value) {
    bytes.push_back(static_cast<std::uint8_t>(value & 0xff));
}
inline void put16(Bytes& bytes, unsigned value) {
    put8(bytes, value >> 8);
    put8(bytes, value);
}
inline void put32(Bytes& bytes, std::uint32_t value) {
    put16(bytes, value >> 16);
    put16(bytes, value & 0xffff);
}
inline void put(Bytes& bytes, const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}
inline void set16(Bytes& bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value & 0xff);
}

/// A test that misspells an address is no test: the program ends.
inline base::Address address(std::string_view text) {
    const auto parsed = base::parse_address(text);
    if (!parsed) std::abort();
    return *parsed;
}
inline void put(Bytes& bytes, const base::Address& value) {
    const std::size_t first = value.is_v4() ? 12 : 0;
    bytes.insert(bytes.end(), value.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                 value.bytes.end());
}

/// RFC 1071 sum over `bytes`, not yet complemented.
inline std::uint32_t ones_sum(const Bytes& bytes, std::uint32_t start = 0) {
    std::uint32_t sum = start;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const unsigned low = i + 1 < bytes.size() ? bytes[i + 1] : 0u;
        sum += (static_cast<unsigned>(bytes[i]) << 8) | low;
    }
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/// RFC 9260 appendix A, bit by bit.
inline std::uint32_t crc32c(const Bytes& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
    }
    return ~crc;
}

enum class Sum : std::uint8_t {
    None,
    Plain,    ///< over the bytes alone (ICMP)
    Pseudo,   ///< with the pseudo header (TCP, UDP, ICMPv6)
    Partial,  ///< the pseudo header's sum only, as a sender with checksum offload leaves it
    Crc32c,   ///< SCTP
};

/// What an IP packet carries.
struct Transport {
    std::uint8_t protocol = 0;
    Bytes bytes;
    Sum sum = Sum::None;
    std::size_t sum_at = 0;
};

struct TcpFields {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t flags = 0;
    Bytes payload = {};
    Sum sum = Sum::Pseudo;
    std::uint32_t sequence = 1;
};

inline Transport tcp(const TcpFields& fields) {
    Transport out{base::kIpTcp, {}, fields.sum, 16};
    put16(out.bytes, fields.source_port);
    put16(out.bytes, fields.destination_port);
    put32(out.bytes, fields.sequence);
    put32(out.bytes, 0);
    put8(out.bytes, 5u << 4);
    put8(out.bytes, fields.flags);
    put16(out.bytes, 0xffff);
    put32(out.bytes, 0);
    put(out.bytes, fields.payload);
    return out;
}

struct UdpFields {
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    Bytes payload = {};
    Sum sum = Sum::Pseudo;
};

inline Transport udp(const UdpFields& fields) {
    Transport out{base::kIpUdp, {}, fields.sum, 6};
    put16(out.bytes, fields.source_port);
    put16(out.bytes, fields.destination_port);
    put16(out.bytes, static_cast<unsigned>(8 + fields.payload.size()));
    put16(out.bytes, 0);
    put(out.bytes, fields.payload);
    return out;
}

/// An SCTP packet with one chunk of `chunk_type` (1: INIT).
inline Transport sctp(std::uint16_t source_port, std::uint16_t destination_port,
                      std::uint8_t chunk_type = 1) {
    Transport out{base::kIpSctp, {}, Sum::Crc32c, 8};
    put16(out.bytes, source_port);
    put16(out.bytes, destination_port);
    put32(out.bytes, 0);
    put32(out.bytes, 0);
    put8(out.bytes, chunk_type);
    put8(out.bytes, 0);
    put16(out.bytes, 20);
    for (int i = 0; i < 4; ++i) put32(out.bytes, 1);
    return out;
}

struct IcmpFields {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint32_t rest = 0;  ///< the second word: identifier and sequence, MTU, pointer, ...
    Bytes payload = {};
};

inline Transport icmp(const IcmpFields& fields) {
    Transport out{base::kIpIcmp, {}, Sum::Plain, 2};
    put8(out.bytes, fields.type);
    put8(out.bytes, fields.code);
    put16(out.bytes, 0);
    put32(out.bytes, fields.rest);
    put(out.bytes, fields.payload);
    return out;
}

inline Transport icmpv6(const IcmpFields& fields) {
    Transport out = icmp(fields);
    out.protocol = base::kIpIcmpv6;
    out.sum = Sum::Pseudo;
    return out;
}

/// Echo request or reply of either family.
inline Transport echo(base::Family family, bool reply, std::uint16_t identifier) {
    const std::uint32_t rest = (std::uint32_t{identifier} << 16) | 1;
    if (family == base::Family::IPv6) {
        return icmpv6({.type = static_cast<std::uint8_t>(reply ? 129 : 128), .rest = rest});
    }
    return icmp({.type = static_cast<std::uint8_t>(reply ? 0 : 8), .rest = rest});
}

inline Transport raw(std::uint8_t protocol, Bytes bytes) { return {protocol, std::move(bytes)}; }

/// Neighbour solicitation or advertisement with its link-layer address option.
inline Transport neighbour(std::uint8_t type, std::string_view target, const Mac& mac) {
    Bytes payload;
    put(payload, address(target));
    put8(payload, type == 136 ? 2 : 1);
    put8(payload, 1);
    for (const std::uint8_t byte : mac) put8(payload, byte);
    return icmpv6({.type = type, .rest = type == 136 ? 0x60000000u : 0u, .payload = payload});
}

inline Transport router_advertisement() {
    return icmpv6({.type = 134, .rest = 0x40000708, .payload = Bytes(8, 0)});
}

struct IpFields {
    std::string_view source;
    std::string_view destination;
    std::uint8_t hop_limit = 64;
    std::uint32_t id = 0;
    std::uint16_t fragment_offset = 0;  ///< bytes, a multiple of 8
    bool more_fragments = false;
    /// IPv6: a fragment header even for an unfragmented packet.
    bool fragment_header = false;
};

inline std::uint32_t pseudo_sum(const IpFields& ip, const Transport& transport) {
    Bytes header;
    put(header, address(ip.source));
    put(header, address(ip.destination));
    put32(header, static_cast<std::uint32_t>(transport.bytes.size()));
    put32(header, transport.protocol);
    return ones_sum(header);
}

/// The transport's bytes with their checksum filled in.
inline Bytes summed(const IpFields& ip, const Transport& transport) {
    Bytes bytes = transport.bytes;
    if (transport.sum == Sum::None) return bytes;
    if (transport.sum == Sum::Crc32c) {
        const std::uint32_t crc = crc32c(bytes);
        for (std::size_t i = 0; i < 4; ++i) {
            bytes[transport.sum_at + i] = static_cast<std::uint8_t>(crc >> (8 * i));
        }
        return bytes;
    }
    const std::uint32_t start = transport.sum == Sum::Plain ? 0 : pseudo_sum(ip, transport);
    const std::uint32_t sum = transport.sum == Sum::Partial ? start : ~ones_sum(bytes, start);
    set16(bytes, transport.sum_at, sum & 0xffff);
    return bytes;
}

inline Bytes ipv4_packet(const IpFields& ip, std::uint8_t protocol, const Bytes& payload) {
    Bytes out;
    put8(out, 0x45);
    put8(out, 0);
    put16(out, static_cast<unsigned>(20 + payload.size()));
    put16(out, ip.id & 0xffff);
    put16(out, (ip.more_fragments ? 0x2000u : 0u) | (ip.fragment_offset / 8u));
    put8(out, ip.hop_limit);
    put8(out, protocol);
    put16(out, 0);
    put(out, address(ip.source));
    put(out, address(ip.destination));
    set16(out, 10, ~ones_sum(out) & 0xffff);
    put(out, payload);
    return out;
}

inline Bytes ipv6_packet(const IpFields& ip, std::uint8_t protocol, const Bytes& payload) {
    const bool fragment = ip.fragment_header || ip.more_fragments || ip.fragment_offset != 0;
    Bytes out;
    put32(out, 0x60000000);
    put16(out, static_cast<unsigned>(payload.size() + (fragment ? 8 : 0)));
    put8(out, fragment ? 44 : protocol);
    put8(out, ip.hop_limit);
    put(out, address(ip.source));
    put(out, address(ip.destination));
    if (fragment) {
        put8(out, protocol);
        put8(out, 0);
        put16(out, ip.fragment_offset | (ip.more_fragments ? 1u : 0u));
        put32(out, ip.id);
    }
    put(out, payload);
    return out;
}

inline Bytes ip_payload(const IpFields& ip, std::uint8_t protocol, const Bytes& payload) {
    return address(ip.source).is_v4() ? ipv4_packet(ip, protocol, payload)
                                      : ipv6_packet(ip, protocol, payload);
}

/// A whole IP packet; the family is that of the source address.
inline Bytes ip(const IpFields& fields, const Transport& transport) {
    return ip_payload(fields, transport.protocol, summed(fields, transport));
}

/// The same packet cut into pieces of `size` transport bytes (a multiple of 8).
inline std::vector<Bytes> fragments(IpFields fields, const Transport& transport, std::size_t size) {
    const Bytes whole = summed(fields, transport);
    std::vector<Bytes> pieces;
    for (std::size_t at = 0; at < whole.size(); at += size) {
        const std::size_t end = std::min(whole.size(), at + size);
        fields.fragment_offset = static_cast<std::uint16_t>(at);
        fields.more_fragments = end < whole.size();
        pieces.push_back(ip_payload(fields, transport.protocol,
                                    Bytes(whole.begin() + static_cast<std::ptrdiff_t>(at),
                                          whole.begin() + static_cast<std::ptrdiff_t>(end))));
    }
    return pieces;
}

/// An ICMP error of the family of `about` (a whole IP packet, quoted as far as 548 bytes).
inline Transport icmp_error(std::uint8_t type, std::uint8_t code, const Bytes& about) {
    const IcmpFields fields{
        .type = type,
        .code = code,
        .payload = Bytes(
            about.begin(),
            about.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(about.size(), 548)))};
    return (about[0] >> 4) == 4 ? icmp(fields) : icmpv6(fields);
}

struct Link {
    Mac source{0x02, 0, 0, 0, 0, 0x01};
    Mac destination{0x02, 0, 0, 0, 0, 0x02};
    std::vector<std::uint16_t> vlans = {};
};

inline Bytes ethernet(const Link& link, std::uint16_t ether_type, const Bytes& payload) {
    Bytes out(link.destination.begin(), link.destination.end());
    out.insert(out.end(), link.source.begin(), link.source.end());
    for (std::size_t i = 0; i < link.vlans.size(); ++i) {
        put16(out, i + 1 < link.vlans.size() ? base::kEtherQinQ : base::kEtherVlan);
        put16(out, link.vlans[i]);
    }
    put16(out, ether_type);
    put(out, payload);
    return out;
}

/// An Ethernet frame around an IP packet.
inline Bytes frame(const Bytes& ip_packet, const Link& link = {}) {
    const bool v4 = (ip_packet[0] >> 4) == 4;
    return ethernet(link, v4 ? base::kEtherIpv4 : base::kEtherIpv6, ip_packet);
}
inline Bytes frame(const IpFields& fields, const Transport& transport, const Link& link = {}) {
    return frame(ip(fields, transport), link);
}

/// ARP over Ethernet; operation 1 asks, 2 answers.
inline Bytes arp(std::uint16_t operation, std::string_view sender, std::string_view target,
                 const Link& link = {}) {
    Bytes body;
    put16(body, 1);
    put16(body, base::kEtherIpv4);
    put8(body, 6);
    put8(body, 4);
    put16(body, operation);
    for (const std::uint8_t byte : link.source) put8(body, byte);
    put(body, address(sender));
    for (int i = 0; i < 6; ++i) put8(body, 0);
    put(body, address(target));
    return ethernet(link, base::kEtherArp, body);
}

}  // namespace tierwall::support
