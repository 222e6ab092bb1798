// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/parse/frames.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <memory>
#include <ostream>
#include <random>

namespace data = boost::unit_test::data;
using namespace tierwall::test;
using tierwall::base::Reason;
using tierwall::parse::Headers;
using tierwall::parse::Kind;
namespace base = tierwall::base;
namespace parse = tierwall::parse;

namespace {

struct Whole {
    const char* name;
    Bytes frame;  ///< without padding: every byte belongs to the packet
};
std::ostream& operator<<(std::ostream& out, const Whole& row) { return out << row.name; }

const Bytes kLongChain = extension(43, 2) + extension(44) + fragment_header(51, 0, 5) +
                         Bytes{60, 1} + zeros(10) + extension(6, 3) + tcp(2, {1, 2, 3});

const Whole kWhole[] = {
    {"v4_tcp", frame4({}, tcp(0x18, {1, 2, 3, 4, 5}))},
    {"v4_tcp_options", frame4({.options = Bytes(40, 1)}, tcp(2, {}, 15))},
    {"v4_udp", frame4({.protocol = 17}, udp({1, 2, 3}))},
    {"v4_sctp", frame4({.protocol = 132}, sctp())},
    {"v4_echo", frame4({.protocol = 1}, icmp(8, 0, 3, {1, 2, 3}))},
    {"v4_error", frame4({.protocol = 1}, icmp(3, 3, 0, ipv4({.source = "10.0.0.2"}, tcp())))},
    {"v4_first_fragment", frame4({.fragment = 0x2000}, tcp(2, zeros(4)))},
    {"v4_later_fragment", frame4({.fragment = 7}, zeros(9))},
    {"v4_gre", frame4({.protocol = 47}, zeros(12))},
    {"v4_two_tags", tagged(0x88a8, 5, 0x8100, u16(7) + u16(0x0800) + ipv4({}, tcp()))},
    {"v6_tcp", frame6({}, tcp(0x18, {1, 2, 3}))},
    {"v6_udp", frame6({.next = 17}, udp({1, 2, 3}))},
    {"v6_long_chain", frame6({.next = 0}, extension(43) + kLongChain)},
    {"v6_fragment", frame6({.next = 44}, fragment_header(17, 1, 8) + udp(zeros(8)))},
    {"v6_later_fragment", frame6({.next = 44}, fragment_header(17, 80, 8) + zeros(3))},
    {"v6_error",
     frame6({.next = 58},
            icmp(1, 0, 0, ipv6({.source = "2001:db8::2", .next = 0}, extension(6) + tcp())))},
    {"v6_solicitation", frame6({.destination = "2001:db8::7", .next = 58, .hop_limit = 255},
                               icmp(135) + address_bytes("2001:db8::7"))},
    {"arp", ethernet(0x0806, arp(1, "10.0.0.1", "10.0.0.2"))},
};

/// Facts that hold for every answer, whatever the bytes.
void check_sound(const Bytes& frame, const Headers& headers) {
    if (headers.kind != Kind::Ip) return;
    BOOST_REQUIRE_LE(headers.l3_offset + headers.ip_length, frame.size());
    BOOST_REQUIRE_EQUAL(headers.l4_offset + headers.l4_length,
                        headers.l3_offset + headers.ip_length);
    const bool v4 = headers.family == base::Family::IPv4;
    BOOST_REQUIRE_EQUAL(headers.tuple.source.is_v4(), v4);
    BOOST_REQUIRE_EQUAL(headers.tuple.destination.is_v4(), v4);
    BOOST_REQUIRE(!headers.tuple.source.is_multicast_or_broadcast());
    BOOST_REQUIRE(headers.has_transport == (headers.fragment != parse::Fragment::Later));
    if (headers.embedded_valid) {
        BOOST_REQUIRE(headers.icmp_error);
        BOOST_REQUIRE((headers.embedded.source == headers.tuple.destination));
    }
}

}  // namespace

BOOST_DATA_TEST_CASE(no_shorter_piece_passes_for_the_whole_packet, data::make(kWhole), row) {
    BOOST_TEST((parsed(row.frame).kind == Kind::Ip || parsed(row.frame).kind == Kind::Arp));
    for (std::size_t length = 0; length < row.frame.size(); ++length) {
        const Headers headers = parsed(std::span(row.frame).first(length));
        BOOST_TEST_CONTEXT("first " << length << " bytes") {
            BOOST_TEST((headers.kind == Kind::Malformed));
            BOOST_TEST(base::name(headers.problem) == base::name(Reason::Truncated));
        }
    }
}

BOOST_DATA_TEST_CASE(no_byte_beyond_the_frame_is_read, data::make(kWhole), row) {
    // Exact-size heap memory: an address sanitizer sees what a guard page behind the end cannot.
    for (std::size_t length = 0; length <= row.frame.size(); ++length) {
        const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[length]);
        if (length != 0) std::memcpy(exact.get(), row.frame.data(), length);
        const auto whole = static_cast<std::uint32_t>(row.frame.size());
        const Headers headers = parse::parse({exact.get(), length}, whole);
        if (headers.kind == Kind::Ip) {
            parse::has_partial_checksum({exact.get(), length}, headers);
        }
    }
}

BOOST_DATA_TEST_CASE(padding_changes_nothing, data::make(kWhole), row) {
    const Headers bare = parsed(row.frame);
    const Headers padded = parsed(row.frame + Bytes(46, 0xee));
    BOOST_TEST((bare.tuple == padded.tuple));
    BOOST_TEST((bare.embedded == padded.embedded));
    BOOST_TEST((bare.kind == padded.kind));
    BOOST_TEST(bare.l4_length == padded.l4_length);
    BOOST_TEST(bare.ip_length == padded.ip_length);
}

BOOST_DATA_TEST_CASE(every_flipped_byte_leaves_a_sound_answer, data::make(kWhole), row) {
    std::mt19937 random(7);
    for (std::size_t at = 0; at < row.frame.size(); ++at) {
        Bytes frame = row.frame;
        for (int value = 0; value < 256; ++value) {
            frame[at] = static_cast<std::uint8_t>(value);
            check_sound(frame, parsed(frame));
        }
    }
    for (int round = 0; round < 20000; ++round) {
        Bytes frame = row.frame;
        for (int flips = 0; flips < 4; ++flips) {
            frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
        }
        check_sound(frame, parsed(frame));
    }
}
