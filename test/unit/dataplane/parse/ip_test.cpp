// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/parse/frames.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall::test;
using tierwall::base::Family;
using tierwall::base::Reason;
using tierwall::parse::Fragment;
using tierwall::parse::Headers;
using tierwall::parse::Kind;
namespace base = tierwall::base;
namespace parse = tierwall::parse;

namespace {

/// A frame and what is wrong with it; Reason::Count: nothing, it is IP.
struct Row {
    const char* name;
    Bytes frame;
    Reason problem;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

constexpr Reason kFine = Reason::Count;

void check(const Row& row) {
    const Headers headers = parsed(row.frame);
    const Kind expected = row.problem == kFine ? Kind::Ip : Kind::Malformed;
    BOOST_TEST(static_cast<int>(headers.kind) == static_cast<int>(expected));
    if (row.problem != kFine) BOOST_TEST(base::name(headers.problem) == base::name(row.problem));
}

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes.at(at) = value;
    return bytes;
}

/// A chain of `count` destination options headers and then a TCP SYN.
Bytes chain(int count) {
    Bytes bytes;
    for (int i = 1; i <= count; ++i) bytes = bytes + extension(i == count ? base::kIpTcp : 60);
    return frame6({.next = 60}, bytes + tcp());
}

const Row kEthernetRows[] = {
    {"source_is_a_group_address", with(frame4({}, tcp()), 6, 0x03), Reason::Malformed},
    {"one_tag", tagged(0x8100, 5, 0x0800, ipv4({}, tcp())), kFine},
    {"service_tag", tagged(0x88a8, 5, 0x86dd, ipv6({}, tcp())), kFine},
    {"two_tags", tagged(0x88a8, 5, 0x8100, u16(7) + u16(0x0800) + ipv4({}, tcp())), kFine},
    {"three_tags",
     tagged(0x88a8, 5, 0x8100, u16(7) + u16(0x8100) + u16(8) + u16(0x0800) + ipv4({}, tcp())),
     Reason::Malformed},
    {"tag_cut", tagged(0x8100, 5, 0x8100, {0}), Reason::Truncated},
    {"empty", {}, Reason::Truncated},
    {"thirteen_bytes", zeros(13), Reason::Truncated},
};

const Row kIpv4Rows[] = {
    {"plain", frame4({}, tcp()), kFine},
    {"padded", frame4({.protocol = 17}, udp()) + zeros(18), kFine},
    {"version_5", with(frame4({}, tcp()), 14, 0x55), Reason::Malformed},
    {"version_6", with(frame4({}, tcp()), 14, 0x65), Reason::Malformed},
    {"header_length_16", with(frame4({}, tcp()), 14, 0x44), Reason::Malformed},
    {"header_longer_than_packet", with(frame4({.protocol = 47}, {}), 14, 0x46), Reason::Malformed},
    {"total_length_0", with(with(frame4({}, tcp()), 16, 0), 17, 0), Reason::Malformed},
    {"total_length_one_too_long", with(frame4({}, tcp()), 17, 41), Reason::Truncated},
    {"tcp_beyond_total_length", with(frame4({}, tcp()), 17, 39), Reason::Malformed},
    {"options", frame4({.options = {1, 1, 1, 0}}, tcp()), kFine},
    {"router_alert", frame4({.protocol = 2, .options = {148, 4, 0, 0}}, {}), kFine},
    {"option_without_length", frame4({.options = {1, 1, 1, 7}}, tcp()), Reason::Malformed},
    {"option_length_1", frame4({.options = {7, 1, 1, 1}}, tcp()), Reason::Malformed},
    {"option_too_long", frame4({.options = {7, 5, 1, 1}}, tcp()), Reason::Malformed},
    {"loose_source_route", frame4({.options = {131, 3, 4, 0}}, tcp()), Reason::Malformed},
    {"strict_source_route", frame4({.options = {1, 137, 3, 4}}, tcp()), Reason::Malformed},
    {"end_of_options_hides_nothing", frame4({.options = {0, 131, 3, 4}}, tcp()), kFine},
    {"most_options", frame4({.options = Bytes(40, 1)}, tcp()), kFine},
    {"source_multicast", frame4({.source = "224.0.0.1"}, tcp()), Reason::Malformed},
    {"source_broadcast", frame4({.source = "255.255.255.255"}, tcp()), Reason::Malformed},
    {"source_class_e", frame4({.source = "240.0.0.1"}, tcp()), kFine},
    {"source_loopback", frame4({.source = "127.0.0.1"}, tcp()), Reason::Malformed},
    {"destination_loopback", frame4({.destination = "127.9.9.9"}, tcp()), Reason::Malformed},
    {"destination_multicast", frame4({.destination = "224.0.0.1"}, tcp()), kFine},
    {"destination_broadcast", frame4({.destination = "255.255.255.255"}, tcp()), kFine},
    {"source_unspecified", frame4({.source = "0.0.0.0", .protocol = 17}, udp()), kFine},
    {"both_ends_the_same", frame4({.destination = "10.0.0.1"}, tcp()), kFine},
};

const Row kIpv6Rows[] = {
    {"plain", frame6({}, tcp()), kFine},
    {"padded", frame6({}, tcp()) + zeros(9), kFine},
    {"version_4", with(frame6({}, tcp()), 14, 0x40), Reason::Malformed},
    {"payload_one_too_long", with(frame6({}, tcp()), 19, 21), Reason::Truncated},
    {"tcp_beyond_payload", with(frame6({}, tcp()), 19, 19), Reason::Malformed},
    {"mapped_source", frame6({.source = "::ffff:10.0.0.1"}, tcp()), Reason::Malformed},
    {"mapped_destination", frame6({.destination = "::ffff:10.0.0.1"}, tcp()), Reason::Malformed},
    {"loopback_source", frame6({.source = "::1"}, tcp()), Reason::Malformed},
    {"loopback_destination", frame6({.destination = "::1"}, tcp()), Reason::Malformed},
    {"nearly_loopback", frame6({.source = "::2"}, tcp()), kFine},
    {"multicast_source", frame6({.source = "ff02::1"}, tcp()), Reason::Malformed},
    {"no_next_header", frame6({.next = 59}, {}), kFine},
    {"hop_by_hop", frame6({.next = 0}, extension(6) + tcp()), kFine},
    {"hop_by_hop_not_first", frame6({.next = 60}, extension(0) + extension(6) + tcp()),
     Reason::Malformed},
    {"hop_by_hop_twice", frame6({.next = 0}, extension(0) + extension(6) + tcp()),
     Reason::Malformed},
    {"routing_type_0_done", frame6({.next = 43}, extension(6) + tcp()), kFine},
    {"routing_type_0_with_hops", frame6({.next = 43}, with(extension(6), 3, 1) + tcp()),
     Reason::Malformed},
    {"routing_type_2_with_hops", frame6({.next = 43}, with(with(extension(6), 2, 2), 3, 1) + tcp()),
     Reason::Malformed},
    {"routing_type_3_with_hops", frame6({.next = 43}, with(with(extension(6), 2, 3), 3, 1) + tcp()),
     Reason::Malformed},
    {"routing_type_4_with_hops", frame6({.next = 43}, with(with(extension(6), 2, 4), 3, 1) + tcp()),
     Reason::Malformed},
    {"routing_type_4_done", frame6({.next = 43}, with(extension(6), 2, 4) + tcp()), kFine},
    {"authentication", frame6({.next = 51}, Bytes{6, 4} + zeros(22) + tcp()), kFine},
    {"authentication_of_8_bytes", frame6({.next = 51}, Bytes{6, 0} + zeros(6) + tcp()),
     Reason::Malformed},
    {"encrypted", frame6({.next = 50}, zeros(16)), kFine},
    {"extension_cut_by_payload", frame6({.next = 60}, {6, 0, 0, 0, 0, 0, 0}), Reason::Malformed},
    {"extension_longer_than_payload", frame6({.next = 60}, Bytes{6, 3} + zeros(22)),
     Reason::Malformed},
    {"most_extensions", chain(parse::kExtensionHeadersMax), kFine},
    {"one_extension_too_many", chain(parse::kExtensionHeadersMax + 1), Reason::TransportUnknown},
    {"two_fragment_headers",
     frame6({.next = 44}, fragment_header(44, 0, 1) + fragment_header(6, 0, 1) + tcp()),
     Reason::Malformed},
};

const Row kFragmentRows[] = {
    {"v4_first", frame4({.fragment = 0x2000}, tcp(2, zeros(4))), kFine},
    {"v4_first_too_short_for_ports", frame4({.protocol = 17, .fragment = 0x2000}, {}),
     Reason::Malformed},
    {"v4_first_without_tcp_flags", frame4({.fragment = 0x2000}, zeros(8)), Reason::Malformed},
    {"v4_first_with_part_of_tcp_options",
     frame4({.fragment = 0x2000}, with(tcp(2, zeros(4)), 12, 0x80)), Reason::Malformed},
    {"v4_first_udp", frame4({.protocol = 17, .fragment = 0x2000}, with(udp(), 5, 99)), kFine},
    {"v4_first_not_a_multiple_of_8", frame4({.fragment = 0x2000}, tcp()), Reason::Malformed},
    {"v4_last_of_any_length", frame4({.fragment = 3}, zeros(5)), kFine},
    {"v4_middle_not_a_multiple_of_8", frame4({.fragment = 0x2003}, zeros(5)), Reason::Malformed},
    {"v4_empty", frame4({.fragment = 3}, {}), Reason::Malformed},
    {"v4_over_64k", frame4({.fragment = 0x1fff}, zeros(8)), Reason::Malformed},
    {"v4_just_under_64k", frame4({.fragment = 0x1fff}, zeros(7)), kFine},
    {"v4_rewrites_tcp_flags", frame4({.fragment = 1}, zeros(8)), Reason::Malformed},
    {"v4_udp_at_8", frame4({.protocol = 17, .fragment = 1}, zeros(8)), kFine},
    {"v4_do_not_fragment", frame4({.fragment = 0x4000}, tcp()), kFine},
    {"v6_first", frame6({.next = 44}, fragment_header(6, 1, 9) + tcp(2, zeros(4))), kFine},
    {"v6_first_chain_cut",
     frame6({.next = 44}, fragment_header(60, 1, 9) + Bytes{6, 1, 0, 0, 0, 0, 0, 0}),
     Reason::Malformed},
    {"v6_first_with_headers_inside",
     frame6({.next = 44}, fragment_header(60, 1, 9) + extension(17) + udp()), Reason::Malformed},
    {"v6_whole_with_headers_inside",
     frame6({.next = 44}, fragment_header(60, 0, 9) + extension(17) + udp()), kFine},
    {"v6_first_too_short", frame6({.next = 44}, fragment_header(6, 1, 9) + zeros(16)),
     Reason::Malformed},
    {"v6_rewrites_tcp_flags", frame6({.next = 44}, fragment_header(6, 8, 9) + zeros(8)),
     Reason::Malformed},
    {"v6_over_64k", frame6({.next = 44}, fragment_header(6, 0xfff8, 9) + zeros(8)),
     Reason::Malformed},
    {"v6_header_cut", frame6({.next = 44}, zeros(7)), Reason::Malformed},
};

}  // namespace

