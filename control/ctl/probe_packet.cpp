// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/probe_packet.hpp"

#include "control/ctl/link_message.hpp"
#include "dataplane/base/protocol.hpp"

#include <cstddef>
#include <iterator>

namespace tierwall::ctl {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kEchoRequest4 = 8;
constexpr std::uint8_t kEchoRequest6 = 128;
constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint8_t kHopLimit = 64;
constexpr std::uint8_t kFragmentHeader = 44;
constexpr std::uint32_t kMoreFragments4 = 0x2000;
/// What a router says that the next link can carry.
constexpr std::uint32_t kNextMtu = 1280;

void put16(Bytes& out, std::uint32_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8 & 0xff));
    out.push_back(static_cast<std::uint8_t>(value & 0xff));
}
void put32(Bytes& out, std::uint32_t value) {
    put16(out, value >> 16);
    put16(out, value);
}
void put(Bytes& out, const base::Address& address) {
    out.insert(out.end(), address.bytes.begin() + (address.is_v4() ? 12 : 0), address.bytes.end());
}
void set16(Bytes& out, std::size_t at, std::uint32_t value) {
    out[at] = static_cast<std::uint8_t>(value >> 8 & 0xff);
    out[at + 1] = static_cast<std::uint8_t>(value & 0xff);
}

/// RFC 1071, to be complemented by the caller.
std::uint32_t sum(const Bytes& bytes, std::uint32_t start) {
    std::uint32_t total = start;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        total += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    }
    while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
    return total;
}

/// CRC32c of RFC 9260 appendix A.
std::uint32_t crc32c(const Bytes& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

std::uint32_t pseudo_header(const PacketFields& fields, std::size_t length) {
    Bytes header;
    put(header, fields.source);
    put(header, fields.destination);
    put32(header, static_cast<std::uint32_t>(length));
    put32(header, fields.protocol);
    return sum(header, 0);
}

Bytes tcp(const PacketFields& fields) {
    Bytes out;
    put16(out, fields.source_port);
    put16(out, fields.destination_port);
    put32(out, 1);  // sequence
    put32(out, 0);
    out.push_back(5 << 4);
    out.push_back(fields.tcp_flags.value_or(kTcpSyn));
    put16(out, 0xffff);  // window
    put32(out, 0);       // checksum, urgent pointer
    set16(out, 16, ~sum(out, pseudo_header(fields, out.size())));
    return out;
}

Bytes udp(const PacketFields& fields) {
    Bytes out;
    put16(out, fields.source_port);
    put16(out, fields.destination_port);
    put16(out, 12);
    put16(out, 0);
    put32(out, 0);  // payload
    const std::uint32_t checksum = ~sum(out, pseudo_header(fields, out.size())) & 0xffff;
    set16(out, 6, checksum == 0 ? 0xffff : checksum);  // zero means none
    return out;
}

Bytes sctp(const PacketFields& fields) {
    Bytes out;
    put16(out, fields.source_port);
    put16(out, fields.destination_port);
    put32(out, fields.sctp_chunk == kSctpInit ? 0 : 1);  // an INIT has no verification tag
    put32(out, 0);                                       // checksum
    out.push_back(fields.sctp_chunk);
    out.push_back(0);
    put16(out, 20);
    put32(out, 1);             // initiate tag
    put32(out, 65536);         // receiver window
    put32(out, 1u << 16 | 1);  // streams out and in
    put32(out, 1);             // initial TSN
    const std::uint32_t crc = crc32c(out);
    for (std::size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    return out;
}

bool is_too_big(const PacketFields& fields) {
    if (fields.protocol == base::kIpIcmpv6) return fields.icmp_type == 2;
    return fields.icmp_type == 3 && fields.icmp_code == 4;
}

/// Behind the first eight bytes of an error stands the packet that it is about.
Bytes icmp(const PacketFields& fields) {
    const bool v6 = fields.protocol == base::kIpIcmpv6;
    Bytes out;
    out.push_back(fields.icmp_type.value_or(v6 ? kEchoRequest6 : kEchoRequest4));
    out.push_back(fields.icmp_code);
    put16(out, 0);
    if (is_link_message(fields)) {
        const Bytes body = link_message_body(fields);
        out.insert(out.end(), body.begin(), body.end());
    } else if (fields.quoted.empty()) {
        put16(out, fields.source_port);  // identifier
        put16(out, 1);                   // sequence
        put32(out, 0);
    } else {
        put32(out, is_too_big(fields) ? kNextMtu : 0);
        out.insert(out.end(), fields.quoted.begin(), fields.quoted.end());
    }
    set16(out, 2, ~sum(out, v6 ? pseudo_header(fields, out.size()) : 0));
    return out;
}

Bytes transport(const PacketFields& fields) {
    switch (fields.protocol) {
        case base::kIpTcp: return tcp(fields);
        case base::kIpUdp: return udp(fields);
        case base::kIpSctp: return sctp(fields);
        case base::kIpIcmp:
        case base::kIpIcmpv6: return icmp(fields);
        default: return Bytes(8, 0);
    }
}

/// A piece carries a multiple of eight bytes unless it is the last one.
Bytes payload(const PacketFields& fields) {
    if (!fields.fragment) return transport(fields);
    if (fields.fragment->offset != 0) return Bytes(16, 0);
    Bytes out = transport(fields);
    out.resize((out.size() + 7) / 8 * 8, 0);
    return out;
}

Bytes ipv4_header(const PacketFields& fields, std::size_t payload_length) {
    Bytes out{0x45, 0};
    put16(out, static_cast<std::uint32_t>(20 + payload_length));
    const FragmentFields piece = fields.fragment.value_or(FragmentFields{});
    put16(out, piece.id & 0xffff);
    put16(out, (piece.more ? kMoreFragments4 : 0) | piece.offset / 8u);
    out.push_back(kHopLimit);
    out.push_back(fields.protocol);
    put16(out, 0);
    put(out, fields.source);
    put(out, fields.destination);
    set16(out, 10, ~sum(out, 0));
    return out;
}

Bytes ipv6_header(const PacketFields& fields, std::size_t payload_length) {
    Bytes out;
    put32(out, 6u << 28);
    const std::size_t extension = fields.fragment ? 8 : 0;
    put16(out, static_cast<std::uint32_t>(payload_length + extension));
    out.push_back(fields.fragment ? kFragmentHeader : fields.protocol);
    out.push_back(is_link_message(fields) ? link_message_hop_limit(fields) : kHopLimit);
    put(out, fields.source);
    put(out, fields.destination);
    if (fields.fragment) {
        out.push_back(fields.protocol);
        out.push_back(0);
        put16(out, (fields.fragment->offset & 0xfff8u) | (fields.fragment->more ? 1u : 0u));
        put32(out, fields.fragment->id);
    }
    return out;
}

}  // namespace

std::vector<std::uint8_t> ip_packet(const PacketFields& fields) {
    const Bytes body = payload(fields);
    Bytes packet =
        fields.source.is_v4() ? ipv4_header(fields, body.size()) : ipv6_header(fields, body.size());
    packet.insert(packet.end(), body.begin(), body.end());
    return packet;
}

std::vector<std::uint8_t> probe_packet(const PacketFields& fields) {
    const Bytes packet = ip_packet(fields);
    Bytes frame{0x02, 0, 0, 0, 0, 2};
    frame.insert(frame.end(), std::begin(kProbeSender), std::end(kProbeSender));
    put16(frame, fields.source.is_v4() ? base::kEtherIpv4 : base::kEtherIpv6);
    frame.insert(frame.end(), packet.begin(), packet.end());
    return frame;
}

}  // namespace tierwall::ctl
