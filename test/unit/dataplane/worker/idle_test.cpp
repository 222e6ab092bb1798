// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/idle.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using tierwall::worker::Idle;

/// A worker's day: what happens, and the time it takes.
struct Day {
    Idle idle;
    std::uint64_t now_us = 1'000'000;
    std::uint64_t slept_us = 0;

    /// Empty turns of 1 us until `until_us`; sleeps as told.
    void silence(std::uint64_t until_us) {
        while (now_us < until_us) {
            const std::uint32_t pause_us = idle.pause_us(now_us);
            slept_us += pause_us;
            now_us += pause_us + 1;
        }
    }
    void packet() { idle.busy(now_us); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(idle, Day)

BOOST_AUTO_TEST_CASE(no_sleep_comes_soon_after_a_packet) {
    packet();
    BOOST_TEST(idle.pause_us(now_us + Idle::kSpin_us - 1) == 0u);
    BOOST_TEST(idle.pause_us(now_us + Idle::kSpin_us) == Idle::kSleepMin_us);
}

BOOST_AUTO_TEST_CASE(sleeps_grow_to_their_limit) {
    packet();
    now_us += Idle::kSpin_us;
    std::uint32_t last_us = 0;
    for (int i = 0; i < 20; ++i) {
        const std::uint32_t pause_us = idle.pause_us(now_us);
        BOOST_TEST(pause_us >= last_us);
        last_us = pause_us;
    }
    BOOST_TEST(last_us == Idle::kSleepMax_us);
}

BOOST_AUTO_TEST_CASE(a_packet_makes_sleeps_short_again) {
    silence(now_us + 100'000);
    packet();
    BOOST_TEST(idle.pause_us(now_us + Idle::kSpin_us) == Idle::kSleepMin_us);
}

BOOST_AUTO_TEST_CASE(a_conversation_is_never_slept_through) {
    packet();
    for (int i = 0; i < 1000; ++i) {
        silence(now_us + 100);
        packet();
    }
    BOOST_TEST(slept_us == 0u);
}

BOOST_AUTO_TEST_CASE(sparse_traffic_is_mostly_slept_through) {
    const std::uint64_t start_us = now_us;
    for (int i = 0; i < 1000; ++i) {
        silence(now_us + 1000);
        packet();
    }
    BOOST_TEST(slept_us > (now_us - start_us) * 9 / 10);
}

BOOST_AUTO_TEST_SUITE_END()