BOOST_DATA_TEST_CASE(ethernet_is_followed_or_refused, data::make(kEthernetRows), row) {
    check(row);
}
BOOST_DATA_TEST_CASE(ipv4_is_read_or_refused, data::make(kIpv4Rows), row) { check(row); }
BOOST_DATA_TEST_CASE(ipv6_is_read_or_refused, data::make(kIpv6Rows), row) { check(row); }
BOOST_DATA_TEST_CASE(fragments_are_read_or_refused, data::make(kFragmentRows), row) { check(row); }

BOOST_AUTO_TEST_CASE(every_field_of_an_ipv4_tcp_packet_is_read) {
    const Headers headers =
        parsed(frame4({.ttl = 17, .options = {1, 1, 1, 1}}, tcp(0x1a, {1, 2})) + zeros(6));
    BOOST_TEST((headers.kind == Kind::Ip));
    BOOST_TEST((headers.family == Family::IPv4));
    BOOST_TEST((headers.fragment == Fragment::None));
    BOOST_TEST(headers.has_transport);
    BOOST_TEST(headers.tcp_flags == 0x1a);
    BOOST_TEST(headers.hop_limit == 17);
    BOOST_TEST(headers.ether_type == 0x0800);
    BOOST_TEST(headers.vlan == 0);
    BOOST_TEST(headers.l3_offset == 14);
    BOOST_TEST(headers.l4_offset == 38);
    BOOST_TEST(headers.l4_length == 22);
    BOOST_TEST(headers.ip_length == 46);
    BOOST_TEST(headers.fragment_id == 0u);
    BOOST_TEST(Bytes(headers.mac_source.begin(), headers.mac_source.end()) == kMacA);
    BOOST_TEST(Bytes(headers.mac_destination.begin(), headers.mac_destination.end()) == kMacB);
    BOOST_TEST((headers.tuple.source == address("10.0.0.1")));
    BOOST_TEST((headers.tuple.destination == address("10.0.0.2")));
    BOOST_TEST(headers.tuple.source_port == 1000);
    BOOST_TEST(headers.tuple.destination_port == 80);
    BOOST_TEST(headers.tuple.protocol == 6);
    BOOST_TEST(!headers.icmp_error);
    BOOST_TEST(!headers.neighbour_discovery);
    BOOST_TEST(!headers.has_target);
}

