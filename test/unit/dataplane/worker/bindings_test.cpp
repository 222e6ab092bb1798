// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/bindings.hpp"
#include "test/support/packet.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace tierwall;
using namespace tierwall::worker;
using support::address;

namespace {

base::Address pod(std::size_t i) { return address("10.0.0." + std::to_string(i)); }

std::size_t count(const Bindings& bindings, std::uint16_t port) {
    Bindings::Pods pods;
    return bindings.pods(port, pods);
}

}  // namespace

BOOST_AUTO_TEST_CASE(pods_are_listed_behind_their_port_once) {
    Bindings bindings(2);
    BOOST_CHECK(bindings.add_pod(1, pod(1)));
    BOOST_CHECK(bindings.add_pod(1, pod(1)));
    BOOST_CHECK(bindings.add_pod(1, pod(2)));
    Bindings::Pods pods;
    BOOST_REQUIRE_EQUAL(bindings.pods(1, pods), 2);
    BOOST_CHECK(pods[0] == pod(1) && pods[1] == pod(2));
    BOOST_CHECK_EQUAL(count(bindings, 0), 0);
}

BOOST_AUTO_TEST_CASE(a_port_has_room_for_so_many_pods) {
    Bindings bindings(1);
    for (std::size_t i = 0; i < kPodsPerPortMax; ++i) BOOST_CHECK(bindings.add_pod(0, pod(i)));
    BOOST_CHECK(!bindings.add_pod(0, pod(kPodsPerPortMax)));
    BOOST_CHECK(bindings.add_pod(0, pod(0)));
    BOOST_CHECK_EQUAL(count(bindings, 0), kPodsPerPortMax);
    BOOST_CHECK(!bindings.replace_pod(0, pod(kPodsPerPortMax), pod(100)));
    BOOST_CHECK(bindings.replace_pod(0, pod(3), pod(100)));
    BOOST_CHECK(!bindings.replace_pod(0, pod(3), pod(101)));
    BOOST_CHECK_EQUAL(count(bindings, 0), kPodsPerPortMax);
}

BOOST_AUTO_TEST_CASE(an_unknown_port_has_nobody) {
    Bindings bindings(1);
    BOOST_CHECK(!bindings.add_pod(1, pod(1)));
    BOOST_CHECK(!bindings.replace_pod(1, pod(1), pod(2)));
    BOOST_CHECK_EQUAL(count(bindings, 1), 0);
    bindings.set_incomplete(1);
    BOOST_CHECK(!bindings.incomplete(1));
}

BOOST_AUTO_TEST_CASE(incomplete_stays) {
    Bindings bindings(2);
    BOOST_CHECK(!bindings.incomplete(1));
    bindings.set_incomplete(1);
    BOOST_CHECK(bindings.incomplete(1));
    BOOST_CHECK(!bindings.incomplete(0));
}

BOOST_AUTO_TEST_CASE(a_reader_never_sees_half_an_address) {
    SharedAddress place;
    const base::Address a = address("1111:1111:1111:1111:1111:1111:1111:1111");
    const base::Address b = address("2222:2222:2222:2222:2222:2222:2222:2222");
    BOOST_REQUIRE(place.write(std::nullopt, a));
    BOOST_CHECK(!place.write(std::nullopt, b));
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        while (!stop) {
            static_cast<void>(place.write(a, b));
            static_cast<void>(place.write(b, a));
        }
    });
    std::size_t torn = 0;
    for (int i = 0; i < 200'000; ++i) {
        const auto seen = place.read();
        torn += seen && !(*seen == a) && !(*seen == b);
    }
    stop = true;
    writer.join();
    BOOST_CHECK_EQUAL(torn, 0);
}

BOOST_AUTO_TEST_CASE(of_two_writers_one_wins) {
    for (int round = 0; round < 200; ++round) {
        SharedAddress place;
        std::atomic<int> winners{0};
        const auto race = [&](const base::Address& mine) {
            if (place.write(std::nullopt, mine)) ++winners;
        };
        std::thread other(race, pod(1));
        race(pod(2));
        other.join();
        BOOST_REQUIRE_EQUAL(winners.load(), 1);
        BOOST_REQUIRE(place.read().has_value());
    }
}
