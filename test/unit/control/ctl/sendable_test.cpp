// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/sendable.hpp"

#include "control/ctl/link_message.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/parse/headers.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

struct LinkRow {
    const char* name;
    std::uint8_t type;
    const char* source;
    const char* destination;
    bool passes;  ///< without asking policy
};
std::ostream& operator<<(std::ostream& out, const LinkRow& row) { return out << row.name; }

const LinkRow kLinkRows[] = {
    {"router_solicitation", 133, "fe80::1", "ff02::2", true},
    {"router_solicitation_without_an_address", 133, "::", "ff02::2", true},
    {"router_advertisement", 134, "fe80::1", "ff02::1", true},
    {"solicitation_to_its_target", 135, "fd00::1", "fd00::2", true},
    {"solicitation_to_the_group", 135, "fd00::1", "ff02::1:ff00:2", true},
    {"duplicate_address_detection", 135, "::", "ff02::1:ff00:2", true},
    {"advertisement_to_one", 136, "fd00::1", "fd00::2", true},
    {"advertisement_to_all", 136, "fd00::1", "ff02::1", true},
    {"redirect", 137, "fe80::1", "fd00::2", true},
    {"listener_query", 130, "fe80::1", "ff02::1", true},
    {"listener_report", 131, "fe80::1", "ff02::1:3", true},
    {"listener_done", 132, "fe80::1", "ff02::2", true},
    {"listener_report_of_records", 143, "fe80::1", "ff02::16", true},
    {"a_report_to_one_host_is_left_to_policy", 143, "fd00::1", "fd00::2", false},
    {"a_report_of_version_1_to_one_host", 131, "fd00::1", "fd00::2", false},
    {"echo", 128, "fd00::1", "fd00::2", false},
};

ctl::Probe probe_of(std::uint8_t protocol) {
    ctl::Probe probe;
    probe.from = "a/web";
    probe.to = "b/db";
    probe.protocol = protocol;
    probe.port = 80;
    probe.place = "probes:3";
    return probe;
}

ctl::PacketFields packet_between(const ctl::Probe& probe, const char* source,
                                 const char* destination) {
    return ctl::packet_of(probe, {*base::parse_address(source), *base::parse_address(destination)});
}

struct OddRow {
    const char* name;
    std::uint8_t protocol;
    int icmp_type;  ///< -1: none
    const char* source;
    const char* destination;
    const char* field;  ///< in the error; empty: none
};
std::ostream& operator<<(std::ostream& out, const OddRow& row) { return out << row.name; }

const OddRow kOddRows[] = {
    {"from_a_group", 6, -1, "224.0.0.1", "10.0.0.1", "from: "},
    {"from_the_last_group", 6, -1, "239.255.255.255", "10.0.0.1", "from: "},
    {"from_below_the_groups", 6, -1, "223.255.255.255", "10.0.0.1", ""},
    {"from_a_group_of_ipv6", 6, -1, "ff02::1", "fd00::1", "from: "},
    {"from_everybody", 17, -1, "255.255.255.255", "10.0.0.1", "from: "},
    {"from_within", 6, -1, "127.0.0.1", "10.0.0.1", "from: "},
    {"from_within_ipv6", 6, -1, "::1", "fd00::1", "from: "},
    {"from_next_to_it", 6, -1, "::2", "fd00::1", ""},
    {"to_within", 6, -1, "10.0.0.1", "127.9.9.9", "to: "},
    {"to_a_group", 17, -1, "10.0.0.1", "224.0.0.1", ""},
    {"hop_by_hop", 0, -1, "fd00::1", "fd00::2", "protocol: 0 "},
    {"routing", 43, -1, "fd00::1", "fd00::2", "protocol: 43 "},
    {"fragment", 44, -1, "fd00::1", "fd00::2", "protocol: 44 "},
    {"authentication", 51, -1, "fd00::1", "fd00::2", "protocol: 51 "},
    {"destination_options", 60, -1, "fd00::1", "fd00::2", "protocol: 60 "},
    {"they_are_protocols_of_ipv4", 51, -1, "10.0.0.1", "10.0.0.2", ""},
    {"encrypted", 50, -1, "fd00::1", "fd00::2", ""},
    {"tunnel", 47, -1, "fd00::1", "fd00::2", ""},
    {"echo", 58, -1, "fd00::1", "fd00::2", ""},
    {"listener_report_from_afar", 58, 143, "fd00::1", "ff02::16", "icmpType: "},
    {"listener_report_to_a_stranger", 58, 143, "fe80::1", "ff02::1", "icmpType: "},
    {"solicitation", 58, 135, "fd00::1", "fd00::2", ""},
};

}  // namespace

