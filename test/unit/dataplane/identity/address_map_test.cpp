// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identity/address_map.hpp"

#include "test/support/eal.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

using namespace tierwall;
using identity::AddressMap;
using identity::Entry;
using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);

namespace {

base::Address address(std::uint32_t number) {
    const std::array<std::uint8_t, 4> bytes{10, static_cast<std::uint8_t>(number >> 16),
                                            static_cast<std::uint8_t>(number >> 8),
                                            static_cast<std::uint8_t>(number)};
    return base::Address::v4(bytes.data());
}

std::unique_ptr<AddressMap> map_of(std::uint32_t addresses_max) {
    auto map = AddressMap::create({.addresses_max = addresses_max, .numa_socket = -1});
    BOOST_REQUIRE(map.ok());
    return std::move(*map);
}

Entry at(const AddressMap& map, const base::Address& key, std::uint32_t generation) {
    std::array<Entry, 1> entry;
    map.lookup({&key, 1}, generation, entry);
    return entry[0];
}

AddressMap::Assignment pod(std::uint32_t identity) {
    return {.identity = identity, .node = 1, .flags = identity::kEntryPod};
}

std::uint32_t set(AddressMap& map, std::uint32_t number, std::uint32_t identity,
                  std::uint32_t generation) {
    const auto slot = map.set(address(number), pod(identity), generation);
    BOOST_REQUIRE(slot.ok());
    return *slot;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_generation_sees_addresses_as_they_were_in_it) {
    const auto map = map_of(16);
    const std::uint32_t slot = set(*map, 1, 5, 10);
    set(*map, 1, 6, 12);
    map->remove(address(1), 13);
    set(*map, 1, 7, 15);
    BOOST_CHECK(!at(*map, address(1), 9).is_known());
    BOOST_CHECK_EQUAL(at(*map, address(1), 10).identity, 5u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 11).identity, 5u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 12).identity, 6u);
    BOOST_CHECK(!at(*map, address(1), 13).is_known());
    BOOST_CHECK(!at(*map, address(1), 14).is_known());
    BOOST_CHECK_EQUAL(at(*map, address(1), 15).identity, 7u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 15).slot, slot);
    BOOST_CHECK_EQUAL(at(*map, address(1), 15).node, 1u);
    BOOST_CHECK(at(*map, address(1), 15).is_pod());
    BOOST_CHECK_EQUAL(map->size(), 1u);
}

BOOST_AUTO_TEST_CASE(the_last_change_within_a_generation_counts) {
    const auto map = map_of(16);
    set(*map, 1, 5, 3);
    set(*map, 1, 6, 3);
    BOOST_CHECK_EQUAL(at(*map, address(1), 3).identity, 6u);
    map->remove(address(1), 3);
    BOOST_CHECK(!at(*map, address(1), 3).is_known());
    set(*map, 1, 8, 3);
    BOOST_CHECK_EQUAL(at(*map, address(1), 3).identity, 8u);
    BOOST_CHECK(!at(*map, address(1), 2).is_known());
    map->reclaim(3);
    BOOST_CHECK_EQUAL(at(*map, address(1), 3).identity, 8u);
    BOOST_CHECK_EQUAL(map->versions_waiting(), 0u);
}

BOOST_AUTO_TEST_CASE(generations_may_wrap_around) {
    const auto map = map_of(16);
    set(*map, 1, 5, 0xfffffffeu);
    set(*map, 1, 6, 1);
    BOOST_CHECK_EQUAL(at(*map, address(1), 0xffffffffu).identity, 5u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 0).identity, 5u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 1).identity, 6u);
    map->reclaim(0);
    BOOST_CHECK_EQUAL(at(*map, address(1), 0).identity, 5u);
}

