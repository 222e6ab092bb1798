// SPDX-License-Identifier: Apache-2.0
#include "dataplane/parse/layers.hpp"

namespace tierwall::parse {
namespace {

using base::Reason;

constexpr std::uint32_t kHeaderLength = 40;
constexpr std::uint32_t kExtensionLengthMin = 8;
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;

bool is_extension(std::uint8_t next) noexcept {
    return next == kHopByHop || next == kRouting || next == kFragment || next == kAuthentication ||
           next == kDestinationOptions;
}

/// What a walk along the extension headers found.
struct Chain {
    std::uint8_t protocol = 0;  ///< the first header that is no extension header
    std::uint32_t offset = 0;   ///< where it begins
    bool fragmented = false;    ///< a fragment header was seen (atomic ones too)
    bool more = false;
    bool headers_inside = false;  ///< extension headers are in what was fragmented
    std::uint32_t fragment_offset = 0;
    std::uint32_t fragment_id = 0;
    bool sound = true;
    bool too_long = false;
    bool ran_out = false;
};

/// Steps over one extension header other than a fragment header.
/// Answers its length, or 0 when it is not to be trusted.
std::uint32_t extension_length(const std::uint8_t* header, std::uint8_t kind, int place) noexcept {
    if (kind == kAuthentication) return header[1] == 0 ? 0 : (header[1] + 2u) * 4;
    if (kind == kHopByHop && place != 0) return 0;
    // With hops to go a routing header of any type sends the packet on from its destination, and
    // policy would be asked about the wrong one (RFC 5095 forbids type 0 altogether).
    if (kind == kRouting && header[3] != 0) return 0;
    return (header[1] + 1u) * 8;
}

void note_fragment_header(const std::uint8_t* header, Chain& chain) noexcept {
    chain.sound = !chain.fragmented;
    chain.fragmented = true;
    chain.fragment_offset = be16(header + 2) & 0xfff8u;
    chain.more = (header[3] & 1) != 0;
    chain.headers_inside = is_extension(header[0]);
    chain.fragment_id = be32(header + 4);
}

/// Follows the chain from `chain.offset`, where a header of kind `chain.protocol` begins, within
/// the bytes before `limit`. Stops behind the fragment header of a later fragment.
void follow(const std::uint8_t* data, std::uint32_t limit, Chain& chain) noexcept {
    for (int place = 0; is_extension(chain.protocol); ++place) {
        if (place == kExtensionHeadersMax) {
            chain.too_long = true;
            return;
        }
        chain.ran_out = chain.offset + kExtensionLengthMin > limit;
        if (chain.ran_out) return;
        const std::uint8_t* header = data + chain.offset;
        std::uint32_t length = kExtensionLengthMin;
        if (chain.protocol == kFragment) {
            note_fragment_header(header, chain);
        } else {
            length = extension_length(header, chain.protocol, place);
            chain.sound = length != 0;
        }
        if (!chain.sound) return;
        chain.ran_out = chain.offset + length > limit;
        if (chain.ran_out) return;
        chain.protocol = header[0];
        chain.offset += length;
        if (chain.fragment_offset != 0) return;
    }
}

/// Follows the packet's own chain and notes what it says.
bool read_extensions(const Packet& packet, Headers& headers) noexcept {
    Chain chain;
    chain.protocol = headers.tuple.protocol;
    chain.offset = headers.l4_offset;
    const std::uint32_t limit = packet.end < packet.readable ? packet.end : packet.readable;
    follow(packet.data, limit, chain);
    if (chain.too_long) return refuse(headers, Reason::TransportUnknown);
    if (!chain.sound) return refuse(headers, Reason::Malformed);
    if (chain.ran_out) {
        const bool cut = packet.readable < packet.end;
        return refuse(headers, cut ? Reason::Truncated : Reason::Malformed);
    }
    headers.tuple.protocol = chain.protocol;
    headers.l4_offset = static_cast<std::uint16_t>(chain.offset);
    headers.l4_length = static_cast<std::uint16_t>(packet.end - chain.offset);
    const bool atomic = chain.fragment_offset == 0 && !chain.more;
    if (!chain.fragmented || atomic) return true;
    headers.fragment_id = chain.fragment_id;
    // Then the ports lie where a later fragment may overwrite them for a receiver that lets it, and
    // nothing that is in use fragments its extension headers.
    if (chain.headers_inside) return refuse(headers, Reason::Malformed);
    return note_fragment(headers, chain.fragment_offset, chain.more);
}

bool is_loopback(const base::Address& address) noexcept {
    return address.high() == 0 && be32(address.bytes.data() + 8) == 0 &&
           be32(address.bytes.data() + 12) == 1;
}

/// A mapped address in an IPv6 header would be mistaken for IPv4 from here on.
bool addresses_sound(const Tuple& tuple) noexcept {
    if (tuple.source.bytes[0] == 0xff) return false;
    if (tuple.source.high() != 0 && tuple.destination.high() != 0) [[likely]]
        return true;
    return !tuple.source.is_v4() && !tuple.destination.is_v4() && !is_loopback(tuple.source) &&
           !is_loopback(tuple.destination);
}

}  // namespace

bool read_ipv6(Packet packet, Headers& headers) noexcept {
    const std::uint32_t start = headers.l3_offset;
    if (start + kHeaderLength > packet.readable) return refuse(headers, Reason::Truncated);
    const std::uint8_t* ip = packet.data + start;
    if (ip[0] >> 4 != 6) return refuse(headers, Reason::Malformed);
    const std::uint32_t payload_length = be16(ip + 4);
    headers.family = base::Family::IPv6;
    headers.tuple.source = base::Address::v6(ip + 8);
    headers.tuple.destination = base::Address::v6(ip + 24);
    headers.tuple.protocol = ip[6];
    headers.hop_limit = ip[7];
    if (start + kHeaderLength + payload_length > packet.end) {
        return refuse(headers, Reason::Truncated);
    }
    // 40 bytes more than fit 16 bits: no port sends that.
    if (kHeaderLength + payload_length > 0xffff) return refuse(headers, Reason::OverMtu);
    headers.ip_length = static_cast<std::uint16_t>(kHeaderLength + payload_length);
    headers.l4_offset = static_cast<std::uint16_t>(start + kHeaderLength);
    headers.l4_length = static_cast<std::uint16_t>(payload_length);
    packet.end = start + kHeaderLength + payload_length;  // what follows is padding
    if (!addresses_sound(headers.tuple)) return refuse(headers, Reason::Malformed);
    headers.kind = Kind::Ip;
    if (is_extension(headers.tuple.protocol)) [[unlikely]] {
        if (!read_extensions(packet, headers)) return false;
        if (headers.fragment == Fragment::Later) return true;
    }
    return read_transport(packet, headers);
}

bool read_embedded_ipv6(const Packet& packet, std::uint32_t offset, Tuple& tuple) noexcept {
    if (offset + kHeaderLength > packet.end) return false;
    const std::uint8_t* ip = packet.data + offset;
    if (ip[0] >> 4 != 6) return false;
    tuple.source = base::Address::v6(ip + 8);
    tuple.destination = base::Address::v6(ip + 24);
    if (!addresses_sound(tuple)) return false;
    Chain chain;
    chain.protocol = ip[6];
    chain.offset = offset + kHeaderLength;
    follow(packet.data, packet.end, chain);
    if (chain.too_long || chain.ran_out || !chain.sound || chain.fragment_offset != 0) return false;
    tuple.protocol = chain.protocol;
    return read_embedded_ports(packet, chain.offset, tuple);
}

}  // namespace tierwall::parse
