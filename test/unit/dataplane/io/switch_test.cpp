// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/switch.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>
#include <vector>

namespace {

using namespace tierwall;
using io::Learned;
using io::Mac;

constexpr std::uint16_t kPods = 0;
constexpr std::uint16_t kOtherPods = 1;
constexpr std::uint16_t kUplink = 2;
constexpr std::uint16_t kOtherUplink = 3;

Mac mac(std::uint32_t number) {
    return {0x02,
            0,
            static_cast<std::uint8_t>(number >> 24),
            static_cast<std::uint8_t>(number >> 16),
            static_cast<std::uint8_t>(number >> 8),
            static_cast<std::uint8_t>(number)};
}

constexpr std::uint16_t kTied = 4;
constexpr std::uint16_t kOtherTied = 5;
constexpr std::uint16_t kNamed = 6;  ///< its MAC is configured

constexpr std::uint32_t kNamedMac = 0x77000000;

const std::vector<io::Switch::PortRule> kPorts{{},
                                               {},
                                               {.uplink = true},
                                               {.uplink = true},
                                               {.tied = true},
                                               {.tied = true},
                                               {.tied = true, .own = {0x02, 0, 0x77, 0, 0, 0}}};

io::Switch::Claim claim(std::uint16_t port, bool proven = true) {
    return {.port = port, .proven = proven};
}

struct Table {
    io::Switch macs{kPorts, 1024};
    Learned learn(std::uint32_t number, std::uint16_t port, std::uint32_t now_s = 1000) {
        return macs.learn(mac(number), claim(port), now_s);
    }
    std::uint16_t find(std::uint32_t number, std::uint32_t now_s = 1000) {
        return macs.find(mac(number), now_s);
    }
};

bool is(Learned a, Learned b) { return a == b; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(learning_switch, Table)

BOOST_AUTO_TEST_CASE(an_unknown_mac_is_flooded) { BOOST_TEST(find(1) == io::kFlood); }

BOOST_AUTO_TEST_CASE(a_learned_mac_is_found_behind_its_port) {
    BOOST_TEST(is(learn(1, kPods), Learned::Known));
    BOOST_TEST(is(learn(2, kUplink), Learned::Known));
    BOOST_TEST(find(1) == kPods);
    BOOST_TEST(find(2) == kUplink);
    BOOST_TEST(macs.macs_of(kPods) == 1u);
}

BOOST_AUTO_TEST_CASE(group_and_zero_addresses_are_no_senders) {
    BOOST_TEST(is(macs.learn({0x01, 0, 0x5e, 0, 0, 1}, claim(kUplink), 1), Learned::Refused));
    BOOST_TEST(
        is(macs.learn({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, claim(kUplink), 1), Learned::Refused));
    BOOST_TEST(is(macs.learn({}, claim(kUplink), 1), Learned::Refused));
    BOOST_TEST(macs.find({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1) == io::kFlood);
}

BOOST_AUTO_TEST_CASE(a_live_mac_cannot_be_taken_to_a_pods_port) {
    learn(1, kPods, 1000);
    learn(2, kUplink, 1000);
    learn(3, kOtherPods, 1000);
    const std::uint32_t last_live_s = 1000 + io::kMacLifetime_s;
    BOOST_TEST(is(learn(1, kOtherPods, last_live_s), Learned::Refused));
    BOOST_TEST(is(learn(2, kOtherPods, last_live_s), Learned::Refused));
    BOOST_TEST(find(1, last_live_s) == kPods);
    BOOST_TEST(find(2, last_live_s) == kUplink);
}

BOOST_AUTO_TEST_CASE(a_silent_mac_leads_nowhere) {
    learn(1, kPods, 1000);
    learn(2, kUplink, 1000);
    const std::uint32_t last_s = 1000 + io::kMacLifetime_s;
    BOOST_TEST(find(1, last_s) == kPods);
    BOOST_TEST(find(2, last_s) == kUplink);
    BOOST_TEST(find(1, last_s + 1) == io::kFlood);
    BOOST_TEST(find(2, last_s + 1) == io::kFlood);
}

BOOST_AUTO_TEST_CASE(a_silent_mac_that_is_nobodys_own_may_appear_elsewhere) {
    learn(9, kPods, 1000);
    learn(8, kOtherPods, 1000);
    learn(1, kPods, 1000);
    const std::uint32_t dead_s = 1000 + io::kMacLifetime_s + 1;
    BOOST_TEST(is(learn(1, kOtherPods, dead_s), Learned::Known));
    BOOST_TEST(find(1, dead_s) == kOtherPods);
    BOOST_TEST(macs.macs_of(kPods) == 1u);
    BOOST_TEST(macs.macs_of(kOtherPods) == 2u);
}

BOOST_AUTO_TEST_CASE(a_ports_own_mac_is_remembered_in_silence) {
    learn(1, kTied, 1000);
    learn(2, kOtherTied, 1000);
    learn(3, kPods, 1000);
    for (const std::uint32_t later_s : {1000u, 1000 + io::kMacLifetime_s + 1, 100'000u}) {
        learn(2, kOtherTied, later_s);
        for (int i = 0; i < 1024; ++i) macs.sweep(later_s);
        BOOST_TEST(is(learn(1, kOtherTied, later_s), Learned::Refused));
        BOOST_TEST(is(learn(3, kOtherPods, later_s), Learned::Shared));
        BOOST_TEST(find(1, later_s) != kOtherTied);
        BOOST_TEST(is(learn(1, kTied, later_s), Learned::Known));
        BOOST_TEST(find(1, later_s) == kTied);
    }
}

/// A liar that speaks first after the start, with its victim's MAC besides its own.
BOOST_AUTO_TEST_CASE(a_port_takes_its_own_mac_back) {
    BOOST_TEST(is(learn(2, kTied), Learned::Known));
    BOOST_TEST(is(learn(1, kTied), Learned::Known));
    BOOST_TEST(is(learn(1, kOtherTied), Learned::Known));
    BOOST_TEST(find(1) == kOtherTied);
    BOOST_TEST(is(learn(1, kTied), Learned::Refused));
    BOOST_TEST(find(1) == kOtherTied);
    const auto disputes = macs.disputes();
    BOOST_REQUIRE_EQUAL(disputes.size(), 1);
    BOOST_TEST((disputes[0].mac == mac(1)));
    BOOST_TEST(disputes[0].holder == kOtherTied);
    BOOST_TEST(disputes[0].claimant == kTied);
}

BOOST_AUTO_TEST_CASE(a_tied_port_takes_its_mac_from_one_that_is_not) {
    BOOST_TEST(is(learn(1, kPods), Learned::Known));
    BOOST_TEST(is(learn(1, kTied), Learned::Known));
    BOOST_TEST(is(learn(1, kPods), Learned::Refused));
    BOOST_TEST(find(1) == kTied);
}

/// It even leaves its own MAC out: now nobody can tell the two apart, so neither is cut off.
BOOST_AUTO_TEST_CASE(between_equals_both_are_heard_and_the_mac_leads_nowhere) {
    BOOST_TEST(is(learn(1, kTied), Learned::Known));
    BOOST_TEST(is(learn(1, kOtherTied), Learned::Shared));
    BOOST_TEST(is(learn(1, kTied), Learned::Shared));
    BOOST_TEST(find(1) == io::kFlood);
    BOOST_TEST(macs.disputes().size() == 1u);
    // Once the liar is known by its own MAC the other one has this.
    const std::uint32_t later_s = 1000 + io::kMacLifetime_s + 1;
    learn(2, kTied, later_s);
    BOOST_TEST(is(learn(1, kOtherTied, later_s), Learned::Known));
    BOOST_TEST(find(1, later_s) == kOtherTied);
    BOOST_TEST(is(learn(1, kTied, later_s), Learned::Refused));
}

BOOST_AUTO_TEST_CASE(a_shared_mac_heals_when_only_one_uses_it) {
    learn(1, kTied);
    learn(1, kOtherTied);
    learn(2, kOtherTied);
    BOOST_TEST(find(1) == io::kFlood);
    for (int i = 0; i < 64 * 32 + 32; ++i) macs.sweep(1000);
    BOOST_TEST(find(1) == kTied);
}

BOOST_AUTO_TEST_CASE(who_has_no_address_yet_takes_nothing) {
    learn(1, kPods);
    learn(5, kPods);
    BOOST_TEST(is(macs.learn(mac(1), claim(kOtherPods, false), 1000), Learned::Refused));
    BOOST_TEST(is(macs.learn(mac(5), claim(kOtherPods, false), 1000), Learned::Refused));
    BOOST_TEST(is(macs.learn(mac(6), claim(kOtherPods, false), 1000), Learned::Known));
    // Nor is it the port's own: the first one with an address is.
    BOOST_TEST(is(learn(6, kPods), Learned::Shared));
    BOOST_TEST(is(learn(7, kOtherPods), Learned::Known));
    BOOST_TEST(is(learn(7, kPods), Learned::Refused));
}

BOOST_AUTO_TEST_CASE(the_uplink_takes_any_mac_back_and_keeps_it) {
    learn(1, kTied);
    BOOST_TEST(is(learn(1, kUplink), Learned::Known));
    const std::uint32_t last_s = 1000 + io::kUplinkMacLifetime_s;
    for (const std::uint32_t now_s : {1000u, 1000 + io::kMacLifetime_s + 1, last_s}) {
        for (int i = 0; i < 1024; ++i) macs.sweep(now_s);
        BOOST_TEST(is(learn(1, kTied, now_s), Learned::Refused));
        BOOST_TEST(is(learn(1, kOtherTied, now_s), Learned::Refused));
        BOOST_TEST(find(1, now_s) != kTied);
    }
    BOOST_TEST(is(learn(1, kTied, last_s + 1), Learned::Known));
    BOOST_TEST(is(learn(1, kUplink, last_s + 1), Learned::Known));
}

BOOST_AUTO_TEST_CASE(a_configured_mac_is_nobody_elses) {
    BOOST_TEST(is(learn(kNamedMac, kPods), Learned::Refused));
    BOOST_TEST(is(learn(kNamedMac, kTied), Learned::Refused));
    BOOST_TEST(is(learn(kNamedMac, kUplink), Learned::Refused));
    BOOST_TEST(find(kNamedMac) == io::kFlood);
    BOOST_TEST(is(learn(kNamedMac, kNamed), Learned::Known));
    BOOST_TEST(find(kNamedMac) == kNamed);
    BOOST_TEST(is(learn(kNamedMac, kUplink), Learned::Refused));
    // It may use others, but has no better right to them.
    BOOST_TEST(is(learn(78, kNamed), Learned::Known));
    BOOST_TEST(is(learn(78, kTied), Learned::Known));
    BOOST_TEST(is(learn(78, kNamed), Learned::Refused));
}

BOOST_AUTO_TEST_CASE(a_mac_moves_freely_to_the_uplink) {
    learn(1, kUplink);
    BOOST_TEST(is(learn(1, kOtherUplink), Learned::Known));
    BOOST_TEST(find(1) == kOtherUplink);
    learn(2, kPods);
    BOOST_TEST(is(learn(2, kUplink), Learned::Known));
    BOOST_TEST(find(2) == kUplink);
}

BOOST_AUTO_TEST_CASE(one_pods_port_has_a_limited_share) {
    io::Switch large(kPorts, 1u << 14);
    for (std::uint32_t i = 0; i < io::kMacsPerPodsPort; ++i) {
        BOOST_REQUIRE(is(large.learn(mac(i), claim(kPods), 1), Learned::Known));
    }
    BOOST_TEST(is(large.learn(mac(9999), claim(kPods), 1), Learned::NoRoom));
    BOOST_TEST(large.find(mac(9999), 1) == io::kFlood);
    BOOST_TEST(is(large.learn(mac(9999), claim(kOtherPods), 1), Learned::Known));
}

BOOST_AUTO_TEST_CASE(sweeping_gives_the_share_back) {
    for (std::uint32_t i = 0; i < io::kMacsPerPodsPort; ++i) learn(i, kPods, 1000);
    for (int i = 0; i < 1024; ++i) macs.sweep(1000 + io::kMacLifetime_s);
    BOOST_TEST(macs.macs_of(kPods) > 0u);
    for (int i = 0; i < 1024; ++i) macs.sweep(1001 + io::kMacLifetime_s);
    BOOST_TEST(macs.macs_of(kPods) == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_table_refuses_nobody_and_keeps_the_live) {
    io::Switch small(kPorts, 16);
    unsigned known = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        const Learned learned = small.learn(mac(i), claim(kUplink), 1);
        BOOST_REQUIRE(!is(learned, Learned::Refused));
        known += is(learned, Learned::Known) ? 1u : 0u;
    }
    BOOST_TEST(known == 16u);
    unsigned found = 0;
    for (std::uint32_t i = 0; i < 100; ++i) found += small.find(mac(i), 1) == kUplink ? 1u : 0u;
    BOOST_TEST(found == 16u);
}

BOOST_AUTO_TEST_CASE(workers_may_learn_at_once) {
    io::Switch large(kPorts, 1u << 14);
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 3; ++worker) {
        workers.emplace_back([&large] {
            for (std::uint32_t round = 0; round < 200; ++round) {
                for (std::uint32_t i = 0; i < 100; ++i) {
                    large.learn(mac(i), claim(static_cast<std::uint16_t>(kUplink + (i & 1))),
                                round);
                    large.find(mac(i), round);
                }
                large.sweep(round);
            }
        });
    }
    for (auto& worker : workers) worker.join();
    for (std::uint32_t i = 0; i < 100; ++i)
        BOOST_TEST(large.find(mac(i), 200) == kUplink + (i & 1));
}

BOOST_AUTO_TEST_SUITE_END()
