// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/layers.hpp"

namespace tierwall::parse {
namespace {

using base::Reason;

constexpr std::uint32_t kTcpLengthMin = 20;
constexpr std::uint32_t kUdpLength = 8;
constexpr std::uint32_t kSctpLength = 12;
constexpr std::uint8_t kSctpInit = 1;

void read_ports(const std::uint8_t* header, Headers& headers) noexcept {
    headers.tuple.source_port = be16(header);
    headers.tuple.destination_port = be16(header + 2);
    headers.has_transport = true;
}

/// The first fragment must hold the whole header too: what is judged must not come later.
bool read_tcp(const Packet& packet, Headers& headers) noexcept {
    const std::uint32_t start = headers.l4_offset;
    if (!reaches(packet, headers, start + kTcpLengthMin)) return false;
    const std::uint8_t* tcp = packet.data + start;
    const std::uint32_t header_length = (tcp[12] >> 4) * 4u;
    if (header_length < kTcpLengthMin || header_length > headers.l4_length ||
        !tcp_flags_sound(tcp[13])) {
        return refuse(headers, Reason::Malformed);
    }
    headers.tcp_flags = tcp[13];
    read_ports(tcp, headers);
    return true;
}

bool read_udp(const Packet& packet, Headers& headers) noexcept {
    const std::uint32_t start = headers.l4_offset;
    if (!reaches(packet, headers, start + kUdpLength)) return false;
    const std::uint8_t* udp = packet.data + start;
    const std::uint32_t length = be16(udp + 4);
    if (length < kUdpLength) return refuse(headers, Reason::Malformed);
    if (headers.fragment == Fragment::None && length > headers.l4_length) {
        return refuse(headers, Reason::Truncated);
    }
    read_ports(udp, headers);
    return true;
}

bool read_sctp(const Packet& packet, Headers& headers) noexcept {
    if (!reaches(packet, headers, headers.l4_offset + kSctpLength)) return false;
    read_ports(packet.data + headers.l4_offset, headers);
    const std::uint32_t chunk = headers.l4_offset + kSctpLength;
    headers.sctp_init =
        chunk < packet.end && chunk < packet.readable && packet.data[chunk] == kSctpInit;
    return true;
}

}  // namespace

bool read_transport(const Packet& packet, Headers& headers) noexcept {
    switch (headers.tuple.protocol) {
        case base::kIpTcp: return read_tcp(packet, headers);
        case base::kIpUdp: return read_udp(packet, headers);
        case base::kIpSctp: return read_sctp(packet, headers);
        case base::kIpIcmp:
            if (headers.family == base::Family::IPv4) return read_icmp(packet, headers);
            break;
        case base::kIpIcmpv6:
            if (headers.family == base::Family::IPv6) return read_icmpv6(packet, headers);
            break;
        default: break;
    }
    headers.has_transport = true;  // without ports, and nothing more to know
    return true;
}

}  // namespace tierwall::parse
