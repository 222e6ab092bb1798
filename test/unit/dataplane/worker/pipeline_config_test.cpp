// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/pipeline_config.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tierwall;
using namespace tierwall::worker;

BOOST_AUTO_TEST_CASE(trust_knows_which_ports_are_of_a_wire) {
    for (const auto mode : {DataplaneConfig::Mode::Wire, DataplaneConfig::Mode::Switch}) {
        const bool wire = mode == DataplaneConfig::Mode::Wire;
        DataplaneConfig config;
        config.mode = mode;
        for (const Side side : {Side::Pods, Side::Uplink}) {
            const std::string number = std::to_string(config.ports.size() + (wire ? 980 : 990));
            config.ports.push_back({"p" + number, "net_ring" + number, side, ""});
        }
        config.ports[0].reserved = true;
        auto fabric = Fabric::create(config);
        BOOST_REQUIRE(fabric.ok());
        const Pipeline::Config made = pipeline_config(**fabric);
        BOOST_REQUIRE(made.ports.size() == 2u);
        BOOST_CHECK(made.ports[0].side == Side::Pods);
        BOOST_CHECK(made.ports[1].side == Side::Uplink);
        BOOST_CHECK_EQUAL(made.ports[0].wire, wire);
        BOOST_CHECK_EQUAL(made.ports[1].wire, wire);
        BOOST_CHECK_EQUAL(made.ports[0].reserved, !wire);
    }
}
