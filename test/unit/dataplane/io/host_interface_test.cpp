// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/host_interface.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace {

using namespace tierwall;

struct Case {
    const char* device;
    const char* interface;  ///< empty: none
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.device; }

const Case kCases[] = {
    {"net_af_packet0,iface=tw0", "tw0"},
    {"net_af_packet0,qpairs=2,iface=tw0,framesz=4096", "tw0"},
    {"net_af_xdp3,iface=tw9,start_queue=0", "tw9"},
    {"net_pcap0,iface=eth1", "eth1"},
    {"net_pcap0,rx_iface=eth1,tx_iface=eth1", "eth1"},
    {"net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap", ""},
    {"net_tap0,iface=tap0", ""},
    {"net_ring0", ""},
    {"net_af_packet0", ""},
    {"net_af_packet0,xiface=tw0", ""},
    {"0000:03:00.0", ""},
    {"", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(host_interface)

BOOST_DATA_TEST_CASE(the_interface_behind_a_device_is_found, boost::unit_test::data::make(kCases),
                     c) {
    BOOST_TEST(io::host_interface(c.device).value_or("") == c.interface);
}

BOOST_AUTO_TEST_CASE(loopback_is_warned_about_because_it_has_an_address) {
    const std::string warning = io::host_interface_warning("lo");
    BOOST_TEST(warning.find("127.0.0.1") != std::string::npos, warning);
    BOOST_TEST(warning.find("ip addr flush dev lo") != std::string::npos, warning);
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_not_warned_about) {
    BOOST_TEST(!io::interface_exists("tw-nothing"));
    BOOST_TEST(io::interface_mtu("tw-nothing") == 0u);
    BOOST_TEST(io::host_interface_warning("tw-nothing").empty());
}

BOOST_AUTO_TEST_CASE(loopback_has_an_mtu) { BOOST_TEST(io::interface_mtu("lo") >= 1500u); }

BOOST_AUTO_TEST_SUITE_END()