BOOST_AUTO_TEST_CASE(whoever_remembers_a_slot_notices_every_change) {
    const auto map = map_of(16);
    const std::uint32_t bucket = at(*map, address(1), 1).slot;
    BOOST_CHECK_LT(bucket, identity::kBucketSlots);
    const std::uint32_t slot = set(*map, 1, 5, 2);
    BOOST_CHECK_GE(slot, identity::kBucketSlots);
    // A flow to the address while it was unknown must notice that it is known now.
    BOOST_CHECK_EQUAL(map->changed(bucket), 2u);
    BOOST_CHECK_EQUAL(map->changed(slot), 2u);
    set(*map, 1, 6, 3);
    BOOST_CHECK_EQUAL(map->changed(bucket), 2u);
    BOOST_CHECK_EQUAL(map->changed(slot), 3u);
    set(*map, 1, 6, 4);
    BOOST_CHECK_EQUAL(map->changed(slot), 3u);
    map->touch(slot, 5);
    BOOST_CHECK_EQUAL(map->changed(slot), 5u);
    map->remove(address(1), 6);
    BOOST_CHECK_EQUAL(map->changed(slot), 6u);
    BOOST_CHECK_EQUAL(map->changed(bucket), 6u);
    map->touch_unknown(7);
    BOOST_CHECK_EQUAL(map->changed(bucket), 7u);
    BOOST_CHECK_EQUAL(map->changed(slot), 6u);
}

BOOST_AUTO_TEST_CASE(a_group_of_slots_is_never_older_than_its_slots) {
    const auto map = map_of(4096);
    std::mt19937 random(3);
    std::vector<std::uint32_t> slots;
    const std::uint32_t start = 0xfffffe00;  // so that generations wrap on the way
    for (std::uint32_t n = 0; n < 3000; ++n) slots.push_back(set(*map, n, start, start));
    std::size_t quiet = 0;
    for (std::uint32_t generation = start + 1; generation != start + 1000; ++generation) {
        const auto number = static_cast<std::uint32_t>(random() % 3000);
        if (random() % 2 == 0) {
            set(*map, number, generation, generation);
        } else {
            map->touch(slots[number], generation);
        }
        if (generation == start + 600) map->touch_unknown(generation);
        BOOST_REQUIRE_EQUAL(map->changed_nearby(slots[number]), generation);
        const std::uint32_t other = slots[random() % 3000];
        BOOST_REQUIRE_GE(
            static_cast<std::int32_t>(map->changed_nearby(other) - map->changed(other)), 0);
        quiet += map->changed_nearby(other) != generation ? 1 : 0;
    }
    BOOST_TEST(quiet > 900u);
}

BOOST_AUTO_TEST_CASE(slots_come_back_only_after_every_worker_was_quiescent) {
    const auto map = map_of(16);
    const std::uint32_t slot = set(*map, 1, 5, 1);
    map->remove(address(1), 2);
    map->reclaim(1);
    BOOST_CHECK_EQUAL(map->unreleased(), 0u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 1).slot, slot);
    map->reclaim(2);
    BOOST_CHECK_EQUAL(map->unreleased(), 1u);
    BOOST_CHECK_EQUAL(map->room(), 31u);
    BOOST_CHECK_GT(map->versions_waiting(), 0u);
    // The address may come back meanwhile; then it has another slot.
    const std::uint32_t other = set(*map, 1, 6, 3);
    BOOST_CHECK_NE(other, slot);
    map->release();
    BOOST_CHECK_EQUAL(map->unreleased(), 0u);
    BOOST_CHECK_EQUAL(map->room(), 31u);
    BOOST_CHECK_EQUAL(map->versions_waiting(), 0u);
    BOOST_CHECK_EQUAL(at(*map, address(1), 3).identity, 6u);
}

BOOST_AUTO_TEST_CASE(every_address_can_be_exchanged_again_and_again) {
    constexpr std::uint32_t kMax = 1000;
    const auto map = map_of(kMax);
    for (std::uint32_t round = 0; round < 6; ++round) {
        const std::uint32_t generation = round + 1;
        for (std::uint32_t i = 0; round > 0 && i < kMax; ++i) {
            map->remove(address((round - 1) * kMax + i), generation);
        }
        for (std::uint32_t i = 0; i < kMax; ++i) set(*map, round * kMax + i, i + 1, generation);
        BOOST_REQUIRE_EQUAL(map->size(), kMax);
        map->reclaim(generation);
        map->release();
        BOOST_REQUIRE_EQUAL(map->room(), kMax);
    }
    for (std::uint32_t i = 0; i < kMax; ++i) {
        BOOST_REQUIRE_EQUAL(at(*map, address(5 * kMax + i), 6).identity, i + 1);
        BOOST_REQUIRE(!at(*map, address(4 * kMax + i), 6).is_known());
    }
}