BOOST_DATA_TEST_CASE(messages_of_the_link_are_what_the_parser_takes_for_them, data::make(kLinkRows),
                     row) {
    ctl::Probe probe = probe_of(base::kIpIcmpv6);
    probe.icmp_type = row.type;
    const ctl::PacketFields packet = packet_between(probe, row.source, row.destination);
    BOOST_TEST(ctl::is_link_message(packet) == (row.type != 128));
    const auto frame = ctl::probe_packet(packet);
    const auto headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    BOOST_REQUIRE((headers.kind == parse::Kind::Ip));
    BOOST_TEST(int{headers.icmp_type} == int{row.type});
    BOOST_TEST(headers.neighbour_discovery == row.passes);
    BOOST_TEST(ctl::check_sendable(probe, packet).ok());
}

BOOST_AUTO_TEST_CASE(a_solicitation_has_its_target_and_the_senders_link_layer_address) {
    ctl::Probe probe = probe_of(base::kIpIcmpv6);
    probe.icmp_type = 135;
    auto packet = ctl::ip_packet(packet_between(probe, "fd00::1", "ff02::1:ff12:3456"));
    BOOST_REQUIRE_EQUAL(packet.size(), 40u + 24 + 8);
    BOOST_TEST(int{packet[7]} == 255);
    BOOST_TEST(base::text(base::Address::v6(packet.data() + 48)) == "fe80::12:3456");
    BOOST_TEST(int{packet[64]} == 1);
    BOOST_TEST(int{packet[65]} == 1);
    BOOST_TEST(int{packet[66]} == 2);
    // Who has no address yet says no other one either.
    packet = ctl::ip_packet(packet_between(probe, "::", "ff02::1:ff12:3456"));
    BOOST_TEST(packet.size() == 40u + 24);
}

BOOST_DATA_TEST_CASE(what_no_host_sends_is_refused_by_its_field, data::make(kOddRows), row) {
    ctl::Probe probe = probe_of(row.protocol);
    if (row.icmp_type >= 0) probe.icmp_type = static_cast<std::uint8_t>(row.icmp_type);
    const auto checked =
        ctl::check_sendable(probe, packet_between(probe, row.source, row.destination));
    const std::string field = row.field;
    BOOST_REQUIRE_EQUAL(checked.ok(), field.empty());
    if (checked.ok()) return;
    BOOST_TEST(checked.error().what.starts_with(field));
    BOOST_TEST(checked.error().text().find("probes:3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_end_that_has_terminated_is_told_with_who_has_its_address_now) {
    kube::Cluster cluster;
    kube::Pod pod;
    pod.terminated = true;
    cluster.pods["b/done"] = pod;
    pod.terminated = false;
    cluster.pods["b/cl"] = pod;
    const auto address = *base::parse_address("10.1.0.2");
    BOOST_TEST(ctl::terminated_words(cluster, "b/done", address, "b/cl") ==
               "b/done has terminated; the answer is about its address, 10.1.0.2, which is "
               "b/cl's now");
    BOOST_TEST(ctl::terminated_words(cluster, "b/done", address, std::nullopt)
                   .ends_with("which is no pod's now"));
    BOOST_TEST(ctl::terminated_words(cluster, "b/cl", address, "b/cl").empty());
    BOOST_TEST(ctl::terminated_words(cluster, "10.1.0.2", address, "b/cl").empty());
}
