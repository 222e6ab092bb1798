// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/spread.hpp"

#include <boost/test/unit_test.hpp>

#include <rte_byteorder.h>
#include <rte_thash.h>

#include <array>
#include <random>
#include <vector>

namespace {

using namespace tierwall;

std::array<std::uint8_t, 40> key() {
    std::array<std::uint8_t, 40> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i % 2 == 0 ? io::kSpreadKey >> 8 : io::kSpreadKey);
    }
    return bytes;
}

std::uint32_t card_hash(const std::vector<std::uint8_t>& addresses) {
    std::array<std::uint32_t, 8> words{};
    for (std::size_t i = 0; i < addresses.size() / 4; ++i) {
        std::uint32_t word;
        std::memcpy(&word, &addresses[i * 4], 4);
        words[i] = rte_be_to_cpu_32(word);
    }
    return rte_softrss(words.data(), static_cast<std::uint32_t>(addresses.size() / 4),
                       key().data());
}

std::vector<std::uint8_t> random_addresses(std::mt19937& random, std::size_t bytes) {
    std::vector<std::uint8_t> addresses(bytes);
    for (auto& byte : addresses) byte = static_cast<std::uint8_t>(random());
    return addresses;
}

std::vector<std::uint8_t> reversed(const std::vector<std::uint8_t>& pair) {
    const auto half = static_cast<std::ptrdiff_t>(pair.size() / 2);
    std::vector<std::uint8_t> other(pair.begin() + half, pair.end());
    other.insert(other.end(), pair.begin(), pair.begin() + half);
    return other;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spread)

BOOST_AUTO_TEST_CASE(software_and_cards_come_to_the_same_hash) {
    std::mt19937 random(7);
    for (const unsigned bytes : {8u, 32u}) {
        for (int round = 0; round < 1000; ++round) {
            const auto pair = random_addresses(random, bytes);
            const std::uint32_t hash = card_hash(pair);
            BOOST_REQUIRE_EQUAL(io::spread_hash(pair.data(), bytes), hash & 0xffff);
            BOOST_REQUIRE_EQUAL(hash >> 16, hash & 0xffff);
        }
    }
}

BOOST_AUTO_TEST_CASE(both_directions_have_one_hash) {
    std::mt19937 random(8);
    for (const unsigned bytes : {8u, 32u}) {
        for (int round = 0; round < 1000; ++round) {
            const auto pair = random_addresses(random, bytes);
            BOOST_REQUIRE_EQUAL(io::spread_hash(pair.data(), bytes),
                                io::spread_hash(reversed(pair).data(), bytes));
        }
    }
}

BOOST_AUTO_TEST_CASE(neighbouring_pods_are_spread_over_all_workers) {
    for (const std::uint32_t workers : {2u, 3u, 8u}) {
        std::vector<unsigned> share(workers);
        for (std::uint8_t pod = 0; pod < 64; ++pod) {
            for (std::uint8_t peer = 64; peer < 128; ++peer) {
                const std::array<std::uint8_t, 8> pair{10, 0, 0, pod, 10, 0, 1, peer};
                ++share[io::spread_worker(io::spread_hash(pair.data(), 8), workers)];
            }
        }
        for (const unsigned part : share) {
            BOOST_TEST(part > 64 * 64 / workers / 2);
            BOOST_TEST(part < 64 * 64 / workers * 2);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
