// SPDX-License-Identifier: Apache-2.0
// What read_plain() takes, read_frame() must read in the same way, whatever the bytes.
#include "dataplane/parse/plain.hpp"
#include "test/unit/dataplane/parse/frames.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace tierwall::test {
namespace {

using parse::Headers;
using parse::Packet;

/// Every field that a packet without fragments, errors and neighbours has.
bool alike(const Headers& a, const Headers& b) {
    return a.kind == b.kind && a.family == b.family && a.fragment == b.fragment &&
           a.has_transport == b.has_transport && a.icmp_error == b.icmp_error &&
           a.neighbour_discovery == b.neighbour_discovery && a.icmp_query == b.icmp_query &&
           a.icmp_reply == b.icmp_reply && a.tcp_flags == b.tcp_flags &&
           a.icmp_type == b.icmp_type && a.icmp_code == b.icmp_code && a.hop_limit == b.hop_limit &&
           a.has_target == b.has_target && a.embedded_valid == b.embedded_valid &&
           a.sctp_init == b.sctp_init && a.ether_type == b.ether_type && a.vlan == b.vlan &&
           a.l3_offset == b.l3_offset && a.l4_offset == b.l4_offset && a.l4_length == b.l4_length &&
           a.ip_length == b.ip_length && a.mac_source == b.mac_source &&
           a.mac_destination == b.mac_destination && a.tuple == b.tuple;
}

/// One to three bytes of a sound frame changed, or its end cut off.
std::vector<std::uint8_t> spoiled(std::vector<std::uint8_t> frame, std::mt19937& random) {
    for (unsigned left = random() % 4; left > 0; --left) {
        frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
    }
    if (random() % 8 == 0) frame.resize(random() % frame.size());
    return frame;
}

BOOST_AUTO_TEST_CASE(a_plain_packet_is_read_in_one_go_as_layer_by_layer) {
    std::mt19937 random(7);
    const std::vector<std::vector<std::uint8_t>> sound{
        frame4({}, tcp()), frame4({}, tcp(parse::tcp_flag::kAck, Bytes(40), 7)),
        frame4({.protocol = base::kIpUdp}, udp(Bytes(30))), frame6({}, tcp(parse::tcp_flag::kAck))};
    GuardedBytes memory;
    std::size_t plain_count = 0;
    for (int round = 0; round < 200'000; ++round) {
        const auto frame = spoiled(sound[static_cast<std::size_t>(round) % sound.size()], random);
        const auto held = memory.hold(frame);
        const auto readable = static_cast<std::uint32_t>(held.size());
        // Sometimes the packet goes on behind its first segment.
        const Packet packet{held.data(), readable, readable + (random() % 16 == 0 ? 100u : 0u)};
        Headers plain;
        // As it is in use: an object that served other packets.
        std::memset(static_cast<void*>(&plain), 1, offsetof(Headers, mac_destination));
        if (!parse::read_plain(packet, plain)) continue;
        ++plain_count;
        Headers layered;
        BOOST_REQUIRE(parse::read_frame(packet, layered));
        BOOST_REQUIRE(plain.plain);
        BOOST_REQUIRE(alike(plain, layered));
    }
    BOOST_TEST(plain_count > 50'000u);
}

BOOST_AUTO_TEST_CASE(whole_tcp_and_udp_is_plain_whatever_lies_before_it) {
    const auto is_plain = [](const std::vector<std::uint8_t>& frame) {
        return parse::parse(frame, static_cast<std::uint32_t>(frame.size())).plain;
    };
    const auto tagged = [](std::vector<std::uint8_t> frame) {
        const std::array<std::uint8_t, 4> tag{0x81, 0, 0, 7};
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
        return frame;
    };
    BOOST_TEST(is_plain(frame4({}, tcp())));
    BOOST_TEST(is_plain(tagged(frame4({}, tcp()))));
    BOOST_TEST(is_plain(frame6({}, tcp())));
    // Too short for what is read in one go.
    BOOST_TEST(is_plain(frame4({.protocol = base::kIpUdp}, udp(Bytes(1)))));
    constexpr std::uint8_t kGre = 47;
    BOOST_TEST(!is_plain(frame4({.protocol = kGre}, Bytes(30))));
    // The first of several fragments.
    auto fragment = frame4({}, tcp());
    fragment[14 + 6] = 0x20;
    BOOST_TEST(!is_plain(fragment));
}

}  // namespace
}  // namespace tierwall::test
