// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/port_warnings.hpp"

#include "test/support/packet.hpp"

#include <boost/test/unit_test.hpp>

using namespace tierwall;
using namespace tierwall::worker;

namespace {

std::vector<PortConfig> named(const std::vector<std::string>& names) {
    std::vector<PortConfig> ports(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) ports[i].name = names[i];
    return ports;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_disputed_mac_is_named_with_its_ports) {
    const std::vector<PortConfig> ports = named({"up", "a", "b"});
    io::Switch macs(std::vector<io::Switch::PortRule>(3));
    const Bindings bindings(3);
    const io::Mac mac{2, 0, 0, 0xab, 0, 9};
    macs.learn(mac, {.port = 1}, 1000);
    BOOST_CHECK(port_warnings(ports, macs, bindings).empty());
    macs.learn(mac, {.port = 2}, 1000);
    const auto warnings = port_warnings(ports, macs, bindings);
    BOOST_REQUIRE_EQUAL(warnings.size(), 1);
    BOOST_CHECK_NE(warnings[0].find("02:00:00:ab:00:09 was used at port a and at port b"),
                   std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_port_with_more_pods_than_can_be_asked_is_named) {
    const std::vector<PortConfig> ports = named({"up", "a"});
    const io::Switch macs(std::vector<io::Switch::PortRule>(2));
    Bindings bindings(2);
    bindings.set_incomplete(1);
    const auto warnings = port_warnings(ports, macs, bindings);
    BOOST_REQUIRE_EQUAL(warnings.size(), 1);
    BOOST_CHECK(warnings[0].starts_with("port a has more than 8 pod addresses"));
}
