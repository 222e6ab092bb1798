// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/link_locals.hpp"

#include "test/support/packet.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

using namespace tierwall;
using namespace tierwall::worker;
using Answer = LinkLocals::Answer;

namespace {

constexpr std::uint16_t kPort = 1;
constexpr std::uint16_t kOther = 2;
constexpr std::size_t kFlood = 20'000;

base::Address local(std::size_t i) {
    std::ostringstream text;
    text << "fe80::" << std::hex << (i >> 16) << ':' << (i & 0xffff);
    return support::address(text.str());
}

struct Known {
    LinkLocals locals;
    bool is(Answer wanted, std::size_t i, std::uint16_t port, std::uint32_t now_s = 1000) {
        return locals.use(local(i), port, now_s) == wanted;
    }
    bool speaks(std::size_t i, std::uint32_t now_s = 1000) {
        return locals.use_at_uplink(local(i), false, now_s) == Answer::Yours;
    }
    bool routes(std::size_t i, std::uint32_t now_s = 1000) {
        return locals.use_at_uplink(local(i), true, now_s) == Answer::Yours;
    }
    /// Many that speak at the uplink, all different from those below `kFlood`.
    std::size_t flood(std::size_t count, bool as_routers, std::uint32_t now_s) {
        std::size_t refused = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const bool done = as_routers ? routes(next++, now_s) : speaks(next++, now_s);
            refused += done ? 0u : 1u;
        }
        return refused;
    }
    std::size_t next = kFlood;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(link_locals, Known)

BOOST_AUTO_TEST_CASE(the_first_port_keeps_an_address) {
    BOOST_TEST(is(Answer::Yours, 1, kPort));
    BOOST_TEST(is(Answer::Anothers, 1, kOther));
    BOOST_TEST(is(Answer::Yours, 1, kPort));
    BOOST_TEST(is(Answer::Yours, 2, kOther));
}

BOOST_AUTO_TEST_CASE(a_pods_address_is_free_after_a_long_silence) {
    BOOST_TEST(is(Answer::Yours, 1, kPort, 1000));
    BOOST_TEST(is(Answer::Anothers, 1, kOther, 1000 + kLinkLocalLifetime_s));
    BOOST_TEST(is(Answer::Yours, 1, kOther, 1001 + kLinkLocalLifetime_s));
    BOOST_TEST(is(Answer::Anothers, 1, kPort, 1001 + kLinkLocalLifetime_s));
}

BOOST_AUTO_TEST_CASE(the_uplink_takes_what_it_uses_until_it_is_silent_for_a_day) {
    BOOST_TEST(is(Answer::Yours, 1, kPort));
    BOOST_TEST(!locals.is_uplinks(local(1), 1000));
    BOOST_TEST(speaks(1));
    BOOST_TEST(locals.is_uplinks(local(1), 1000));
    BOOST_TEST(is(Answer::Anothers, 1, kPort));
    // It is seen once more.
    BOOST_TEST(speaks(1, 2000));
    const std::uint32_t last_s = 2000 + kUplinkLinkLocalLifetime_s;
    BOOST_TEST(is(Answer::Anothers, 1, kPort, last_s));
    BOOST_TEST(locals.is_uplinks(local(1), last_s));
    BOOST_TEST(!locals.is_uplinks(local(1), last_s + 1));
    BOOST_TEST(is(Answer::Yours, 1, kPort, last_s + 1));
    BOOST_TEST(speaks(1, last_s + 1));
    BOOST_TEST(is(Answer::Anothers, 1, kPort, last_s + 1));
}

BOOST_AUTO_TEST_CASE(a_worker_whose_clock_lags_forgets_nothing) {
    BOOST_TEST(speaks(1, 1001));
    BOOST_TEST(is(Answer::Anothers, 1, kPort, 1000));
    BOOST_TEST(is(Answer::Yours, 2, kPort, 1001));
    BOOST_TEST(is(Answer::Anothers, 2, kOther, 1000));
}

BOOST_AUTO_TEST_CASE(a_port_has_a_share_and_gets_it_back) {
    for (std::size_t i = 0; i < kLinkLocalsPerPort; ++i) {
        BOOST_REQUIRE(is(Answer::Yours, i, kPort));
    }
    BOOST_TEST(is(Answer::NoRoom, kLinkLocalsPerPort, kPort));
    BOOST_TEST(is(Answer::Yours, kLinkLocalsPerPort, kOther));
    BOOST_TEST(is(Answer::Yours, 0, kPort));
    const std::uint32_t later_s = 1001 + kLinkLocalLifetime_s;
    bool found = false;
    for (std::size_t tries = 0; tries < kLinkLocalsMax && !found; ++tries) {
        found = is(Answer::Yours, 9999, kPort, later_s);
    }
    BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_flood_at_the_uplink_pushes_out_no_pods_and_leaves_them_room) {
    for (std::uint16_t port = 0; port < 32; ++port) {
        for (std::size_t i = 0; i < kLinkLocalsPerPort / 2; ++i) {
            BOOST_REQUIRE(is(Answer::Yours, port * 100u + i, port));
        }
    }
    BOOST_TEST(flood(20 * kUplinkLinkLocalsMax, false, 1000) > 0u);
    for (std::uint16_t port = 0; port < 32; ++port) {
        for (std::size_t i = 0; i < kLinkLocalsPerPort; ++i) {
            BOOST_REQUIRE(is(Answer::Yours, port * 100u + i, port));
        }
        BOOST_REQUIRE(is(Answer::Anothers, port * 100u, port + 1u));
    }
}

BOOST_AUTO_TEST_CASE(at_a_full_uplink_the_longest_silent_goes_and_no_router) {
    BOOST_TEST(routes(1, 1000));
    BOOST_TEST(speaks(2, 1000));
    BOOST_TEST(routes(2, 1001));  // a host that turns out to be one
    BOOST_TEST(speaks(3, 1000));
    flood(20 * kUplinkLinkLocalsMax, false, 1002);
    BOOST_TEST(locals.is_uplinks(local(1), 1002));
    BOOST_TEST(locals.is_uplinks(local(2), 1002));
    BOOST_TEST(!locals.is_uplinks(local(3), 1002));
    // The last one found a place, though perhaps that of another.
    BOOST_TEST(locals.is_uplinks(local(next - 1), 1002));
    // What lives is told from what is silent.
    const std::size_t fresh = next;
    flood(100, false, 2000);
    for (std::size_t i = fresh; i < next; ++i) {
        BOOST_REQUIRE(locals.is_uplinks(local(i), 2000));
    }
}

BOOST_AUTO_TEST_CASE(after_a_day_the_uplink_has_all_its_places_again) {
    flood(20 * kUplinkLinkLocalsMax, false, 1000);
    BOOST_TEST(flood(500, false, 1001) == 500u);
    BOOST_TEST(flood(500, false, 1001 + kUplinkLinkLocalLifetime_s) < 500u);
    BOOST_TEST(flood(500, false, 1002 + kUplinkLinkLocalLifetime_s) == 0u);
}

BOOST_AUTO_TEST_CASE(those_who_say_that_they_are_routers_take_a_few_places_for_good) {
    BOOST_TEST(flood(kUplinkRoutersMax, true, 1000) == 0u);
    const std::size_t first = kFlood;
    BOOST_TEST(routes(1, 1000));  // remembered, as a host
    BOOST_TEST(locals.is_uplinks(local(1), 1000));
    flood(20 * kUplinkLinkLocalsMax, true, 1001);
    BOOST_TEST(!locals.is_uplinks(local(1), 1001));
    for (std::size_t i = 0; i < kUplinkRoutersMax; ++i) {
        BOOST_REQUIRE(locals.is_uplinks(local(first + i), 1001));
    }
    // Beside them there is place for whoever comes.
    for (std::size_t i = 0; i < 1000; ++i) {
        speaks(next, 1002);
        BOOST_REQUIRE(locals.is_uplinks(local(next++), 1002));
    }
    // They age too, and another gets their right.
    const std::uint32_t later_s = 1002 + kUplinkLinkLocalLifetime_s;
    for (std::size_t tries = 0; tries < kUplinkLinkLocalsMax; ++tries) routes(1, later_s);
    flood(20 * kUplinkLinkLocalsMax, false, later_s + 1);
    BOOST_TEST(locals.is_uplinks(local(1), later_s + 1));
}

BOOST_AUTO_TEST_SUITE_END()
