// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/parse/frames.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <set>

namespace data = boost::unit_test::data;
using namespace tierwall::test;
using tierwall::base::Reason;
using tierwall::parse::Headers;
using tierwall::parse::Kind;
using tierwall::parse::Tuple;
namespace base = tierwall::base;

namespace {

Bytes error4(const Bytes& quoted, const std::string& to = "10.0.0.1") {
    return frame4({.source = "192.0.2.1", .destination = to, .protocol = 1}, icmp(3, 1, 0, quoted));
}
Bytes error6(const Bytes& quoted, const std::string& to = "2001:db8::1") {
    return frame6({.source = "2001:db8:f::1", .destination = to, .next = 58},
                  icmp(1, 4, 0, quoted));
}
Bytes first(const Bytes& bytes, std::size_t count) {
    return Bytes(bytes.begin(), bytes.begin() + static_cast<long>(count));
}
Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes.at(at) = value;
    return bytes;
}

struct Quoted {
    const char* name;
    Bytes frame;
    bool valid;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
};
std::ostream& operator<<(std::ostream& out, const Quoted& row) { return out << row.name; }

const Quoted kQuoted[] = {
    {"v4_tcp_8_bytes", error4(first(ipv4({}, tcp()), 28)), true, 1000, 80, 6},
    {"v4_tcp_4_bytes", error4(first(ipv4({}, tcp()), 24)), true, 1000, 80, 6},
    {"v4_tcp_3_bytes", error4(first(ipv4({}, tcp()), 23)), false},
    {"v4_header_cut", error4(first(ipv4({}, tcp()), 19)), false},
    {"v4_nothing", error4({}), false},
    {"v4_udp", error4(ipv4({.protocol = 17}, udp())), true, 1000, 53, 17},
    {"v4_sctp", error4(ipv4({.protocol = 132}, sctp())), true, 1000, 9003, 132},
    {"v4_options", error4(ipv4({.options = {1, 1, 1, 1}}, tcp())), true, 1000, 80, 6},
    {"v4_header_length_16", error4(with(ipv4({}, tcp()), 0, 0x44)), false},
    {"v4_version_6", error4(with(ipv4({}, tcp()), 0, 0x65)), false},
    {"v4_gre", error4(ipv4({.protocol = 47}, {})), true, 0, 0, 47},
    {"v4_echo", error4(ipv4({.protocol = 1}, icmp(8, 0, 99))), true, 99, 99, 1},
    {"v4_echo_reply", error4(ipv4({.protocol = 1}, icmp(0, 0, 99))), true, 99, 99, 1},
    {"v4_echo_cut", error4(ipv4({.protocol = 1}, first(icmp(8, 0, 99), 7))), false},
    {"v4_error_about_error", error4(ipv4({.protocol = 1}, icmp(3))), false},
    {"v4_later_fragment", error4(ipv4({.fragment = 5}, tcp())), false},
    {"v4_first_fragment", error4(ipv4({.fragment = 0x2000}, tcp())), true, 1000, 80, 6},
    {"v4_sent_to_somebody_else", error4(ipv4({}, tcp()), "10.0.0.3"), false},
    {"v4_quotes_v6", error4(ipv6({}, tcp())), false},
    {"v6_tcp", error6(ipv6({}, tcp())), true, 1000, 80, 6},
    {"v6_tcp_4_bytes", error6(first(ipv6({}, tcp()), 44)), true, 1000, 80, 6},
    {"v6_tcp_3_bytes", error6(first(ipv6({}, tcp()), 43)), false},
    {"v6_header_cut", error6(first(ipv6({}, tcp()), 39)), false},
    {"v6_extensions", error6(ipv6({.next = 0}, extension(17) + udp())), true, 1000, 53, 17},
    {"v6_extension_cut", error6(ipv6({.next = 0}, first(extension(17), 7))), false},
    {"v6_echo", error6(ipv6({.next = 58}, icmp(128, 0, 77))), true, 77, 77, 58},
    {"v6_error_about_error", error6(ipv6({.next = 58}, icmp(2))), false},
    {"v6_later_fragment", error6(ipv6({.next = 44}, fragment_header(6, 80, 1) + tcp())), false},
    {"v6_first_fragment", error6(ipv6({.next = 44}, fragment_header(6, 1, 1) + tcp())), true, 1000,
     80, 6},
    {"v6_sent_to_somebody_else", error6(ipv6({}, tcp()), "2001:db8::3"), false},
    {"v6_quotes_mapped", error6(ipv6({.destination = "::ffff:1.2.3.4"}, tcp())), false},
    {"v6_quotes_v4", error6(ipv4({}, tcp())), false},
};