BOOST_AUTO_TEST_CASE(one_address_too_many_is_refused) {
    const auto map = map_of(40);
    for (std::uint32_t i = 0; i < 40; ++i) set(*map, i, 1, 1);
    const auto refused = map->set(address(99), pod(1), 1);
    BOOST_REQUIRE(!refused.ok());
    BOOST_CHECK(refused.error().code == base::Errc::Limit);
    map->remove(address(0), 2);
    BOOST_CHECK(map->set(address(99), pod(1), 2).ok());
    BOOST_CHECK(AddressMap::create({.addresses_max = 0}).ok() == false);
    BOOST_CHECK(AddressMap::create({.addresses_max = 0xffffffff}).ok() == false);
}

BOOST_AUTO_TEST_CASE(an_address_belongs_to_the_first_port_that_claims_it) {
    const auto map = map_of(16);
    set(*map, 1, 5, 1);
    const Entry entry = at(*map, address(1), 1);
    BOOST_CHECK_EQUAL(map->bound_port(entry), identity::kUnbound);
    BOOST_CHECK(map->claim(entry, 3));
    BOOST_CHECK(map->claim(entry, 3));
    BOOST_CHECK(!map->claim(entry, 4));
    BOOST_CHECK_EQUAL(map->bound_port(entry), 3);
    // What it is may change; it stays where it is.
    set(*map, 1, 6, 2);
    BOOST_CHECK_EQUAL(map->bound_port(at(*map, address(1), 2)), 3);
    map->remove(address(1), 3);
    BOOST_REQUIRE_EQUAL(set(*map, 1, 5, 4), entry.slot);
    BOOST_CHECK_EQUAL(map->bound_port(at(*map, address(1), 4)), identity::kUnbound);
    BOOST_CHECK(map->claim(at(*map, address(1), 4), 4));
    BOOST_CHECK(!map->claim(at(*map, address(2), 4), 1));
}

BOOST_AUTO_TEST_CASE(a_claim_as_of_an_old_generation_does_not_reach_the_next_owner) {
    const auto map = map_of(16);
    set(*map, 1, 5, 1);
    const Entry before = at(*map, address(1), 1);
    BOOST_CHECK(map->claim(before, 3));
    map->remove(address(1), 2);
    set(*map, 1, 6, 2);
    BOOST_REQUIRE_EQUAL(at(*map, address(1), 2).slot, before.slot);
    BOOST_CHECK(!map->claim(before, 3));
    BOOST_CHECK(!map->claim(before, 4));
    BOOST_CHECK(!map->claim(at(*map, address(1), 1), 4));
    BOOST_CHECK_EQUAL(map->bound_port(at(*map, address(1), 2)), identity::kUnbound);
    BOOST_CHECK(map->claim(at(*map, address(1), 2), 5));
    BOOST_CHECK_EQUAL(map->bound_port(at(*map, address(1), 2)), 5);
    // Nor does the new owner's port count for the one before.
    BOOST_CHECK_EQUAL(map->bound_port(before), identity::kUnbound);
    BOOST_CHECK(!map->claim(before, 5));
}

BOOST_AUTO_TEST_CASE(a_slot_that_comes_back_knows_nothing_of_its_last_address) {
    const auto map = map_of(1);
    set(*map, 1, 5, 1);
    const Entry before = at(*map, address(1), 1);
    BOOST_CHECK(map->claim(before, 3));
    std::uint32_t generation = 1;
    Entry now;
    for (std::uint32_t number = 2; number < 40; ++number) {
        map->remove(address(number - 1), ++generation);
        map->reclaim(generation);
        map->release();
        set(*map, number, 5, generation);
        now = at(*map, address(number), generation);
        BOOST_CHECK_EQUAL(map->bound_port(now), identity::kUnbound);
        if (now.slot != before.slot) continue;
        BOOST_CHECK(!map->claim(before, 3));
        BOOST_CHECK_EQUAL(map->bound_port(now), identity::kUnbound);
        return;
    }
    BOOST_ERROR("the slot never came back");
}

