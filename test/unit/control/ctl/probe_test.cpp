// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/probe.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

struct Refused {
    const char* name;
    const char* line;
    base::Errc code;
    const char* words;
};
std::ostream& operator<<(std::ostream& out, const Refused& row) { return out << row.name; }

const Refused kRefused[] = {
    {"no_object", "[1]", base::Errc::Invalid, "not a JSON object"},
    {"broken_json", "{\"from\":", base::Errc::Invalid, "not a JSON object"},
    {"no_from", R"({"to":"1.1.1.1","protocol":"TCP","port":80})", base::Errc::Required, "from"},
    {"no_to", R"({"from":"1.1.1.1","protocol":"TCP","port":80})", base::Errc::Required, "to"},
    {"no_protocol", R"({"from":"a/b","to":"a/c","port":80})", base::Errc::Required, "protocol"},
    {"no_port", R"({"from":"a/b","to":"a/c","protocol":"TCP"})", base::Errc::Required, "port"},
    {"word", R"({"from":"a/b","to":"a/c","protocol":"QUIC"})", base::Errc::NotSupported, "QUIC"},
    {"protocol_256", R"({"from":"a/b","to":"a/c","protocol":256})", base::Errc::Invalid, "255"},
    {"protocol_word_256", R"({"from":"a/b","to":"a/c","protocol":"256"})", base::Errc::NotSupported,
     "256"},
    {"port_65536", R"({"from":"a/b","to":"a/c","protocol":"TCP","port":65536})",
     base::Errc::Invalid, "65535"},
    {"port_negative", R"({"from":"a/b","to":"a/c","protocol":"TCP","port":-1})",
     base::Errc::Invalid, "port"},
    {"port_text", R"({"from":"a/b","to":"a/c","protocol":"TCP","port":"80"})", base::Errc::Invalid,
     "port"},
    {"family", R"({"from":"a/b","to":"a/c","protocol":"ICMP","family":"v4"})",
     base::Errc::NotSupported, "IPv4 or IPv6"},
    {"unknown_field", R"({"from":"a/b","to":"a/c","protocol":"ICMP","prt":1})", base::Errc::Invalid,
     "prt"},
    {"from_number", R"({"from":1,"to":"a/c","protocol":"ICMP"})", base::Errc::Invalid, "string"},
    {"icmp_type_256", R"({"from":"a/b","to":"a/c","protocol":"ICMP","icmpType":256})",
     base::Errc::Invalid, "icmpType"},
};

base::Address address(const char* text) { return *base::parse_address(text); }

kube::Cluster cluster() {
    kube::Cluster out;
    kube::Pod both;
    both.addresses = {address("10.0.0.1"), address("fd00::1")};
    out.pods["a/both"] = both;
    kube::Pod v6;
    v6.addresses = {address("fd00::2")};
    out.pods["a/v6"] = v6;
    kube::Pod host;
    host.host_network = true;
    host.node = "n";
    out.pods["a/host"] = host;
    out.pods["a/none"] = {};
    out.nodes["n"].addresses = {address("172.16.0.1"), address("fd00::9")};
    return out;
}

struct Resolved {
    const char* name;
    const char* from;
    const char* to;
    base::Family family;
    const char* source;  ///< null: refused
    const char* destination;
};
std::ostream& operator<<(std::ostream& out, const Resolved& row) { return out << row.name; }

const Resolved kResolved[] = {
    {"ipv4_first", "a/both", "a/both", base::Family::IPv4, "10.0.0.1", "10.0.0.1"},
    {"ipv6_wanted", "a/both", "a/both", base::Family::IPv6, "fd00::1", "fd00::1"},
    {"falls_back", "a/both", "a/v6", base::Family::IPv4, "fd00::1", "fd00::2"},
    {"host_is_node", "a/host", "a/both", base::Family::IPv4, "172.16.0.1", "10.0.0.1"},
    {"host_is_node_v6", "a/host", "a/v6", base::Family::IPv4, "fd00::9", "fd00::2"},
    {"ip_decides", "1.2.3.4", "a/both", base::Family::IPv6, "1.2.3.4", "10.0.0.1"},
    {"no_family", "1.2.3.4", "a/v6", base::Family::IPv4, nullptr, nullptr},
    {"no_pod", "a/absent", "a/v6", base::Family::IPv4, nullptr, nullptr},
    {"no_address", "a/none", "a/v6", base::Family::IPv4, nullptr, nullptr},
    {"no_sense", "web", "a/v6", base::Family::IPv4, nullptr, nullptr},
};