/// Where a message of neighbour discovery about 2001:db8::7 is sent.
const char* nd_destination(std::uint8_t type) {
    constexpr const char* kTo[] = {"ff02::2", "ff02::1", "ff02::1:ff00:7", "ff02::1", "fe80::9"};
    return kTo[type - 133];
}

Bytes nd_frame(std::uint8_t type, const Bytes& message, const char* destination = nullptr) {
    return frame6({.destination = destination != nullptr ? destination : nd_destination(type),
                   .next = 58,
                   .hop_limit = 255},
                  message);
}

/// Neighbour discovery messages of the least length.
Bytes nd(std::uint8_t type) {
    constexpr std::size_t kLengths[] = {8, 16, 24, 24, 40};
    const Bytes target = type >= 135 ? address_bytes("2001:db8::7") : Bytes{};
    Bytes message = icmp(type) + target;
    message.resize(kLengths[type - 133]);
    return message;
}

}  // namespace

BOOST_DATA_TEST_CASE(an_error_names_the_connection_it_quotes, data::make(kQuoted), row) {
    const Headers headers = parsed(row.frame);
    BOOST_TEST((headers.kind == Kind::Ip));
    BOOST_TEST(headers.icmp_error);
    BOOST_TEST(!headers.icmp_query);
    BOOST_TEST(headers.tuple.source_port == 0);
    BOOST_REQUIRE_EQUAL(headers.embedded_valid, row.valid);
    if (!row.valid) {
        BOOST_TEST((headers.embedded == Tuple{}));
        return;
    }
    const bool v4 = headers.family == base::Family::IPv4;
    BOOST_TEST((headers.embedded.source == address(v4 ? "10.0.0.1" : "2001:db8::1")));
    BOOST_TEST((headers.embedded.destination == address(v4 ? "10.0.0.2" : "2001:db8::2")));
    BOOST_TEST(headers.embedded.source_port == row.source_port);
    BOOST_TEST(headers.embedded.destination_port == row.destination_port);
    BOOST_TEST(headers.embedded.protocol == row.protocol);
}

