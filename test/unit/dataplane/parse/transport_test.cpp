// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/parse/frames.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall::test;
using tierwall::base::Reason;
using tierwall::parse::Headers;
using tierwall::parse::Kind;
namespace base = tierwall::base;
namespace parse = tierwall::parse;

namespace {

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes.at(at) = value;
    return bytes;
}

bool is_ip(const Bytes& frame) { return parsed(frame).kind == Kind::Ip; }
bool has_problem(const Bytes& frame, Reason reason) {
    const Headers headers = parsed(frame);
    return headers.kind == Kind::Malformed && headers.problem == reason;
}

/// Writes the right TCP or UDP checksum, computed the slow way; `partial`: the pseudo header only.
void put_checksum(Bytes& frame, bool partial) {
    const Headers headers = parsed(frame);
    const bool is_tcp = headers.tuple.protocol == base::kIpTcp;
    const std::size_t field = headers.l4_offset + (is_tcp ? 16u : 6u);
    frame[field] = frame[field + 1] = 0;
    Bytes summed;
    const std::size_t skip = headers.family == base::Family::IPv4 ? 12 : 0;
    for (const auto& end : {headers.tuple.source, headers.tuple.destination}) {
        summed = summed + Bytes(end.bytes.begin() + static_cast<long>(skip), end.bytes.end());
    }
    summed = summed + u32(headers.l4_length) + u32(headers.tuple.protocol);
    const auto first = frame.begin() + headers.l4_offset;
    if (!partial) summed = summed + Bytes(first, first + headers.l4_length);
    if (summed.size() % 2 != 0) summed.push_back(0);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < summed.size(); i += 2) {
        sum += static_cast<std::uint32_t>(summed[i] << 8 | summed[i + 1]);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    if (!partial) sum = ~sum & 0xffff;
    frame[field] = static_cast<std::uint8_t>(sum >> 8);
    frame[field + 1] = static_cast<std::uint8_t>(sum);
}

bool partial(const Bytes& frame) {
    static GuardedBytes memory;
    return parse::has_partial_checksum(memory.hold(frame), parsed(frame));
}

std::vector<Bytes> segments() {
    std::vector<Bytes> frames;
    for (const std::size_t length : {0u, 1u, 2u, 3u, 4u, 5u, 700u, 1001u}) {
        Bytes payload(length);
        std::uint8_t value = 11;
        for (std::uint8_t& byte : payload) byte = value = static_cast<std::uint8_t>(value + 37);
        frames.push_back(frame4({}, tcp(0x18, payload)));
        frames.push_back(frame4({.protocol = 17, .options = {1, 1, 1, 1}}, udp(payload)));
        frames.push_back(frame6({}, tcp(0x18, payload)));
        frames.push_back(frame6({.next = 60}, extension(17) + udp(payload)));
    }
    return frames;
}

}  // namespace