BOOST_AUTO_TEST_CASE(every_field_of_a_tagged_ipv6_udp_packet_is_read) {
    const Bytes packet =
        ipv6({.next = 0, .hop_limit = 3}, extension(60, 2) + extension(17) + udp({1, 2, 3}));
    const Headers headers = parsed(tagged(0x88a8, 0xe064, 0x8100, u16(7) + u16(0x86dd) + packet));
    BOOST_TEST((headers.kind == Kind::Ip));
    BOOST_TEST((headers.family == Family::IPv6));
    BOOST_TEST(headers.ether_type == 0x86dd);
    BOOST_TEST(headers.vlan == 100);
    BOOST_TEST(headers.l3_offset == 22);
    BOOST_TEST(headers.l4_offset == 22 + 40 + 24);
    BOOST_TEST(headers.l4_length == 11);
    BOOST_TEST(headers.ip_length == 40 + 24 + 11);
    BOOST_TEST(headers.hop_limit == 3);
    BOOST_TEST((headers.tuple.source == address("2001:db8::1")));
    BOOST_TEST((headers.tuple.destination == address("2001:db8::2")));
    BOOST_TEST(headers.tuple.source_port == 1000);
    BOOST_TEST(headers.tuple.destination_port == 53);
    BOOST_TEST(headers.tuple.protocol == 17);
}

