// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/search.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace {

using namespace tierwall::tester;

/// A firewall of so many packets a second, and a tester that offers so many at most.
RunTrial firewall_of(double capacity_pps, double tester_pps) {
    return [=](double rate_pps) {
        Trial trial{.wanted_pps = rate_pps, .seconds = 1};
        trial.offered_pps = rate_pps == 0 ? tester_pps : std::min(rate_pps, tester_pps);
        trial.offered = static_cast<std::uint64_t>(trial.offered_pps);
        trial.received = static_cast<std::uint64_t>(std::min(trial.offered_pps, capacity_pps));
        return trial;
    };
}

BOOST_AUTO_TEST_CASE(the_rate_is_found_to_the_resolution_and_never_above_what_passes) {
    for (const double capacity : {1'000.0, 123'456.0, 3e6, 19.9e6}) {
        const Found found = search({.resolution = 0.01}, firewall_of(capacity, 20e6));
        BOOST_TEST_CONTEXT(capacity) {
            BOOST_TEST(found.rate_pps <= capacity + 1);
            BOOST_TEST(found.rate_pps >= capacity * 0.985);
            BOOST_TEST(!found.tester_limit);
            BOOST_TEST(found.overload_pps == capacity, boost::test_tools::tolerance(0.001));
            BOOST_TEST(found.trials.size() <= 80u);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_tester_that_loses_nothing_is_the_limit) {
    const Found found = search({}, firewall_of(50e6, 20e6));
    BOOST_TEST(found.rate_pps == 20e6);
    BOOST_TEST(found.tester_limit);
    BOOST_TEST(found.trials.size() == 1u);
    BOOST_TEST(found.overload_pps == 0);
}

BOOST_AUTO_TEST_CASE(the_rate_that_is_asked_for_at_most_is_no_limit_of_the_tester) {
    const Found found = search({.rate_max = 1e6}, firewall_of(50e6, 20e6));
    BOOST_TEST(found.rate_pps == 1e6);
    BOOST_TEST(!found.tester_limit);
}

BOOST_AUTO_TEST_CASE(where_everything_is_lost_no_rate_is_found_and_it_ends) {
    const Found found = search({}, firewall_of(0, 20e6));
    BOOST_TEST(found.rate_pps == 0);
    BOOST_TEST(found.overload_pps == 0);
    BOOST_TEST(found.trials.size() < 200u);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_repeated_does_not_count) {
    const RunTrial steady = firewall_of(3e6, 20e6);
    unsigned number = 0;
    const RunTrial disturbed = [&](double rate_pps) {
        Trial trial = steady(rate_pps);
        if (++number % 3 != 0) trial.received -= 1;
        return trial;
    };
    const Found found = search({.resolution = 0.01, .attempts = 3}, disturbed);
    BOOST_TEST(found.rate_pps >= 3e6 * 0.985);
    number = 0;
    // Each trial counts: two of three rates fail by chance.
    const Found strict = search({.resolution = 0.01, .attempts = 1}, disturbed);
    BOOST_TEST(strict.rate_pps < found.rate_pps);
}

BOOST_AUTO_TEST_CASE(what_was_not_offered_proves_nothing) {
    const SearchPlan plan{.resolution = 0.01};
    Trial trial{
        .wanted_pps = 1e6, .offered_pps = 1e6, .seconds = 1, .offered = 100, .received = 100};
    BOOST_TEST(is_loss_free(trial, plan));
    trial.offered_pps = 0.98e6;
    BOOST_TEST(!is_loss_free(trial, plan));
    trial.offered_pps = 1e6;
    trial.received = 99;
    BOOST_TEST(!is_loss_free(trial, plan));
    BOOST_TEST(trial.lost() == 1u);
    BOOST_TEST(!is_loss_free({}, plan));
}

}  // namespace