BOOST_AUTO_TEST_CASE(tcp_flags_pass_only_in_combinations_that_tcp_sends) {
    for (unsigned flags = 0; flags < 256; ++flags) {
        const bool fin = (flags & 1) != 0, syn = (flags & 2) != 0, rst = (flags & 4) != 0;
        const bool ack = (flags & 16) != 0;
        const bool expected = syn ? !fin && !rst : rst || ack;
        const Bytes segment = tcp(static_cast<std::uint8_t>(flags));
        BOOST_TEST_CONTEXT("flags " << flags) {
            BOOST_TEST(is_ip(frame4({}, segment)) == expected);
            BOOST_TEST(is_ip(frame6({}, segment)) == expected);
            BOOST_TEST(has_problem(frame4({}, segment), Reason::Malformed) == !expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(tcp_data_offset_stays_within_the_segment) {
    for (std::uint8_t words = 0; words < 16; ++words) {
        Bytes segment = tcp(2, zeros(16));  // 36 bytes
        segment[12] = static_cast<std::uint8_t>(words << 4);
        BOOST_TEST(is_ip(frame4({}, segment)) == (words >= 5 && words <= 9));
    }
}

BOOST_AUTO_TEST_CASE(udp_length_is_8_up_to_the_packet) {
    for (const std::uint8_t length : Octets{0, 1, 7, 8, 11, 12, 13, 255}) {
        const Bytes datagram = with(udp(zeros(4)), 5, length);
        const Bytes v4 = frame4({.protocol = 17}, datagram);
        const Bytes v6 = frame6({.next = 17}, datagram);
        BOOST_TEST(is_ip(v4) == (length >= 8 && length <= 12));
        BOOST_TEST(is_ip(v6) == (length >= 8 && length <= 12));
        BOOST_TEST(has_problem(v4, Reason::Malformed) == (length < 8));
        BOOST_TEST(has_problem(v6, Reason::Truncated) == (length > 12));
    }
}

BOOST_AUTO_TEST_CASE(sctp_ports_are_read) {
    for (const Bytes& frame : {frame4({.protocol = 132}, sctp()), frame6({.next = 132}, sctp())}) {
        const Headers headers = parsed(frame);
        BOOST_TEST((headers.kind == Kind::Ip));
        BOOST_TEST(headers.tuple.source_port == 1000);
        BOOST_TEST(headers.tuple.destination_port == 9003);
    }
    BOOST_TEST(has_problem(frame4({.protocol = 132}, zeros(11)), Reason::Malformed));
}

BOOST_AUTO_TEST_CASE(a_protocol_without_ports_passes_with_ports_of_zero) {
    for (const std::uint8_t protocol : Octets{2, 47, 50, 59, 89, 136, 253, 255}) {
        for (const Bytes& frame :
             {frame4({.protocol = protocol}, zeros(3)), frame6({.next = protocol}, zeros(3))}) {
            const Headers headers = parsed(frame);
            BOOST_TEST((headers.kind == Kind::Ip));
            BOOST_TEST(headers.has_transport);
            BOOST_TEST(headers.tuple.protocol == protocol);
            BOOST_TEST(headers.tuple.source_port == 0);
            BOOST_TEST(headers.tuple.destination_port == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(icmp_of_the_other_family_is_a_protocol_without_ports) {
    const Headers in_v4 = parsed(frame4({.protocol = 58}, icmp(128, 0, 7)));
    BOOST_TEST((in_v4.kind == Kind::Ip));
    BOOST_TEST(!in_v4.icmp_query);
    BOOST_TEST(in_v4.tuple.source_port == 0);
    const Headers in_v6 = parsed(frame6({.next = 1}, icmp(8, 0, 7)));
    BOOST_TEST((in_v6.kind == Kind::Ip));
    BOOST_TEST(!in_v6.icmp_query);
}

BOOST_AUTO_TEST_CASE(arp_for_ipv4_is_read) {
    for (const std::uint16_t operation : Words{1, 2}) {
        const Headers headers = parsed(ethernet(0x0806, arp(operation, "10.0.0.1", "10.0.0.9")));
        BOOST_TEST((headers.kind == Kind::Arp));
        BOOST_TEST(headers.arp_operation == operation);
        BOOST_TEST((headers.tuple.source == address("10.0.0.1")));
        BOOST_TEST((headers.tuple.destination == address("10.0.0.9")));
        BOOST_TEST(Bytes(headers.arp_sender_mac.begin(), headers.arp_sender_mac.end()) == kMacA);
    }
    BOOST_TEST((parsed(ethernet(0x0806, arp(1, "0.0.0.0", "10.0.0.9"))).kind == Kind::Arp));
    const Bytes request = arp(1, "10.0.0.1", "10.0.0.9");
    BOOST_TEST((parsed(tagged(0x8100, 3, 0x0806, request)).kind == Kind::Arp));
}

BOOST_AUTO_TEST_CASE(arp_for_anything_else_is_malformed) {
    const Bytes good = arp(1, "10.0.0.1", "10.0.0.9");
    const Bytes bad[] = {
        with(good, 1, 2),                          // hardware type
        with(good, 2, 0x86),                       // protocol type
        with(good, 4, 8),                          // hardware address length
        with(good, 5, 16),                         // protocol address length
        with(good, 7, 0),                          // operation
        with(good, 7, 3),    with(good, 8, 0xff),  // sender's hardware address is a group's
        with(good, 14, 224),                       // sender is multicast
        with(good, 14, 127), with(good, 24, 127),
    };
    for (const Bytes& packet : bad) {
        BOOST_TEST(has_problem(ethernet(0x0806, packet), Reason::Malformed));
    }
    Bytes broadcast = good;
    for (std::size_t i = 14; i < 18; ++i) broadcast[i] = 0xff;
    BOOST_TEST(has_problem(ethernet(0x0806, broadcast), Reason::Malformed));
}

BOOST_AUTO_TEST_CASE(only_the_pseudo_header_sum_is_a_partial_checksum) {
    for (Bytes frame : segments()) {
        put_checksum(frame, false);
        BOOST_TEST(!partial(frame));
        const Headers headers = parsed(frame);
        const std::size_t field = headers.l4_offset + (headers.tuple.protocol == 6 ? 17u : 7u);
        put_checksum(frame, true);
        BOOST_TEST(partial(frame));
        ++frame[field];
        BOOST_TEST(!partial(frame));
    }
}

BOOST_AUTO_TEST_CASE(a_right_checksum_that_equals_the_pseudo_header_sum_is_not_partial) {
    // Two payload bytes are chosen so that the right checksum is what a lazy sender writes.
    for (Bytes frame : {frame4({}, tcp(0x18, zeros(10))), frame6({}, tcp(0x18, zeros(10)))}) {
        bool found = false;
        for (unsigned value = 0; value < 0x10000 && !found; ++value) {
            frame[frame.size() - 2] = static_cast<std::uint8_t>(value >> 8);
            frame[frame.size() - 1] = static_cast<std::uint8_t>(value);
            Bytes lazy = frame;
            put_checksum(lazy, true);
            put_checksum(frame, false);
            found = lazy == frame;
        }
        BOOST_REQUIRE(found);
        BOOST_TEST(!partial(frame));
    }
}

BOOST_AUTO_TEST_CASE(fragments_and_other_protocols_have_no_partial_checksum) {
    Bytes fragment = frame4({}, tcp(2, zeros(4)));
    put_checksum(fragment, true);
    BOOST_TEST(partial(fragment));
    fragment[20] = 0x20;
    BOOST_TEST(!partial(fragment));
    BOOST_TEST(!partial(frame4({.protocol = 17}, udp())));  // 0: no checksum
    BOOST_TEST(!partial(frame4({.protocol = 1}, icmp(8))));
    BOOST_TEST(!partial(frame4({.protocol = 132}, sctp())));
}

BOOST_AUTO_TEST_CASE(a_checksum_over_bytes_that_are_elsewhere_is_not_called_partial) {
    Bytes frame = frame4({}, tcp(0x18, zeros(100)));
    put_checksum(frame, true);
    static GuardedBytes memory;
    const Headers headers = parsed(frame);
    BOOST_TEST(parse::has_partial_checksum(memory.hold(frame), headers));
    for (std::size_t length = 0; length < frame.size(); ++length) {
        const auto part = std::span(frame).first(length);
        BOOST_TEST(!parse::has_partial_checksum(memory.hold(part), headers));
    }
}