BOOST_AUTO_TEST_CASE(an_atomic_fragment_is_no_fragment) {
    const Headers headers = parsed(frame6({.next = 44}, fragment_header(6, 0, 0xabcd) + tcp()));
    BOOST_TEST((headers.kind == Kind::Ip));
    BOOST_TEST((headers.fragment == Fragment::None));
    BOOST_TEST(headers.has_transport);
    BOOST_TEST(headers.tuple.destination_port == 80);
}

BOOST_AUTO_TEST_CASE(fragments_say_their_id_and_only_the_first_has_ports) {
    const Headers first4 = parsed(frame4({.fragment = 0x2000, .id = 77}, tcp(2, zeros(4))));
    BOOST_TEST((first4.fragment == Fragment::First));
    BOOST_TEST(first4.fragment_id == 77u);
    BOOST_TEST(first4.has_transport);
    BOOST_TEST(first4.tuple.destination_port == 80);
    const Headers later4 = parsed(frame4({.fragment = 4, .id = 77}, tcp()));
    BOOST_TEST((later4.fragment == Fragment::Later));
    BOOST_TEST(later4.fragment_id == 77u);
    BOOST_TEST(later4.fragment_offset == 32);
    BOOST_TEST(!later4.has_transport);
    BOOST_TEST(later4.tuple.destination_port == 0);
    BOOST_TEST(later4.tcp_flags == 0);
    BOOST_TEST(later4.tuple.protocol == 6);
    const Headers first6 =
        parsed(frame6({.next = 44}, fragment_header(6, 1, 0x89abcdef) + tcp(2, zeros(4))));
    BOOST_TEST((first6.fragment == Fragment::First));
    BOOST_TEST(first6.fragment_id == 0x89abcdefu);
    BOOST_TEST(first6.tuple.source_port == 1000);
    const Headers later6 = parsed(frame6({.next = 44}, fragment_header(6, 32, 9) + tcp()));
    BOOST_TEST((later6.fragment == Fragment::Later));
    BOOST_TEST(!later6.has_transport);
    BOOST_TEST(later6.tuple.source_port == 0);
    BOOST_TEST(later6.tuple.protocol == 6);
}