BOOST_AUTO_TEST_CASE(a_configured_port_waits_for_its_address_and_outlives_it) {
    const auto map = map_of(16);
    map->bind(address(1), 7, 1);
    set(*map, 1, 5, 1);
    const Entry entry = at(*map, address(1), 1);
    BOOST_CHECK_EQUAL(map->bound_port(entry), 7);
    BOOST_CHECK(!map->claim(entry, 8));
    map->remove(address(1), 2);
    map->reclaim(2);
    map->release();
    BOOST_CHECK(!at(*map, address(1), 2).is_known());
    set(*map, 1, 5, 3);
    const Entry again = at(*map, address(1), 3);
    BOOST_CHECK_EQUAL(map->bound_port(again), 7);
    map->bind(address(1), identity::kUnbound, 4);
    BOOST_CHECK(map->claim(again, 8));
    map->bind(address(1), 9, 5);
    BOOST_CHECK_EQUAL(map->bound_port(again), 9);
}

BOOST_AUTO_TEST_CASE(flows_are_judged_again_when_their_address_is_taken_from_a_port) {
    const auto map = map_of(16);
    const std::uint32_t slot = set(*map, 1, 5, 1);
    map->bind(address(1), 7, 2);  // nobody has been accepted yet
    BOOST_CHECK_EQUAL(map->changed(slot), 1u);
    map->bind(address(1), 7, 3);
    BOOST_CHECK_EQUAL(map->changed(slot), 1u);
    map->bind(address(1), 8, 4);
    BOOST_CHECK_EQUAL(map->changed(slot), 4u);
    map->bind(address(1), identity::kUnbound, 5);
    BOOST_CHECK_EQUAL(map->changed(slot), 5u);
    BOOST_CHECK(map->claim(at(*map, address(1), 1), 3));
    BOOST_CHECK_EQUAL(map->changed(slot), 5u);
    map->bind(address(1), 9, 6);
    BOOST_CHECK_EQUAL(map->changed(slot), 6u);
}

BOOST_AUTO_TEST_CASE(a_reserved_address_is_seen_by_nobody_and_can_be_given_back) {
    const auto map = map_of(8);
    for (std::uint32_t i = 0; i < 16; ++i) BOOST_REQUIRE(map->reserve(address(i)).ok());
    BOOST_CHECK_EQUAL(map->room(), 0u);
    BOOST_CHECK_EQUAL(map->size(), 0u);
    BOOST_CHECK(map->reserve(address(3)).ok());
    const auto refused = map->reserve(address(16));
    BOOST_REQUIRE(!refused.ok());
    BOOST_CHECK(refused.error().code == base::Errc::Limit);
    const Entry entry = at(*map, address(3), 5);
    BOOST_CHECK(!entry.is_known());
    BOOST_CHECK_LT(entry.slot, identity::kBucketSlots);
    BOOST_CHECK(!map->newest(address(3)).has_value());
    for (std::uint32_t i = 0; i < 8; ++i) map->write(address(i), pod(i + 1), 1);
    BOOST_CHECK_EQUAL(map->size(), 8u);
    BOOST_CHECK_EQUAL(at(*map, address(3), 1).identity, 4u);
    const std::uint32_t changed = map->changed(at(*map, address(9), 1).slot);
    for (std::uint32_t i = 8; i < 16; ++i) map->remove(address(i), 2);
    BOOST_CHECK_EQUAL(map->changed(at(*map, address(9), 1).slot), changed);
    BOOST_CHECK_EQUAL(map->size(), 8u);
    map->reclaim(2);
    map->release();
    BOOST_CHECK_EQUAL(map->room(), 8u);
    BOOST_CHECK_EQUAL(map->versions_waiting(), 0u);
}

