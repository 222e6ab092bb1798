// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/icmp_type.hpp"
#include "dataplane/parse/layers.hpp"

#include <algorithm>
#include <iterator>
#include <span>

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
constexpr base::Address kAllNodes{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
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

/// What may stand behind the fixed part of a message of neighbour discovery: options of eight
/// bytes, each of them one of two types, in 16 bytes at most.
struct NdOptions {
    std::uint8_t link_layer;  ///< who sends it
    std::uint8_t nonce;       ///< of duplicate address detection (RFC 7527), 0 for none
};

constexpr std::uint8_t kSourceLinkLayer = 1;
constexpr std::uint8_t kTargetLinkLayer = 2;
constexpr std::uint8_t kNonce = 14;
constexpr std::uint32_t kNdOptionsMax = 16;

/// Do options fill the message to its end?
bool options_fill(std::span<const std::uint8_t> options) noexcept {
    while (options.size() >= 8) {
        const std::size_t length = options[1] * std::size_t{8};
        if (length == 0 || length > options.size()) return false;
        options = options.subspan(length);
    }
    return options.empty();
}

bool options_are(std::span<const std::uint8_t> options, NdOptions known) noexcept {
    if (options.size() > kNdOptionsMax || options.size() % 8 != 0) return false;
    for (std::size_t at = 0; at != options.size(); at += 8) {
        const bool is_known =
            options[at] == known.link_layer || (known.nonce != 0 && options[at] == known.nonce);
        if (!is_known || options[at + 1] != 1) return false;
    }
    return true;
}

/// ff02::1:ff00:0/104 and the target's last three bytes (RFC 4291 section 2.7.1).
bool is_solicited_node(const base::Address& group, const base::Address& target) noexcept {
    constexpr std::uint8_t kPrefix[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
    return std::equal(std::begin(kPrefix), std::end(kPrefix), group.bytes.begin()) &&
           std::equal(group.bytes.begin() + 13, group.bytes.end(), target.bytes.begin() + 13);
}

/// Is a solicitation sent to its target, or to the group of it? Who has no address yet asks the
/// group (RFC 4861 section 7.1.1).
bool is_asked_there(const Headers& headers) noexcept {
    const base::Address& to = headers.tuple.destination;
    if (is_solicited_node(to, headers.target)) return true;
    return to == headers.target && !headers.tuple.source.is_unspecified();
}

/// Sent to where its kind is sent, with nothing in it but what its kind has: data that rides in it
/// would get past policy. Routers' messages, which pods may not send, have options of many kinds.
bool nd_sound(const Packet& packet, const Headers& headers) noexcept {
    const std::uint8_t type = headers.icmp_type;
    const base::Address& to = headers.tuple.destination;
    const std::span<const std::uint8_t> message(packet.data + headers.l4_offset, headers.l4_length);
    const auto options = message.subspan(nd_length_min(type));
    switch (type) {
        case icmpv6_type::kRouterSolicitation:
            return (to == kRouters || to.is_link_local()) &&
                   options_are(options, {kSourceLinkLayer, 0});
        case icmpv6_type::kNeighbourSolicitation:
            return is_asked_there(headers) && options_are(options, {kSourceLinkLayer, kNonce});
        case icmpv6_type::kNeighbourAdvertisement:
            return (to == kAllNodes || to.bytes[0] != 0xff) &&
                   options_are(options, {kTargetLinkLayer, 0});
        default: return options_fill(options);
    }
}

/// Neighbour discovery passes without policy, so it must be what it claims: from this link (no
/// router leaves 255 in the hop limit), in one piece (RFC 6980) and nothing else.
bool read_nd(const Packet& packet, Headers& headers) noexcept {
    const std::uint8_t type = headers.icmp_type;
    if (!reaches(packet, headers, headers.l4_offset + nd_length_min(type))) return false;
    const bool whole = headers.fragment == Fragment::None;
    if (headers.hop_limit != kNdHopLimit || headers.icmp_code != 0 || !whole) {
        return refuse(headers, Reason::Malformed);
    }
    const bool targeted =
        type == icmpv6_type::kNeighbourSolicitation || type == icmpv6_type::kNeighbourAdvertisement;
    if (targeted) {
        headers.target = base::Address::v6(packet.data + headers.l4_offset + kTargetOffset);
        if (headers.target.bytes[0] == 0xff || headers.target.is_v4()) {
            return refuse(headers, Reason::Malformed);
        }
    }
    if (!reaches(packet, headers, headers.l4_offset + headers.l4_length)) return false;
    if (!nd_sound(packet, headers)) return refuse(headers, Reason::Malformed);
    headers.has_target = targeted;
    headers.neighbour_discovery = true;
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
