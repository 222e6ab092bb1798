// SPDX-License-Identifier: Apache-2.0

/// \file
/// Fuzz target for parse(): whatever the bytes, the answer is sound, and nothing outside is read.
///
/// The first two bytes of an input say how much longer the packet is than its first segment; the
/// rest is the segment, in memory of exactly its size so that the address sanitizer sees each byte
/// read too far.

#include "dataplane/parse/headers.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

namespace base = tierwall::base;
namespace parse = tierwall::parse;

namespace {

#define TW_CHECK(fact)             \
    do {                           \
        if (!(fact)) std::abort(); \
    } while (false)

bool same(const parse::Headers& a, const parse::Headers& b) {
    return a.kind == b.kind && a.problem == b.problem && a.family == b.family &&
           a.fragment == b.fragment && a.tuple == b.tuple && a.embedded == b.embedded &&
           a.l3_offset == b.l3_offset && a.l4_offset == b.l4_offset && a.l4_length == b.l4_length &&
           a.ip_length == b.ip_length && a.target == b.target && a.fragment_id == b.fragment_id &&
           a.fragment_offset == b.fragment_offset && a.embedded_valid == b.embedded_valid &&
           a.icmp_error == b.icmp_error;
}

void check_ip(const parse::Headers& headers, std::uint32_t frame_length) {
    const bool v4 = headers.family == base::Family::IPv4;
    TW_CHECK(headers.tuple.source.is_v4() == v4);
    TW_CHECK(headers.tuple.destination.is_v4() == v4);
    TW_CHECK(!headers.tuple.source.is_multicast_or_broadcast());
    TW_CHECK(headers.ether_type == (v4 ? base::kEtherIpv4 : base::kEtherIpv6));
    TW_CHECK(headers.l3_offset >= 14 && headers.l3_offset <= 14 + 4 * parse::kVlanTagsMax);
    const std::uint32_t end = std::uint32_t{headers.l3_offset} + headers.ip_length;
    TW_CHECK(end <= frame_length);
    TW_CHECK(std::uint32_t{headers.l4_offset} + headers.l4_length == end);
    TW_CHECK(headers.l4_offset >= headers.l3_offset + (v4 ? 20 : 40));
    const bool later = headers.fragment == parse::Fragment::Later;
    TW_CHECK(headers.has_transport == !later);
    TW_CHECK(later == (headers.fragment_offset != 0));
    if (later) TW_CHECK(headers.tuple.source_port == 0 && headers.tcp_flags == 0);
    TW_CHECK(headers.icmp_query + headers.icmp_reply + headers.icmp_error +
                 headers.neighbour_discovery <=
             1);
}

void check_icmp(const parse::Headers& headers) {
    if (headers.embedded_valid) {
        TW_CHECK(headers.icmp_error);
        TW_CHECK(headers.embedded.source == headers.tuple.destination);
        TW_CHECK(headers.embedded.destination.is_v4() == headers.embedded.source.is_v4());
    } else {
        TW_CHECK(headers.embedded == parse::Tuple{});
    }
    if (headers.neighbour_discovery) {
        TW_CHECK(headers.tuple.protocol == base::kIpIcmpv6);
        TW_CHECK(headers.hop_limit == 255 || headers.hop_limit == 1);
        TW_CHECK(headers.fragment == parse::Fragment::None);
    }
    TW_CHECK(headers.has_target == (headers.neighbour_discovery &&
                                    (headers.icmp_type == 135 || headers.icmp_type == 136)));
}

void check_tcp(const parse::Headers& headers) {
    using namespace parse::tcp_flag;
    if (headers.tuple.protocol != base::kIpTcp || !headers.has_transport) return;
    TW_CHECK(headers.l4_length >= 20);
    TW_CHECK((headers.tcp_flags & (kSyn | kFin)) != (kSyn | kFin));
    TW_CHECK((headers.tcp_flags & (kSyn | kRst)) != (kSyn | kRst));
    TW_CHECK(headers.tcp_flags != 0);
}

/// The answer depends on the packet's own bytes only: padding and its copy's place change nothing.
void check_repeatable(std::span<const std::uint8_t> frame, const parse::Headers& headers) {
    const std::size_t end = std::size_t{headers.l3_offset} + headers.ip_length;
    if (end > frame.size()) return;
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[end]);
    std::memcpy(exact.get(), frame.data(), end);
    const std::span<const std::uint8_t> bare(exact.get(), end);
    TW_CHECK(same(parse::parse(bare, static_cast<std::uint32_t>(end)), headers));
    TW_CHECK(parse::has_partial_checksum(bare, headers) ==
             parse::has_partial_checksum(frame, headers));
    // One byte less is no longer the whole packet.
    const auto less = parse::parse(bare.first(end - 1), static_cast<std::uint32_t>(end - 1));
    TW_CHECK(less.kind == parse::Kind::Malformed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t length = size - 2;
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[length]);
    if (length != 0) std::memcpy(exact.get(), bytes + 2, length);
    const std::span<const std::uint8_t> frame(exact.get(), length);
    const std::uint32_t more = static_cast<std::uint32_t>(bytes[0]) << 8 | bytes[1];
    const auto frame_length = static_cast<std::uint32_t>(length) + more;

    const parse::Headers headers = parse::parse(frame, frame_length);
    TW_CHECK(same(headers, parse::parse(frame, frame_length)));
    if (headers.kind == parse::Kind::Malformed) {
        TW_CHECK(!base::passes(headers.problem));
        return 0;
    }
    if (headers.kind == parse::Kind::Arp) TW_CHECK(headers.ether_type == base::kEtherArp);
    if (headers.kind != parse::Kind::Ip) return 0;
    check_ip(headers, frame_length);
    check_icmp(headers);
    check_tcp(headers);
    if (headers.has_transport) parse::has_partial_checksum(frame, headers);
    check_repeatable(frame, headers);
    return 0;
}