struct PortWord {
    const char* word;
    bool ok;
    int protocol;
    int port;
};
std::ostream& operator<<(std::ostream& out, const PortWord& row) { return out << row.word; }

const PortWord kPortWords[] = {
    {"tcp/80", true, 6, 80},    {"UDP/53", true, 17, 53},  {"sctp/65535", true, 132, 65535},
    {"icmp", true, 1, 0},       {"icmpv6", true, 58, 0},   {"47", true, 47, 0},
    {"6/80", true, 6, 80},      {"tcp", false, 0, 0},      {"tcp/", false, 0, 0},
    {"tcp/65536", false, 0, 0}, {"tcp/http", false, 0, 0}, {"icmp/8", false, 0, 0},
    {"256", false, 0, 0},       {"", false, 0, 0},         {"tcp/80/81", false, 0, 0},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_probe_that_is_not_clear_is_refused_with_its_line, data::make(kRefused)) {
    const auto probes = ctl::parse_probes(std::string("\n") + sample.line + "\n", "file");
    BOOST_REQUIRE(!probes.ok());
    BOOST_TEST((probes.error().code == sample.code));
    BOOST_TEST(probes.error().where == "file:2");
    BOOST_TEST(probes.error().what.find(sample.words) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_probe_says_what_was_written) {
    const auto probes = ctl::parse_probes(
        R"({"from":"a/b","to":"1.2.3.4","protocol":"udp","port":53,"family":"IPv6","sourcePort":7})"
        "\n\n"
        R"({"from":"a/b","to":"a/c","protocol":"ICMPv6","port":9,"icmpType":135,"note":"n"})",
        "file");
    BOOST_REQUIRE(probes.ok());
    BOOST_REQUIRE(probes->size() == 2u);
    const ctl::Probe& first = probes->front();
    BOOST_TEST(first.from == "a/b");
    BOOST_TEST(first.to == "1.2.3.4");
    BOOST_TEST(first.protocol == 17);
    BOOST_TEST(first.port == 53);
    BOOST_TEST((first.family == base::Family::IPv6));
    BOOST_TEST(first.source_port == 7);
    BOOST_TEST(!first.icmp_type.has_value());
    const ctl::Probe& second = probes->back();
    BOOST_TEST(second.protocol == 58);
    BOOST_TEST(second.port == 0);  // ICMP has none
    BOOST_TEST(int{second.icmp_type.value_or(0)} == 135);
}

BOOST_DATA_TEST_CASE(both_ends_get_addresses_of_one_family, data::make(kResolved)) {
    ctl::Probe probe;
    probe.from = sample.from;
    probe.to = sample.to;
    probe.family = sample.family;
    const auto ends = ctl::resolve(cluster(), probe);
    BOOST_REQUIRE(ends.ok() == (sample.source != nullptr));
    if (!ends.ok()) return;
    BOOST_TEST(base::text(ends->source) == sample.source);
    BOOST_TEST(base::text(ends->destination) == sample.destination);
}

BOOST_DATA_TEST_CASE(a_port_word_names_protocol_and_port, data::make(kPortWords)) {
    ctl::Probe probe;
    BOOST_REQUIRE(ctl::parse_port(sample.word, probe).ok() == sample.ok);
    if (!sample.ok) return;
    BOOST_TEST(int{probe.protocol} == sample.protocol);
    BOOST_TEST(int{probe.port} == sample.port);
}
