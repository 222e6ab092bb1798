// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identity/cidr_table.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

using namespace tierwall;

namespace {

identity::CidrIdentity block(const std::string& text, std::uint32_t identity) {
    return {*base::parse_prefix(text), identity};
}

std::uint32_t at(const identity::CidrTable& table, const std::string& text) {
    return table.find(*base::parse_address(text));
}

std::uint32_t naive(const std::vector<identity::CidrIdentity>& blocks,
                    const base::Address& address) {
    int longest = -1;
    std::uint32_t found = 0;
    for (const auto& each : blocks) {
        if (!each.prefix.contains(address) || each.prefix.length < longest) continue;
        longest = each.prefix.length;
        found = each.identity;
    }
    return found;
}

base::Prefix random_prefix(std::mt19937& random) {
    const bool v4 = random() % 2 == 0;
    base::Address address;
    // Few distinct bytes, so that blocks nest, touch and repeat.
    constexpr std::uint8_t kBytes[] = {0, 1, 127, 128, 254, 255};
    for (auto& byte : address.bytes) byte = kBytes[random() % 6];
    if (v4) address = base::Address::v4(address.bytes.data());
    const unsigned bits = v4 ? 33 : 129;
    const std::string text = base::text(address) + "/" + std::to_string(random() % bits);
    return *base::parse_prefix(text);
}

/// First and last address of a block, and their neighbours.
std::vector<base::Address> edges(const base::Prefix& prefix) {
    std::vector<base::Address> all;
    base::Address first = prefix.address;
    base::Address last = first;
    for (unsigned bit = prefix.mapped_length(); bit < 128; ++bit) {
        last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | (0x80u >> (bit % 8)));
    }
    all.push_back(first);
    all.push_back(last);
    for (int i = 15; i >= 0 && first.bytes[std::size_t(i)]-- == 0; --i) {
    }
    for (int i = 15; i >= 0 && ++last.bytes[std::size_t(i)] == 0; --i) {
    }
    all.push_back(first);
    all.push_back(last);
    return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_empty_table_knows_only_the_world) {
    const auto table = identity::CidrTable::build({});
    BOOST_CHECK_EQUAL(at(table, "10.0.0.1"), 0u);
    BOOST_CHECK_EQUAL(at(table, "::1"), 0u);
    BOOST_CHECK_EQUAL(table.ranges(), 0u);
}

BOOST_AUTO_TEST_CASE(longest_block_counts_and_families_are_apart) {
    const std::vector<identity::CidrIdentity> blocks{
        block("::/0", 9),        block("10.0.0.0/8", 1),         block("10.1.0.0/16", 2),
        block("10.1.2.3/32", 3), block("255.255.255.255/32", 4), block("2001:db8::/32", 5),
        block("0.0.0.0/32", 6),  block("ffff::/16", 7)};
    const auto table = identity::CidrTable::build(blocks);
    BOOST_CHECK_EQUAL(at(table, "10.0.255.255"), 1u);
    BOOST_CHECK_EQUAL(at(table, "10.1.0.0"), 2u);
    BOOST_CHECK_EQUAL(at(table, "10.1.2.2"), 2u);
    BOOST_CHECK_EQUAL(at(table, "10.1.2.3"), 3u);
    BOOST_CHECK_EQUAL(at(table, "10.1.2.4"), 2u);
    BOOST_CHECK_EQUAL(at(table, "10.2.0.0"), 1u);
    BOOST_CHECK_EQUAL(at(table, "11.0.0.0"), 0u);
    BOOST_CHECK_EQUAL(at(table, "0.0.0.0"), 6u);
    BOOST_CHECK_EQUAL(at(table, "0.0.0.1"), 0u);
    BOOST_CHECK_EQUAL(at(table, "255.255.255.255"), 4u);
    BOOST_CHECK_EQUAL(at(table, "2001:db8::1"), 5u);
    BOOST_CHECK_EQUAL(at(table, "2001:db9::"), 9u);
    BOOST_CHECK_EQUAL(at(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 7u);
    BOOST_CHECK_EQUAL(at(table, "::"), 9u);
}

BOOST_AUTO_TEST_CASE(of_equal_blocks_the_later_one_counts) {
    const std::vector<identity::CidrIdentity> blocks{block("10.0.0.0/8", 1), block("0.0.0.0/0", 8),
                                                     block("10.0.0.0/8", 2), block("0.0.0.0/0", 3)};
    const auto table = identity::CidrTable::build(blocks);
    BOOST_CHECK_EQUAL(at(table, "10.0.0.1"), 2u);
    BOOST_CHECK_EQUAL(at(table, "11.0.0.0"), 3u);
}

BOOST_AUTO_TEST_CASE(deep_nests_need_no_more_ranges_than_promised) {
    std::vector<identity::CidrIdentity> blocks;
    for (std::uint32_t length = 0; length <= 128; ++length) {
        blocks.push_back(block("aaaa:5555::5/" + std::to_string(length), length + 1));
    }
    const auto table = identity::CidrTable::build(blocks);
    BOOST_CHECK_LE(table.ranges(), 2 * blocks.size() + 1);
    BOOST_CHECK_EQUAL(at(table, "aaaa:5555::5"), 129u);
    BOOST_CHECK_EQUAL(at(table, "aaaa:5555::4"), 128u);
}

BOOST_AUTO_TEST_CASE(random_tables_answer_as_a_linear_search_does) {
    std::mt19937 random(20);
    for (int round = 0; round < 300; ++round) {
        std::vector<identity::CidrIdentity> blocks(random() % 40);
        for (auto& each : blocks) {
            each = {random_prefix(random), static_cast<std::uint32_t>(random() % 6)};
        }
        const auto table = identity::CidrTable::build(blocks);
        BOOST_REQUIRE_LE(table.ranges(), 2 * blocks.size() + 2);
        for (const auto& each : blocks) {
            for (const auto& address : edges(each.prefix)) {
                BOOST_REQUIRE_MESSAGE(table.find(address) == naive(blocks, address),
                                      "round " << round << " " << base::text(address));
            }
        }
        for (int i = 0; i < 20; ++i) {
            const auto address = random_prefix(random).address;
            BOOST_REQUIRE_EQUAL(table.find(address), naive(blocks, address));
        }
    }
}