BOOST_AUTO_TEST_CASE(a_fragment_of_extension_headers_is_refused) {
    for (const std::uint8_t next : Octets{0, 43, 51, 60}) {
        const Headers headers =
            parsed(frame6({.next = 44}, fragment_header(next, 32, 9) + Bytes{6, 200}));
        BOOST_TEST((headers.problem == Reason::Malformed));
    }
}

BOOST_AUTO_TEST_CASE(an_ipv6_packet_beyond_16_bits_is_over_mtu) {
    Bytes frame = frame6({.next = 17}, udp());
    frame = frame + zeros(65496 - 8);
    frame[18] = 65495 >> 8;
    frame[19] = 65495 & 0xff;
    BOOST_TEST((parsed(frame).kind == Kind::Ip));
    BOOST_TEST(parsed(frame).ip_length == 65535);
    ++frame[19];
    BOOST_TEST((parsed(frame).problem == Reason::OverMtu));
    BOOST_TEST((parsed(frame).kind == Kind::Malformed));
}

BOOST_AUTO_TEST_CASE(what_is_not_ip_or_arp_is_named_so) {
    for (const std::uint16_t type : Words{0x88cc, 0x8847, 0x0026, 0x9100, 0x8035}) {
        const Headers headers = parsed(ethernet(type, zeros(46)));
        BOOST_TEST((headers.kind == Kind::NonIp));
        BOOST_TEST(headers.ether_type == type);
    }
    BOOST_TEST((parsed(ethernet(0x88cc, {})).kind == Kind::NonIp));
}

BOOST_AUTO_TEST_CASE(a_header_outside_the_first_segment_is_truncated) {
    const Bytes frame = frame4({}, tcp(2, zeros(100)));
    BOOST_TEST((parsed(std::span(frame).first(54), frame.size()).kind == Kind::Ip));
    for (std::size_t readable = 0; readable < 54; ++readable) {
        const Headers headers = parsed(std::span(frame).first(readable), frame.size());
        BOOST_TEST((headers.kind == Kind::Malformed));
        BOOST_TEST((headers.problem == Reason::Truncated));
    }
}

BOOST_AUTO_TEST_CASE(a_frame_length_below_the_bytes_at_hand_wins) {
    const Bytes frame = frame4({}, tcp());
    BOOST_TEST((parsed(frame, frame.size() - 1).problem == Reason::Truncated));
    BOOST_TEST((parsed(frame, 0).kind == Kind::Malformed));
}
