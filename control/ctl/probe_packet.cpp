// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/probe_packet.hpp"

#include "dataplane/base/protocol.hpp"

#include <cstddef>

namespace tierwall::ctl {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kEchoRequest4 = 8;
constexpr std::uint8_t kEchoRequest6 = 128;
constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint8_t kSctpInit = 1;
constexpr std::uint8_t kHopLimit = 64;

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
    out.push_back(kTcpSyn);
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
    put32(out, 0);  // verification tag of an INIT
    put32(out, 0);  // checksum
    out.push_back(kSctpInit);
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

Bytes icmp(const PacketFields& fields) {
    const bool v6 = fields.protocol == base::kIpIcmpv6;
    Bytes out;
    out.push_back(fields.icmp_type.value_or(v6 ? kEchoRequest6 : kEchoRequest4));
    out.push_back(0);
    put16(out, 0);
    put16(out, fields.source_port);  // identifier
    put16(out, 1);                   // sequence
    put32(out, 0);
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

Bytes ipv4_header(const PacketFields& fields, std::size_t payload_length) {
    Bytes out{0x45, 0};
    put16(out, static_cast<std::uint32_t>(20 + payload_length));
    put32(out, 0);  // identification, no fragment
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
    put16(out, static_cast<std::uint32_t>(payload_length));
    out.push_back(fields.protocol);
    out.push_back(kHopLimit);
    put(out, fields.source);
    put(out, fields.destination);
    return out;
}

}  // namespace

std::vector<std::uint8_t> probe_packet(const PacketFields& fields) {
    const bool v4 = fields.source.is_v4();
    const Bytes payload = transport(fields);
    const Bytes header =
        v4 ? ipv4_header(fields, payload.size()) : ipv6_header(fields, payload.size());
    Bytes frame{0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};
    put16(frame, v4 ? base::kEtherIpv4 : base::kEtherIpv6);
    frame.insert(frame.end(), header.begin(), header.end());
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

}  // namespace tierwall::ctl
