// SPDX-License-Identifier: Apache-2.0
#include "dataplane/verdict/event_ring.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <memory>
#include <thread>

using namespace tierwall;
using namespace tierwall::verdict;

namespace {

std::unique_ptr<EventRing> ring(std::uint32_t events) {
    auto made = EventRing::create(events);
    BOOST_REQUIRE(made.ok());
    return std::move(*made);
}
Event event(std::uint64_t time_ms) {
    Event made;
    made.time_ms = time_ms;
    return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(events_come_out_in_order) {
    const auto events = ring(4);
    for (std::uint64_t i = 0; i < 3; ++i) BOOST_CHECK(events->push(event(i)));
    std::array<Event, 2> out;
    BOOST_REQUIRE_EQUAL(events->pop(out), 2);
    BOOST_CHECK_EQUAL(out[0].time_ms, 0);
    BOOST_CHECK_EQUAL(out[1].time_ms, 1);
    BOOST_REQUIRE_EQUAL(events->pop(out), 1);
    BOOST_CHECK_EQUAL(out[0].time_ms, 2);
    BOOST_CHECK_EQUAL(events->pop(out), 0);
}

BOOST_AUTO_TEST_CASE(a_full_ring_takes_no_more_and_keeps_what_it_has) {
    const auto events = ring(4);
    for (std::uint64_t i = 0; i < 4; ++i) BOOST_CHECK(events->push(event(i)));
    BOOST_CHECK(!events->push(event(4)));
    std::array<Event, 8> out;
    BOOST_REQUIRE_EQUAL(events->pop(out), 4);
    BOOST_CHECK_EQUAL(out[3].time_ms, 3);
    BOOST_CHECK(events->push(event(5)));
}

BOOST_AUTO_TEST_CASE(the_size_is_rounded_up_and_limited) {
    BOOST_CHECK_EQUAL(ring(0)->capacity(), 2);
    BOOST_CHECK_EQUAL(ring(5)->capacity(), 8);
    BOOST_CHECK_EQUAL(ring(kEventsMax)->capacity(), kEventsMax);
    const auto refused = EventRing::create(kEventsMax + 1);
    BOOST_REQUIRE(!refused.ok());
    BOOST_CHECK(refused.error().code == base::Errc::Limit);
}

BOOST_AUTO_TEST_CASE(a_reader_beside_the_writer_sees_every_kept_event_once) {
    const auto events = ring(64);
    constexpr std::uint64_t kEvents = 200'000;
    std::uint64_t lost = 0;
    std::thread writer([&] {
        for (std::uint64_t i = 1; i <= kEvents; ++i) lost += !events->push(event(i));
        while (!events->push(event(0))) std::this_thread::yield();
    });
    std::uint64_t seen = 0;
    std::uint64_t last = 0;
    bool ordered = true;
    bool ended = false;
    while (!ended) {
        std::array<Event, 16> out;
        const std::size_t count = events->pop(out);
        for (std::size_t i = 0; i < count; ++i) {
            if (out[i].time_ms == 0) {
                ended = true;
                break;
            }
            ordered = ordered && out[i].time_ms > last;
            last = out[i].time_ms;
            ++seen;
        }
        if (count == 0) std::this_thread::yield();
    }
    writer.join();
    BOOST_CHECK(ordered);
    BOOST_CHECK_EQUAL(seen + lost, kEvents);
}