BOOST_AUTO_TEST_CASE(each_icmp_type_is_a_query_a_reply_an_error_or_neither) {
    const std::set<int> queries{8, 13, 15, 17, 42}, replies{0, 14, 16, 18, 43};
    const std::set<int> errors{3, 4, 11, 12};
    for (int type = 0; type < 256; ++type) {
        const Headers headers =
            parsed(frame4({.protocol = 1}, icmp(static_cast<std::uint8_t>(type), 5, 0x1234)));
        BOOST_TEST_CONTEXT("type " << type) {
            BOOST_TEST((headers.kind == Kind::Ip));
            BOOST_TEST(headers.icmp_type == type);
            BOOST_TEST(headers.icmp_code == 5);
            BOOST_TEST(headers.icmp_query == (queries.count(type) != 0));
            BOOST_TEST(headers.icmp_reply == (replies.count(type) != 0));
            BOOST_TEST(headers.icmp_error == (errors.count(type) != 0));
            const bool pair = headers.icmp_query || headers.icmp_reply;
            BOOST_TEST(headers.tuple.source_port == (pair ? 0x1234 : 0));
            BOOST_TEST(headers.tuple.destination_port == (pair ? 0x1234 : 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(each_icmpv6_type_is_a_query_a_reply_an_error_or_neither) {
    const std::set<int> queries{128, 160}, replies{129, 161}, errors{1, 2, 3, 4};
    for (int type = 0; type < 256; ++type) {
        if (type >= 130 && type <= 137) continue;
        if (type == 143) continue;
        const Headers headers =
            parsed(frame6({.next = 58}, icmp(static_cast<std::uint8_t>(type), 0, 0x1234)));
        BOOST_TEST_CONTEXT("type " << type) {
            BOOST_TEST((headers.kind == Kind::Ip));
            BOOST_TEST(headers.icmp_query == (queries.count(type) != 0));
            BOOST_TEST(headers.icmp_reply == (replies.count(type) != 0));
            BOOST_TEST(headers.icmp_error == (errors.count(type) != 0));
            BOOST_TEST(!headers.neighbour_discovery);
            const bool pair = headers.icmp_query || headers.icmp_reply;
            BOOST_TEST(headers.tuple.destination_port == (pair ? 0x1234 : 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(icmp_shorter_than_8_bytes_is_malformed) {
    BOOST_TEST((parsed(frame4({.protocol = 1}, zeros(7))).problem == Reason::Malformed));
    BOOST_TEST((parsed(frame4({.protocol = 1}, zeros(7))).kind == Kind::Malformed));
    BOOST_TEST((parsed(frame6({.next = 58}, zeros(7))).kind == Kind::Malformed));
}

BOOST_AUTO_TEST_CASE(neighbour_discovery_must_come_from_this_link_in_one_piece) {
    for (std::uint8_t type = 133; type <= 137; ++type) {
        const Bytes message = nd(type);
        const Headers good = parsed(nd_frame(type, message));
        BOOST_TEST((good.kind == Kind::Ip));
        BOOST_TEST(good.neighbour_discovery);
        BOOST_TEST(good.has_target == (type == 135 || type == 136));
        if (good.has_target) BOOST_TEST((good.target == address("2001:db8::7")));
        const Bytes bad[] = {
            frame6({.destination = nd_destination(type), .next = 58, .hop_limit = 254}, message),
            nd_frame(type, with(message, 1, 1)),
            nd_frame(type, first(message, message.size() - 1)),
            nd_frame(type, message + zeros(1)),
            nd_frame(type, message + zeros(8)),                // an option of no length
            nd_frame(type, message + Bytes{1, 2} + zeros(6)),  // longer than the message
            frame6({.destination = nd_destination(type), .next = 44, .hop_limit = 255},
                   fragment_header(58, 1, 1) + message),
        };
        for (const Bytes& frame : bad) {
            BOOST_TEST((parsed(frame).kind == Kind::Malformed));
            BOOST_TEST((parsed(frame).problem == Reason::Malformed));
        }
    }
}

namespace {

struct Nd {
    const char* name;
    std::uint8_t type;
    const char* destination;
    Bytes options;
    bool sound = true;
};
std::ostream& operator<<(std::ostream& out, const Nd& c) { return out << c.name; }

const Bytes kFrom = Bytes{1, 1} + zeros(6);    // source link-layer address
const Bytes kTarget = Bytes{2, 1} + zeros(6);  // target link-layer address
const Bytes kNonce = Bytes{14, 1} + zeros(6);
const Bytes kRoutes = Bytes{24, 3} + zeros(22);

const Nd kNd[] = {
    {"solicitation", 135, "ff02::1:ff00:7", kFrom},
    {"solicitation_with_nonce", 135, "ff02::1:ff00:7", kNonce},
    {"solicitation_with_both", 135, "ff02::1:ff00:7", kNonce + kFrom},
    {"solicitation_of_the_target_itself", 135, "2001:db8::7", kFrom},
    {"solicitation_of_another_host", 135, "2001:db8::bad", kFrom, false},
    {"solicitation_of_another_group", 135, "ff02::1:ff00:8", kFrom, false},
    {"solicitation_of_all_nodes", 135, "ff02::1", kFrom, false},
    {"solicitation_beyond_the_link", 135, "ff0e::1:ff00:7", kFrom, false},
    {"solicitation_with_too_many", 135, "ff02::1:ff00:7", kNonce + kNonce + kFrom, false},
    {"solicitation_with_a_long_one", 135, "ff02::1:ff00:7", Bytes{14, 2} + zeros(14), false},
    {"solicitation_with_data", 135, "ff02::1:ff00:7", Bytes{200, 1} + zeros(6), false},
    {"solicitation_with_1400_bytes", 135, "2001:db8::7", Bytes{14, 175} + zeros(1398), false},
    {"solicitation_with_a_byte_more", 135, "ff02::1:ff00:7", kFrom + zeros(1), false},
    {"advertisement_to_all", 136, "ff02::1", kTarget},
    {"advertisement_to_one", 136, "2001:db8::2", kTarget},
    {"advertisement_to_a_group", 136, "ff02::fb", kTarget, false},
    {"advertisement_with_nonce", 136, "ff02::1", kNonce, false},
    {"advertisement_with_data", 136, "2001:db8::2", Bytes{200, 1} + zeros(6), false},
    {"router_solicitation", 133, "ff02::2", kFrom},
    {"router_solicitation_to_one", 133, "fe80::1", kFrom},
    {"router_solicitation_far_away", 133, "2001:db8::bad", kFrom, false},
    {"router_solicitation_with_data", 133, "ff02::2", Bytes{1, 9} + zeros(70), false},
    {"router_advertisement", 134, "ff02::1", kFrom + kRoutes},
    {"router_advertisement_cut", 134, "ff02::1", first(kRoutes, 16), false},
    {"redirect", 137, "2001:db8::2", kTarget + kRoutes},
};

}  // namespace

BOOST_DATA_TEST_CASE(nothing_rides_in_neighbour_discovery, data::make(kNd), row) {
    const Headers headers = parsed(nd_frame(row.type, nd(row.type) + row.options, row.destination));
    BOOST_TEST((headers.kind == (row.sound ? Kind::Ip : Kind::Malformed)));
    BOOST_TEST(headers.neighbour_discovery == row.sound);
}

BOOST_AUTO_TEST_CASE(a_neighbour_target_is_a_single_ipv6_host) {
    for (const std::uint8_t type : Octets{135, 136}) {
        for (const char* target : {"ff02::1", "::ffff:10.0.0.1"}) {
            const Bytes message = icmp(type) + address_bytes(target);
            const Headers headers = parsed(nd_frame(type, message, "2001:db8::2"));
            BOOST_TEST((headers.kind == Kind::Malformed));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_solicitation_from_nobody_is_duplicate_address_detection) {
    const Headers headers = parsed(frame6(
        {.source = "::", .destination = "ff02::1:ff00:7", .next = 58, .hop_limit = 255}, nd(135)));
    BOOST_TEST((headers.kind == Kind::Ip));
    BOOST_TEST(headers.neighbour_discovery);
    BOOST_TEST(headers.tuple.source.is_unspecified());
    const Headers to_one = parsed(frame6(
        {.source = "::", .destination = "2001:db8::7", .next = 58, .hop_limit = 255}, nd(135)));
    BOOST_TEST((to_one.kind == Kind::Malformed));
}

namespace {

/// One record without sources, or with some.
Bytes mld_record(std::uint8_t sources = 0) {
    return Bytes{4, 0, 0, sources} + zeros(16) + zeros(16u * sources);
}

struct Mld {
    const char* name;
    std::uint8_t type;
    const char* destination;
    Bytes body;  ///< behind the first four bytes
    Kind kind = Kind::Ip;
    const char* source = "fe80::5";
};
std::ostream& operator<<(std::ostream& out, const Mld& c) { return out << c.name; }

const Bytes kGroupBody = zeros(4) + address_bytes("ff02::abcd");
const Bytes kTwoRecords{0, 0, 0, 2};

const Mld kMld[] = {
    {"general_query", 130, "ff02::1", zeros(20)},
    {"query_2", 130, "ff02::1", zeros(24)},
    {"query_between", 130, "ff02::1", zeros(23), Kind::Malformed},
    {"report", 131, "ff02::abcd", kGroupBody},
    {"report_of_another_group", 131, "ff02::1", kGroupBody, Kind::Malformed},
    {"report_with_payload", 131, "ff02::abcd", kGroupBody + zeros(1), Kind::Malformed},
    {"report_cut", 131, "ff02::abcd", zeros(19), Kind::Malformed},
    {"done", 132, "ff02::2", kGroupBody},
    {"done_to_the_group", 132, "ff02::abcd", kGroupBody, Kind::Malformed},
    {"done_with_payload", 132, "ff02::2", kGroupBody + zeros(8), Kind::Malformed},
    {"report_2", 143, "ff02::16", kTwoRecords + mld_record() + mld_record(2)},
    {"report_2_nameless", 143, "ff02::16", kTwoRecords + mld_record() + mld_record(), Kind::Ip,
     "::"},
    {"report_2_from_a_global_address", 143, "ff02::16", kTwoRecords + mld_record() + mld_record(),
     Kind::Malformed, "2001:db8::1"},
    {"report_2_to_all", 143, "ff02::1", kTwoRecords + mld_record() + mld_record(), Kind::Malformed},
    {"report_2_with_payload", 143, "ff02::16", kTwoRecords + mld_record() + mld_record() + zeros(1),
     Kind::Malformed},
    {"report_2_without_records", 143, "ff02::16", kTwoRecords, Kind::Malformed},
    {"report_2_cut", 143, "ff02::16", kTwoRecords + mld_record() + zeros(19), Kind::Malformed},
    {"report_2_with_auxiliary_data", 143, "ff02::16",
     Bytes{0, 0, 0, 1} + Bytes{4, 1, 0, 0} + zeros(20), Kind::Malformed},
    {"report_2_with_many_sources", 143, "ff02::16",
     Bytes{0, 0, 0, 1} + Bytes{4, 0, 0xff, 0xff} + zeros(16), Kind::Malformed},
};

}  // namespace

BOOST_DATA_TEST_CASE(listener_messages_are_what_they_claim_to_be, data::make(kMld), each) {
    const Bytes message = Bytes{each.type, 0, 0, 0} + each.body;
    const Headers headers = parsed(
        frame6({.source = each.source, .destination = each.destination, .next = 58, .hop_limit = 1},
               message));
    BOOST_TEST((headers.kind == each.kind));
    BOOST_TEST(headers.neighbour_discovery == (each.kind == Kind::Ip));
}

BOOST_AUTO_TEST_CASE(multicast_listener_messages_stay_on_the_link) {
    const Bytes message = Bytes{131, 0, 0, 0} + kGroupBody;
    const Bytes alert = Bytes{58, 0, 5, 2, 0, 0, 1, 0};
    const auto sent = [](const char* destination, std::uint8_t next, std::uint8_t hop_limit) {
        return V6{
            .source = "fe80::5", .destination = destination, .next = next, .hop_limit = hop_limit};
    };
    const Headers group = parsed(frame6(sent("ff02::abcd", 0, 1), alert + message));
    BOOST_TEST((group.kind == Kind::Ip));
    BOOST_TEST(group.neighbour_discovery);
    for (const std::uint8_t type : Octets{130, 131, 132, 143}) {
        const Bytes any = icmp(type) + zeros(16);
        BOOST_TEST((parsed(frame6(sent("ff02::abcd", 58, 2), any)).kind == Kind::Malformed));
        const Headers single = parsed(frame6(sent("fd00::1", 58, 1), any));
        BOOST_TEST((single.kind == Kind::Ip));
        BOOST_TEST(!single.neighbour_discovery);
    }
}
