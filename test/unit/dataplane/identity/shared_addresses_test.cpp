// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identity/shared_addresses.hpp"

#include <boost/test/unit_test.hpp>

using tierwall::identity::SharedAddresses;

BOOST_AUTO_TEST_CASE(nothing_is_known_of_slots_that_are_not_in_it) {
    const SharedAddresses none = SharedAddresses::build({});
    BOOST_CHECK(!none.has_node(1, 1));
    BOOST_CHECK(!none.same_pod(1, 1));
}

BOOST_AUTO_TEST_CASE(each_slot_has_its_nodes_and_its_pod) {
    const SharedAddresses shared =
        SharedAddresses::build({{9, {3, 1}, 0}, {2, {}, 5}, {7, {4}, 5}, {8, {}, 6}});
    BOOST_CHECK(shared.has_node(9, 1));
    BOOST_CHECK(shared.has_node(9, 3));
    BOOST_CHECK(!shared.has_node(9, 4));
    BOOST_CHECK(shared.has_node(7, 4));
    BOOST_CHECK(!shared.has_node(2, 4));
    BOOST_CHECK(!shared.has_node(3, 4));
    BOOST_CHECK(shared.same_pod(2, 7));
    BOOST_CHECK(!shared.same_pod(2, 8));
    BOOST_CHECK(!shared.same_pod(9, 9));
    BOOST_CHECK(!shared.same_pod(2, 1));
}
