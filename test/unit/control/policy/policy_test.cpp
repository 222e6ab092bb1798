// SPDX-License-Identifier: Apache-2.0
#include "control/policy/policy.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace tierwall::policy;

namespace {

Policy named(std::string kind, std::string namespace_name, std::string name,
             std::int32_t priority = 0) {
    Policy policy;
    policy.kind = std::move(kind);
    policy.namespace_name = std::move(namespace_name);
    policy.name = std::move(name);
    policy.priority = priority;
    return policy;
}

}  // namespace

BOOST_AUTO_TEST_CASE(path_names_kind_namespace_and_name) {
    BOOST_TEST(named("NetworkPolicy", "shop", "web").path() == "NetworkPolicy/shop/web");
    BOOST_TEST(named("ClusterNetworkPolicy", "", "guard").path() == "ClusterNetworkPolicy/guard");
}

BOOST_AUTO_TEST_CASE(lower_priority_is_asked_first_then_kind_namespace_name) {
    std::vector<Policy> policies{named("B", "n", "a", 5), named("A", "n", "b", 5),
                                 named("A", "m", "z", 5), named("Z", "z", "z", 0),
                                 named("A", "n", "a", 5), named("A", "", "", 1000),
                                 named("A", "n", "a", -1)};
    std::sort(policies.begin(), policies.end(), asked_before);
    std::vector<std::string> order;
    for (const Policy& policy : policies) {
        order.push_back(std::to_string(policy.priority) + " " + policy.path());
    }
    const std::vector<std::string> expected{"-1 A/n/a", "0 Z/z/z", "5 A/m/z", "5 A/n/a",
                                            "5 A/n/b",  "5 B/n/a", "1000 A/"};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_policy_is_not_asked_before_itself) {
    const Policy policy = named("A", "n", "a", 1);
    BOOST_TEST(!asked_before(policy, policy));
}
