// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/probe_packet.hpp"

#include "dataplane/base/protocol.hpp"
#include "dataplane/parse/headers.hpp"
#include "test/support/packet.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <utility>

namespace data = boost::unit_test::data;
namespace support = tierwall::support;
using namespace tierwall;

namespace {

struct Row {
    const char* name;
    std::uint8_t protocol;
    const char* source;
    const char* destination;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const Row kRows[] = {
    {"tcp4", base::kIpTcp, "10.0.0.1", "10.0.0.2"},
    {"tcp6", base::kIpTcp, "fd00::1", "fd00::2"},
    {"udp4", base::kIpUdp, "10.0.0.1", "10.0.0.2"},
    {"udp6", base::kIpUdp, "fd00::1", "fd00::2"},
    {"sctp4", base::kIpSctp, "10.0.0.1", "10.0.0.2"},
    {"sctp6", base::kIpSctp, "fd00::1", "fd00::2"},
};

ctl::PacketFields fields(const Row& row) {
    return {*base::parse_address(row.source),
            *base::parse_address(row.destination),
            row.protocol,
            40000,
            443,
            std::nullopt};
}

support::Transport transport(std::uint8_t protocol) {
    if (protocol == base::kIpUdp) {
        return support::udp(
            {.source_port = 40000, .destination_port = 443, .payload = support::Bytes(4, 0)});
    }
    return support::tcp({.source_port = 40000, .destination_port = 443, .flags = 2});
}

}  // namespace

BOOST_DATA_TEST_CASE(the_parser_reads_what_was_asked_for, data::make(kRows)) {
    const auto frame = ctl::probe_packet(fields(sample));
    const parse::Headers headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    BOOST_REQUIRE((headers.kind == parse::Kind::Ip));
    BOOST_TEST(headers.has_transport);
    BOOST_TEST(headers.tuple.protocol == sample.protocol);
    BOOST_TEST(headers.tuple.source_port == 40000);
    BOOST_TEST(headers.tuple.destination_port == 443);
    BOOST_TEST(base::text(headers.tuple.source) == sample.source);
    BOOST_TEST(base::text(headers.tuple.destination) == sample.destination);
    BOOST_TEST(!parse::has_partial_checksum(frame, headers));
    if (sample.protocol == base::kIpTcp) BOOST_TEST(headers.tcp_flags == parse::tcp_flag::kSyn);
}

BOOST_DATA_TEST_CASE(the_bytes_are_those_of_an_independent_builder, data::make(kRows)) {
    if (sample.protocol == base::kIpSctp) return;  // chunk parameters are free
    const auto frame = ctl::probe_packet(fields(sample));
    const auto expected = support::frame(
        {.source = sample.source, .destination = sample.destination}, transport(sample.protocol));
    BOOST_TEST(support::Bytes(frame.begin() + 14, frame.end()) ==
                   support::Bytes(expected.begin() + 14, expected.end()),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_sctp_checksum_is_that_of_the_packet) {
    auto frame = ctl::probe_packet(fields(kRows[4]));
    support::Bytes sctp(frame.begin() + 14 + 20, frame.end());
    std::uint32_t written = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        written |= static_cast<std::uint32_t>(sctp[8 + i]) << (8 * i);
        sctp[8 + i] = 0;
    }
    BOOST_TEST(support::crc32c(sctp) == written);
}

BOOST_AUTO_TEST_CASE(icmp_is_an_echo_request_unless_another_type_is_wanted) {
    ctl::PacketFields packet = fields(kRows[0]);
    packet.protocol = base::kIpIcmp;
    auto frame = ctl::probe_packet(packet);
    auto headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    BOOST_TEST(int{headers.icmp_type} == 8);
    BOOST_TEST(headers.icmp_query);
    packet = fields(kRows[1]);
    packet.protocol = base::kIpIcmpv6;
    frame = ctl::probe_packet(packet);
    headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    BOOST_TEST(int{headers.icmp_type} == 128);
    packet.icmp_type = 129;
    frame = ctl::probe_packet(packet);
    headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    BOOST_TEST(int{headers.icmp_type} == 129);
}

BOOST_AUTO_TEST_CASE(other_protocols_keep_their_number) {
    ctl::PacketFields packet = fields(kRows[0]);
    packet.protocol = 253;
    const auto frame = ctl::probe_packet(packet);
    const auto headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    BOOST_REQUIRE((headers.kind == parse::Kind::Ip));
    BOOST_TEST(int{headers.tuple.protocol} == 253);
    BOOST_TEST(headers.tuple.destination_port == 0);
}

namespace {

parse::Headers parsed(const ctl::PacketFields& packet) {
    const auto frame = ctl::probe_packet(packet);
    return parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
}

}  // namespace

BOOST_AUTO_TEST_CASE(tcp_flags_and_sctp_chunks_are_those_that_are_wanted) {
    ctl::PacketFields packet = fields(kRows[0]);
    packet.tcp_flags = std::uint8_t{parse::tcp_flag::kFin | parse::tcp_flag::kAck};
    BOOST_TEST(parsed(packet).tcp_flags == (parse::tcp_flag::kFin | parse::tcp_flag::kAck));
    packet = fields(kRows[4]);
    BOOST_TEST(parsed(packet).sctp_init);
    packet.sctp_chunk = 2;
    BOOST_TEST(!parsed(packet).sctp_init);
    BOOST_TEST(parsed(packet).has_transport);
}

BOOST_AUTO_TEST_CASE(an_icmp_error_quotes_the_packet_that_it_is_about) {
    for (const bool v6 : {false, true}) {
        const ctl::PacketFields original = fields(kRows[v6 ? 1 : 0]);
        ctl::PacketFields error = original;
        std::swap(error.source, error.destination);
        error.protocol = v6 ? base::kIpIcmpv6 : base::kIpIcmp;
        error.icmp_type = std::uint8_t(v6 ? 1 : 3);
        error.icmp_code = std::uint8_t(v6 ? 4 : 3);
        error.quoted = ctl::ip_packet(original);
        const parse::Headers headers = parsed(error);
        BOOST_TEST(headers.icmp_error);
        BOOST_REQUIRE(headers.embedded_valid);
        BOOST_TEST(int{headers.icmp_code} == (v6 ? 4 : 3));
        BOOST_TEST(headers.embedded.source_port == 40000);
        BOOST_TEST(headers.embedded.destination_port == 443);
        BOOST_TEST((headers.embedded.destination == original.destination));

        const support::IpFields ip{.source = v6 ? "fd00::2" : "10.0.0.2",
                                   .destination = v6 ? "fd00::1" : "10.0.0.1"};
        const support::IcmpFields wanted{
            .type = *error.icmp_type, .code = error.icmp_code, .payload = error.quoted};
        const auto expected =
            support::frame(ip, v6 ? support::icmpv6(wanted) : support::icmp(wanted));
        const auto frame = ctl::probe_packet(error);
        BOOST_TEST(support::Bytes(frame.begin() + 14, frame.end()) ==
                       support::Bytes(expected.begin() + 14, expected.end()),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(only_what_is_too_big_names_the_next_links_mtu) {
    ctl::PacketFields error = fields(kRows[0]);
    error.protocol = base::kIpIcmp;
    error.icmp_type = 3;
    error.icmp_code = 4;
    error.quoted = ctl::ip_packet(fields(kRows[0]));
    auto packet = ctl::ip_packet(error);
    BOOST_TEST((packet[26] << 8 | packet[27]) == 1280);
    error.icmp_code = 3;
    packet = ctl::ip_packet(error);
    BOOST_TEST((packet[26] << 8 | packet[27]) == 0);
}

BOOST_AUTO_TEST_CASE(pieces_of_a_packet_are_read_as_pieces) {
    for (const bool v6 : {false, true}) {
        ctl::PacketFields packet = fields(kRows[v6 ? 3 : 2]);
        packet.fragment = ctl::FragmentFields{.id = 7, .offset = 0, .more = true};
        parse::Headers headers = parsed(packet);
        BOOST_REQUIRE((headers.kind == parse::Kind::Ip));
        BOOST_TEST((headers.fragment == parse::Fragment::First));
        BOOST_TEST(headers.fragment_id == 7u);
        BOOST_TEST(headers.tuple.destination_port == 443);
        packet.fragment = ctl::FragmentFields{.id = 7, .offset = 16, .more = false};
        headers = parsed(packet);
        BOOST_REQUIRE((headers.kind == parse::Kind::Ip));
        BOOST_TEST((headers.fragment == parse::Fragment::Later));
        BOOST_TEST(headers.fragment_offset == 16);
        BOOST_TEST(!headers.has_transport);
    }
}
