// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/icmp_type.hpp"
#include "dataplane/parse/layers.hpp"

namespace tierwall::parse {
namespace {

using base::Reason;

constexpr std::uint32_t kIcmpLengthMin = 8;
constexpr std::uint32_t kTargetOffset = 8;
constexpr std::uint8_t kNdHopLimit = 255;
constexpr std::uint8_t kMldHopLimit = 1;
constexpr std::uint32_t kMldLength = 24;
constexpr std::uint32_t kMldv2QueryLengthMin = 28;
constexpr std::uint32_t kMldRecordLengthMin = 20;
constexpr base::Address kRouters{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
constexpr base::Address kMldRouters{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16}};

enum class Use : std::uint8_t { Other, Query, Reply, Error };

Use use_v4(std::uint8_t type) noexcept {
    switch (type) {
        case 8:   // echo
        case 13:  // timestamp
        case 15:  // information
        case 17:  // address mask
        case 42:  // extended echo
            return Use::Query;
        case 0:
        case 14:
        case 16:
        case 18:
        case 43: return Use::Reply;
        case 3:   // destination unreachable
        case 4:   // source quench
        case 11:  // time exceeded
        case 12:  // parameter problem
            return Use::Error;
        default: return Use::Other;
    }
}

Use use_v6(std::uint8_t type) noexcept {
    switch (type) {
        case 128:
        case 160: return Use::Query;  // echo, extended echo
        case 129:
        case 161: return Use::Reply;
        case 1:
        case 2:
        case 3:
        case 4: return Use::Error;
        default: return Use::Other;
    }
}

bool is_nd(std::uint8_t type) noexcept {
    return type >= icmpv6_type::kRouterSolicitation && type <= icmpv6_type::kRedirect;
}

std::uint32_t nd_length_min(std::uint8_t type) noexcept {
    constexpr std::uint8_t kLengths[] = {8, 16, 24, 24, 40};
    return kLengths[type - icmpv6_type::kRouterSolicitation];
}

/// An error must go to whoever sent the packet it is about; any other one is not about a live flow
/// of its receiver, whatever it quotes.
void read_embedded(const Packet& packet, Headers& headers) noexcept {
    Packet quoted = packet;
    if (quoted.readable < quoted.end) quoted.end = quoted.readable;
    const std::uint32_t offset = headers.l4_offset + kIcmpLengthMin;
    Tuple tuple;
    const bool read = headers.family == base::Family::IPv4
                          ? read_embedded_ipv4(quoted, offset, tuple)
                          : read_embedded_ipv6(quoted, offset, tuple);
    if (!read || tuple.source != headers.tuple.destination) return;
    headers.embedded = tuple;
    headers.embedded_valid = true;
}

void note_use(const Packet& packet, Headers& headers, Use use) noexcept {
    headers.icmp_query = use == Use::Query;
    headers.icmp_reply = use == Use::Reply;
    headers.icmp_error = use == Use::Error;
    if (headers.icmp_query || headers.icmp_reply) {
        const std::uint16_t identifier = be16(packet.data + headers.l4_offset + 4);
        headers.tuple.source_port = identifier;
        headers.tuple.destination_port = identifier;
    }
    if (headers.icmp_error) read_embedded(packet, headers);
}

bool read_icmp_header(const Packet& packet, Headers& headers) noexcept {
    if (!reaches(packet, headers, headers.l4_offset + kIcmpLengthMin)) return false;
    headers.icmp_type = packet.data[headers.l4_offset];
    headers.icmp_code = packet.data[headers.l4_offset + 1];
    headers.has_transport = true;
    return true;
}

/// Neighbour discovery passes without policy, so it must be what it claims: from this link (no
/// router leaves 255 in the hop limit) and in one piece (RFC 6980).
bool read_nd(const Packet& packet, Headers& headers) noexcept {
    const std::uint8_t type = headers.icmp_type;
    if (!reaches(packet, headers, headers.l4_offset + nd_length_min(type))) return false;
    const bool whole = headers.fragment == Fragment::None;
    if (headers.hop_limit != kNdHopLimit || headers.icmp_code != 0 || !whole) {
        return refuse(headers, Reason::Malformed);
    }
    headers.neighbour_discovery = true;
    if (type != icmpv6_type::kNeighbourSolicitation &&
        type != icmpv6_type::kNeighbourAdvertisement) {
        return true;
    }
    headers.target = base::Address::v6(packet.data + headers.l4_offset + kTargetOffset);
    if (headers.target.bytes[0] == 0xff || headers.target.is_v4()) {
        return refuse(headers, Reason::Malformed);
    }
    headers.has_target = true;
    return true;
}

/// The records of a version 2 report fill it to the end, without auxiliary data: there is none.
bool records_sound(const std::uint8_t* report, std::uint32_t length) noexcept {
    std::uint32_t records = be16(report + 6);
    std::uint32_t at = kIcmpLengthMin;
    for (; records != 0; --records) {
        if (at + kMldRecordLengthMin > length || report[at + 1] != 0) return false;
        at += kMldRecordLengthMin + be16(report + at + 2) * 16u;
    }
    return at == length;
}

/// Is it as long as its kind is, and sent to where its kind is sent?
bool mld_sound(const Packet& packet, const Headers& headers) noexcept {
    const std::uint8_t* message = packet.data + headers.l4_offset;
    const base::Address& destination = headers.tuple.destination;
    const std::uint32_t length = headers.l4_length;
    switch (headers.icmp_type) {
        case icmpv6_type::kMldv2Report:
            return destination == kMldRouters && records_sound(message, length);
        case icmpv6_type::kMldDone: return destination == kRouters && length == kMldLength;
        case icmpv6_type::kMldQuery: return length == kMldLength || length >= kMldv2QueryLengthMin;
        default: return length == kMldLength && destination == base::Address::v6(message + 8);
    }
}

/// Multicast listener messages never leave the link, and policy is not asked about them, so they
/// must be nothing else. One that is sent to a single host is left to policy like any other ICMPv6
/// message.
bool read_mld(const Packet& packet, Headers& headers) noexcept {
    if (headers.hop_limit != kMldHopLimit || headers.fragment != Fragment::None) {
        return refuse(headers, Reason::Malformed);
    }
    if (headers.tuple.destination.bytes[0] != 0xff) return true;
    if (!reaches(packet, headers, headers.l4_offset + headers.l4_length)) return false;
    const base::Address& source = headers.tuple.source;
    const bool from_link = source.is_unspecified() || source.is_link_local();
    if (!from_link || headers.icmp_code != 0 || !mld_sound(packet, headers)) {
        return refuse(headers, Reason::Malformed);
    }
    headers.neighbour_discovery = true;
    return true;
}

}  // namespace

bool read_icmp(const Packet& packet, Headers& headers) noexcept {
    if (!read_icmp_header(packet, headers)) return false;
    note_use(packet, headers, use_v4(headers.icmp_type));
    return true;
}

bool read_icmpv6(const Packet& packet, Headers& headers) noexcept {
    if (!read_icmp_header(packet, headers)) return false;
    if (is_nd(headers.icmp_type)) return read_nd(packet, headers);
    if (is_mld(headers.icmp_type)) return read_mld(packet, headers);
    note_use(packet, headers, use_v6(headers.icmp_type));
    return true;
}

bool read_embedded_ports(const Packet& packet, std::uint32_t offset, Tuple& tuple) noexcept {
    const bool v4 = tuple.source.is_v4();
    const std::uint8_t* header = packet.data + offset;
    const std::uint8_t protocol = tuple.protocol;
    if (protocol == base::kIpTcp || protocol == base::kIpUdp || protocol == base::kIpSctp) {
        if (offset + 4 > packet.end) return false;
        tuple.source_port = be16(header);
        tuple.destination_port = be16(header + 2);
        return true;
    }
    if (protocol != (v4 ? base::kIpIcmp : base::kIpIcmpv6)) return true;
    if (offset + kIcmpLengthMin > packet.end) return false;
    const Use use = v4 ? use_v4(header[0]) : use_v6(header[0]);
    if (use == Use::Error) return false;  // errors are never about errors
    if (use == Use::Other) return true;
    tuple.source_port = be16(header + 4);
    tuple.destination_port = tuple.source_port;
    return true;
}

}  // namespace tierwall::parse
