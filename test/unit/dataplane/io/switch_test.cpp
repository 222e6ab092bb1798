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

io::Switch::Claim claim(std::uint16_t port) { return {.port = port, .trusted = port >= kUplink}; }

struct Table {
    io::Switch macs{4, 1024};
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
    const std::uint32_t last_live_s = 1000 + io::kMacLifetime_s;
    BOOST_TEST(is(learn(1, kOtherPods, last_live_s), Learned::Refused));
    BOOST_TEST(is(learn(2, kOtherPods, last_live_s), Learned::Refused));
    BOOST_TEST(find(1, last_live_s) == kPods);
    BOOST_TEST(find(2, last_live_s) == kUplink);
}

BOOST_AUTO_TEST_CASE(a_silent_mac_may_appear_elsewhere) {
    learn(1, kPods, 1000);
    const std::uint32_t dead_s = 1000 + io::kMacLifetime_s + 1;
    BOOST_TEST(find(1, dead_s) == io::kFlood);
    BOOST_TEST(is(learn(1, kOtherPods, dead_s), Learned::Known));
    BOOST_TEST(find(1, dead_s) == kOtherPods);
    BOOST_TEST(macs.macs_of(kPods) == 0u);
    BOOST_TEST(macs.macs_of(kOtherPods) == 1u);
}

BOOST_AUTO_TEST_CASE(being_seen_again_keeps_a_mac_alive) {
    for (std::uint32_t now_s = 0; now_s <= 3000; now_s += 300) learn(1, kPods, now_s);
    BOOST_TEST(find(1, 3300) == kPods);
    BOOST_TEST(is(learn(1, kOtherPods, 3300), Learned::Refused));
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
    io::Switch large(4, 1u << 14);
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
    io::Switch small(4, 16);
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
    io::Switch large(4, 1u << 14);
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
