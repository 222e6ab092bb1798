// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/frame.hpp"

#include "bench/cluster/random.hpp"
#include "dataplane/base/protocol.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace {

using namespace tierwall;
using namespace tierwall::tester;

parse::Tuple tuple_of(std::uint8_t protocol) {
    const std::array<std::uint8_t, 4> source{10, 1, 2, 3};
    const std::array<std::uint8_t, 4> destination{10, 200, 0, 255};
    return {base::Address::v4(source.data()), base::Address::v4(destination.data()), 40'001, 443,
            protocol};
}

std::vector<std::uint8_t> frame_of(std::uint8_t protocol, std::uint16_t size, Places& places) {
    std::vector<std::uint8_t> frame(kHeadBytes);
    places = write_frame(tuple_of(protocol), parse::tcp_flag::kAck, size, frame);
    frame.resize(size - std::size_t{kFrameSum});
    return frame;
}

/// 0xffff of a packet that is whole: of the pseudo header and everything behind the IP header.
unsigned transport_sum(const std::vector<std::uint8_t>& frame) {
    const std::size_t length = std::size_t{frame[16]} << 8 | frame[17];
    std::uint32_t sum = frame[23] + static_cast<std::uint32_t>(length - 20);
    for (std::size_t at = 26; at < 14 + length; ++at) {
        sum += at % 2 == 0 ? std::uint32_t{frame[at]} << 8 : frame[at];
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

BOOST_AUTO_TEST_CASE(a_written_frame_is_parsed_as_it_was_meant_and_its_checksum_is_right) {
    for (const std::uint8_t protocol : {base::kIpTcp, base::kIpUdp}) {
        for (const std::uint16_t size : {kSizeMin, std::uint16_t{65}, kSizeMax}) {
            Places places;
            const auto frame = frame_of(protocol, size, places);
            const auto headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
            BOOST_TEST_CONTEXT(int{protocol} << " " << size) {
                BOOST_TEST((headers.kind == parse::Kind::Ip));
                BOOST_TEST((headers.tuple == tuple_of(protocol)));
                BOOST_TEST(headers.ip_length == frame.size() - 14);
                BOOST_TEST(transport_sum(frame) == 0xffffu);
                BOOST_TEST(places.transport == headers.l4_offset);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_stamp_is_read_again_and_leaves_the_checksum_right) {
    for (const std::uint8_t protocol : {base::kIpTcp, base::kIpUdp}) {
        Places places;
        auto frame = frame_of(protocol, kSizeMin, places);
        for (const std::uint32_t number : {0u, 1u, 0x12345678u, 0xffffffffu}) {
            put_stamp(frame.data(), places.stamp, number);
            BOOST_TEST(transport_sum(frame) == 0xffffu);
            BOOST_TEST((read_stamp(frame) == number));
        }
    }
}

BOOST_AUTO_TEST_CASE(another_source_port_leaves_the_checksum_right) {
    Places places;
    auto frame = frame_of(base::kIpTcp, kSizeMin, places);
    for (const std::uint16_t port : {std::uint16_t{0}, std::uint16_t{1024}, std::uint16_t{65535}}) {
        set_source_port(frame.data(), places, port);
        BOOST_TEST(transport_sum(frame) == 0xffffu);
        const auto headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
        BOOST_TEST(headers.tuple.source_port == port);
    }
}

BOOST_AUTO_TEST_CASE(frames_of_others_get_room_for_a_stamp_and_their_checksum_stays_right) {
    Places unused;
    auto frame = frame_of(base::kIpTcp, 128, unused);
    // Numbers as a real connection has them.
    const std::array<std::uint8_t, 8> numbers{0x9a, 0x33, 0x01, 0xff, 0x10, 0x20, 0x30, 0x41};
    std::copy(numbers.begin(), numbers.end(), frame.begin() + 38);
    frame[50] = frame[51] = 0;
    const unsigned sum = ~transport_sum(frame) & 0xffff;
    frame[50] = static_cast<std::uint8_t>(sum >> 8);
    frame[51] = static_cast<std::uint8_t>(sum);
    BOOST_TEST((read_stamp(frame) == std::nullopt));
    const Places places = find_places(frame);
    BOOST_REQUIRE(places.stamp != 0);
    make_stampable(frame, places);
    BOOST_TEST(transport_sum(frame) == 0xffffu);
    BOOST_TEST((read_stamp(frame) == 0u));
}

BOOST_AUTO_TEST_CASE(a_tagged_ipv6_frame_has_its_stamp_behind_its_headers) {
    std::vector<std::uint8_t> frame(14 + 4 + 40 + 20, 0);
    frame[12] = 0x81;
    frame[16] = 0x86;
    frame[17] = 0xdd;
    frame[18] = 0x60;
    frame[23] = 20;
    frame[24] = base::kIpTcp;
    frame[25] = 64;
    frame[26] = frame[42] = 0x20;
    frame[41] = 1;
    frame[57] = 2;
    frame[58] = frame[60] = 0x30;
    frame[58 + 12] = 0x50;
    frame[58 + 13] = parse::tcp_flag::kAck;
    const Places places = find_places(frame);
    BOOST_TEST(places.transport == 58);
    BOOST_TEST(places.stamp == 62);
    put_stamp(frame.data(), places.stamp, 77);
    BOOST_TEST((read_stamp(frame) == 77u));
}

BOOST_AUTO_TEST_CASE(what_is_too_short_or_no_tcp_or_udp_has_no_place) {
    Places unused;
    const auto whole = frame_of(base::kIpTcp, kSizeMin, unused);
    for (std::size_t length = 0; length < 54; ++length) {
        const std::vector<std::uint8_t> cut(whole.begin(),
                                            whole.begin() + static_cast<long>(length));
        BOOST_TEST(find_places(cut).stamp == 0);
        if (length < 46) BOOST_TEST((read_stamp(cut) == std::nullopt));
    }
    auto icmp = whole;
    icmp[23] = base::kIpIcmp;
    BOOST_TEST(find_places(icmp).stamp == 0);
    auto fragment = whole;
    fragment[20] = 0x20;
    BOOST_TEST(find_places(fragment).stamp == 0);
}

BOOST_AUTO_TEST_CASE(whatever_the_bytes_are_places_lie_inside_the_frame) {
    Places unused;
    const auto tcp = frame_of(base::kIpTcp, kSizeMin, unused);
    const auto udp = frame_of(base::kIpUdp, 80, unused);
    bench::Random random(5);
    std::size_t stampable = 0;
    for (int i = 0; i < 100'000; ++i) {
        auto frame = random.chance(50) ? tcp : udp;
        frame.resize(random.between(0, static_cast<std::uint32_t>(frame.size())));
        frame.shrink_to_fit();
        for (std::uint32_t left = random.below(4); left > 0 && !frame.empty(); --left) {
            const std::size_t at = random.below(static_cast<std::uint32_t>(frame.size()));
            frame[at] = static_cast<std::uint8_t>(random.next());
        }
        const Places places = find_places(frame);
        if (places.stamp == 0) continue;
        ++stampable;
        BOOST_REQUIRE(places.stamp + 8u <= frame.size());
        make_stampable(frame, places);
        BOOST_REQUIRE((read_stamp(frame) == 0u));
    }
    BOOST_TEST(stampable > 500u);
}

}  // namespace
