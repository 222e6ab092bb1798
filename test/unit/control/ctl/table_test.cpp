// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/table.hpp"

#include "control/ctl/decider.hpp"
#include "control/ctl/message_json.hpp"
#include "proto/status.pb.h"

#include <boost/test/unit_test.hpp>

using namespace tierwall;

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_their_widest_cell) {
    ctl::Table table({"A", "LONG", "C"});
    table.add({"wide cell", "x"});
    table.add({"", "y", "z"});
    BOOST_TEST(table.text() ==
               "A          LONG  C\n"
               "wide cell  x     -\n"
               "-          y     z\n");
}

BOOST_AUTO_TEST_CASE(a_decider_names_rule_or_isolation) {
    BOOST_TEST(ctl::decider({"Default", "", -1}) == "Default");
    BOOST_TEST(ctl::decider({"Admin", "ClusterNetworkPolicy/x", 2}) ==
               "Admin ClusterNetworkPolicy/x rule 2");
    BOOST_TEST(ctl::decider({"NetworkPolicy", "NetworkPolicy/a/b", -1}) ==
               "NetworkPolicy NetworkPolicy/a/b isolation");
}

BOOST_AUTO_TEST_CASE(json_of_a_message_has_every_field_and_plain_numbers) {
    v1::WorkerStatus worker;
    worker.set_flows(1ull << 40);
    worker.add_counters()->set_name("rx");
    const auto json = ctl::message_json(worker);
    BOOST_TEST(json.dump() == R"({"number":0,"core":0,"flows":1099511627776,"flows_max":0,)"
                              R"("counters":[{"name":"rx","value":0}],"reasons":[]})");
}
