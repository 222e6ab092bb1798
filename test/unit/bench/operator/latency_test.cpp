// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/latency.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

namespace {

using tierwall::tester::Latency;

BOOST_AUTO_TEST_CASE(nothing_has_no_latency) {
    const Latency latency;
    BOOST_TEST(latency.count() == 0u);
    BOOST_TEST(latency.at_share(0.5) == 0u);
    BOOST_TEST(latency.max() == 0u);
}

BOOST_AUTO_TEST_CASE(shares_are_right_to_one_step_and_never_too_low) {
    Latency latency;
    for (std::uint64_t ns = 1; ns <= 100'000; ++ns) latency.record(ns);
    for (const double share : {0.001, 0.5, 0.9, 0.99, 0.999}) {
        const double exact = share * 100'000;
        const auto told = static_cast<double>(latency.at_share(share));
        BOOST_TEST_CONTEXT(share) {
            BOOST_TEST(told >= exact);
            BOOST_TEST(told <= exact * (1 + 1.0 / 64) + 1);
        }
    }
    BOOST_TEST(latency.at_share(1) == 100'000u);
    BOOST_TEST(latency.max() == 100'000u);
    BOOST_TEST(latency.count() == 100'000u);
}

BOOST_AUTO_TEST_CASE(one_late_packet_is_the_maximum_and_little_else) {
    Latency latency;
    for (int i = 0; i < 9'999; ++i) latency.record(1'000);
    latency.record(50'000'000);
    BOOST_TEST(latency.at_share(0.999) < 1'020u);
    BOOST_TEST(latency.at_share(1) == 50'000'000u);
}

BOOST_AUTO_TEST_CASE(values_beyond_all_measure_are_kept) {
    Latency latency;
    latency.record(UINT64_MAX);
    latency.record(0);
    BOOST_TEST(latency.max() == UINT64_MAX);
    BOOST_TEST(latency.at_share(0.5) == 0u);
    BOOST_TEST(latency.at_share(1) > std::uint64_t{1} << 47);
}

}  // namespace