BOOST_AUTO_TEST_CASE(random_histories_are_seen_as_a_model_sees_them) {
    constexpr std::uint32_t kKeys = 200;
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        std::mt19937 random(seed);
        const auto map = map_of(kKeys);
        std::map<std::uint32_t, std::map<std::uint32_t, std::uint32_t>> history;  // by generation
        std::map<std::uint32_t, std::uint32_t> now;
        std::uint32_t oldest = 0;
        history[0] = now;
        for (std::uint32_t generation = 1; generation < 60; ++generation) {
            for (std::uint32_t n = static_cast<std::uint32_t>(random() % 30); n > 0; --n) {
                const auto key = static_cast<std::uint32_t>(random() % kKeys);
                if (random() % 3 == 0) {
                    map->remove(address(key), generation);
                    now.erase(key);
                } else {
                    now[key] = static_cast<std::uint32_t>(random() % 5 + 1);
                    set(*map, key, now[key], generation);
                }
            }
            history[generation] = now;
            BOOST_REQUIRE_EQUAL(map->size(), now.size());
            if (random() % 3 == 0) {
                oldest = oldest + static_cast<std::uint32_t>(random() % (generation - oldest + 1));
                map->reclaim(oldest);
                if (random() % 2 == 0) map->release();
                history.erase(history.begin(), history.lower_bound(oldest));
            }
            for (const auto& [as_of, addresses] : history) {
                std::set<std::uint32_t> slots;
                for (std::uint32_t key = 0; key < kKeys; ++key) {
                    const Entry entry = at(*map, address(key), as_of);
                    const auto expected = addresses.find(key);
                    BOOST_REQUIRE_EQUAL(entry.is_known(), expected != addresses.end());
                    if (expected == addresses.end()) continue;
                    BOOST_REQUIRE_EQUAL(entry.identity, expected->second);
                    BOOST_REQUIRE(slots.insert(entry.slot).second);
                }
            }
        }
    }
}

// Two addresses exchange their identities in every generation. Whatever a reader sees, it must be
// the state of the generation that it holds: never both the same, never one missing.
BOOST_AUTO_TEST_CASE(a_reader_beside_the_writer_never_sees_half_a_change) {
    const auto map = map_of(64);
    std::atomic<std::uint32_t> published{0};
    std::atomic<std::uint32_t> held{1};   // the generation that the reader may be using
    std::atomic<std::uint64_t> quiet{0};  // bursts the reader has ended
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> wrong{0};
    const auto write = [&](std::uint32_t generation) {
        for (std::uint32_t i = 0; i < 8; ++i) set(*map, i, 1 + (generation + i) % 2, generation);
        // An address that comes and goes, so that slots are used again.
        if (generation % 2 == 0) {
            set(*map, 100 + generation % 64, generation, generation);
        } else {
            map->remove(address(100 + (generation - 1) % 64), generation);
        }
        published.store(generation, std::memory_order_release);
    };
    write(2);
    held = 2;
    std::thread reader([&] {
        std::array<base::Address, 9> keys;
        for (std::uint32_t i = 0; i < 8; ++i) keys[i] = address(i);
        while (!stop.load(std::memory_order_acquire)) {
            const std::uint32_t generation = published.load(std::memory_order_acquire);
            held.store(generation, std::memory_order_release);
            keys[8] = address(100 + (generation - generation % 2) % 64);
            for (int burst = 0; burst < 20; ++burst) {
                std::array<Entry, 9> entries;
                map->lookup(keys, generation, entries);
                for (std::uint32_t i = 0; i < 8; ++i) {
                    if (entries[i].identity != 1 + (generation + i) % 2) ++wrong;
                }
                const bool there = generation % 2 == 0;
                if (entries[8].is_known() != there) ++wrong;
                if (there && entries[8].identity != generation) ++wrong;
            }
            quiet.fetch_add(1, std::memory_order_acq_rel);
        }
    });
    std::uint32_t generation = 2;
    std::uint64_t quiet_at = 0;
    std::size_t released = 0;
    const auto start = std::chrono::steady_clock::now();
    // Two seconds; on a busy machine longer, until slots have come back some times.
    const auto go_on = [&] {
        const auto passed = std::chrono::steady_clock::now() - start;
        return passed < std::chrono::seconds(2) ||
               (released < 5 && passed < std::chrono::seconds(20));
    };
    while (go_on()) {
        write(++generation);
        if (map->unreleased() == 0) {
            // `held` may be behind what the reader took, never ahead of it.
            map->reclaim(held.load(std::memory_order_acquire));
            quiet_at = quiet.load(std::memory_order_acquire) + 2;
        } else if (quiet.load(std::memory_order_acquire) >= quiet_at) {
            map->release();
            ++released;
        }
    }
    stop = true;
    reader.join();
    BOOST_CHECK_EQUAL(wrong.load(), 0u);
    BOOST_CHECK_GT(generation, 100u);
    BOOST_CHECK_GE(released, 5u);
    BOOST_CHECK_GT(quiet.load(), 100u);
}
