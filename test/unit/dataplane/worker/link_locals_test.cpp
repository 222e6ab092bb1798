// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/link_locals.hpp"

#include "dataplane/worker/port_facts.hpp"
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

base::Address local(std::size_t i) {
    std::ostringstream text;
    text << "fe80::" << std::hex << i + 1;
    return support::address(text.str());
}

struct Known {
    LinkLocals locals;
    bool is(Answer wanted, std::size_t i, std::uint16_t origin, std::uint32_t now_s = 1000) {
        return locals.use(local(i), origin, now_s) == wanted;
    }
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

BOOST_AUTO_TEST_CASE(the_uplink_takes_what_it_uses_and_no_pod_gets_it_back) {
    BOOST_TEST(is(Answer::Yours, 1, kPort));
    BOOST_TEST(!locals.is_uplinks(local(1)));
    BOOST_TEST(is(Answer::Yours, 1, kUplinkOrigin));
    BOOST_TEST(locals.is_uplinks(local(1)));
    BOOST_TEST(is(Answer::Anothers, 1, kPort));
    BOOST_TEST(is(Answer::Anothers, 1, kPort, 1'000'000));
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

BOOST_AUTO_TEST_CASE(when_it_is_full_the_uplinks_go_before_the_pods) {
    for (std::uint16_t port = 0; port < kLinkLocalsMax / kLinkLocalsPerPort; ++port) {
        for (std::size_t i = 0; i < kLinkLocalsPerPort; ++i) {
            static_cast<void>(locals.use(local(port * 100 + i), port, 1000));
        }
    }
    for (std::size_t i = 0; i < 1000; ++i) {
        BOOST_REQUIRE(is(Answer::Yours, 100'000 / 2 + i, kUplinkOrigin));
    }
    for (std::size_t i = 0; i < 1000; ++i) {
        BOOST_REQUIRE(locals.is_uplinks(local(100'000 / 2 + i)));
    }
    std::size_t refused = 0;
    for (std::size_t i = 0; i < 2 * kLinkLocalsMax; ++i) {
        refused += is(Answer::NoRoom, 60'000 - i, kUplinkOrigin) ? 1u : 0u;
    }
    BOOST_TEST(refused > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
