// SPDX-License-Identifier: Apache-2.0
// Tables with small numbers are laid out otherwise than those with large ones, and rows whose
// classes follow one another are one rule there. Nobody must notice.
#include "dataplane/tier/acl_table.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace tierwall;

namespace {

std::uint32_t first_match(const std::vector<tier::Row>& rows, const tier::Key& key) {
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const tier::Row& row = rows[i];
        const bool port = row.any_protocol ||
                          (row.protocol == key.protocol && row.port_first <= key.destination_port &&
                           key.destination_port <= row.port_last);
        const bool peer = row.any_class || row.peer_class == key.peer_class;
        if (row.group == key.group && peer && port) return i;
    }
    return tier::kNoRow;
}

std::uint32_t found(const tier::AclTable& table, const tier::Key& key) {
    std::uint32_t row = 12345;
    table.classify({&key, 1}, {&row, 1});
    return row;
}

/// Numbers around a value, so that neighbours and edges meet.
class Numbers {
public:
    Numbers(std::uint32_t seed, std::uint16_t high) : random_(seed), high_(high) {}
    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(random_() % limit);
    }
    std::uint16_t near_high() { return static_cast<std::uint16_t>(high_ - below(6)); }
    std::uint16_t port() {
        return static_cast<std::uint16_t>(below(2) == 0 ? below(8) : 250 + below(12));
    }

private:
    std::mt19937 random_;
    std::uint16_t high_;
};

std::vector<tier::Row> some_rows(Numbers& numbers) {
    std::vector<tier::Row> rows;
    while (rows.size() < 60) {
        tier::Row row{.group = numbers.near_high(), .peer_class = numbers.near_high()};
        row.any_class = numbers.below(8) == 0;
        row.any_protocol = numbers.below(8) == 0;
        row.protocol = numbers.below(2) == 0 ? 6 : 17;
        row.port_first = numbers.port();
        row.port_last = std::max(row.port_first, numbers.port());
        rows.push_back(row);
        // A run, which the next row may or may not go on.
        for (std::uint32_t left = numbers.below(4); left > 0 && row.peer_class < 65535; --left) {
            ++row.peer_class;
            rows.push_back(row);
        }
    }
    return rows;
}

/// The largest number in a table: on either side of what fits a byte, and the last one.
constexpr std::uint16_t kHighs[] = {8, 253, 254, 255, 256, 259, 65535};

}  // namespace

BOOST_DATA_TEST_CASE(any_table_answers_as_a_walk_through_its_rows,
                     boost::unit_test::data::make(kHighs), high) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        Numbers numbers(seed, high);
        const std::vector<tier::Row> rows = some_rows(numbers);
        const auto table = tier::AclTable::build(rows);
        BOOST_REQUIRE(table.ok());
        for (int i = 0; i < 500; ++i) {
            const tier::Key key{
                .group = static_cast<std::uint16_t>(numbers.near_high() + numbers.below(3)),
                .peer_class = static_cast<std::uint16_t>(numbers.near_high() + numbers.below(5)),
                .protocol = static_cast<std::uint8_t>(numbers.below(2) == 0 ? 6 : 17),
                .destination_port = numbers.port()};
            BOOST_REQUIRE_EQUAL(found(**table, key), first_match(rows, key));
        }
    }
}

BOOST_AUTO_TEST_CASE(large_numbers_are_strangers_to_a_table_of_small_ones) {
    const std::vector<tier::Row> rows{{.group = 254, .peer_class = 254, .protocol = 6},
                                      {.group = 254, .any_class = true, .protocol = 17}};
    const auto table = tier::AclTable::build(rows);
    BOOST_REQUIRE(table.ok());
    constexpr std::uint16_t kBeyond[] = {255, 256, 510, 511, 65535};
    for (const std::uint16_t beyond : kBeyond) {
        BOOST_CHECK_EQUAL(found(**table, {254, beyond, 6, 1}), tier::kNoRow);
        BOOST_CHECK_EQUAL(found(**table, {254, beyond, 17, 1}), 1u);
        BOOST_CHECK_EQUAL(found(**table, {beyond, 254, 6, 1}), tier::kNoRow);
    }
    BOOST_CHECK_EQUAL(found(**table, {254, 254, 6, 1}), 0u);
}

BOOST_AUTO_TEST_CASE(each_row_of_a_run_is_found_as_itself) {
    std::vector<tier::Row> rows{{.group = 1, .peer_class = 12, .protocol = 6, .rule = 9}};
    for (std::uint16_t number = 10; number <= 20; ++number) {
        rows.push_back({.group = 1, .peer_class = number, .protocol = 6, .rule = 1});
    }
    // Of another rule, so no part of the run.
    rows.push_back({.group = 1, .peer_class = 21, .protocol = 6, .rule = 2});
    const auto table = tier::AclTable::build(rows);
    BOOST_REQUIRE(table.ok());
    BOOST_CHECK_EQUAL(found(**table, {1, 9, 6, 1}), tier::kNoRow);
    BOOST_CHECK_EQUAL(found(**table, {1, 12, 6, 1}), 0u);
    for (std::uint16_t number = 10; number <= 21; ++number) {
        if (number == 12) continue;
        BOOST_CHECK_EQUAL(found(**table, {1, number, 6, 1}), number - 9u);
    }
    BOOST_CHECK_EQUAL(found(**table, {1, 22, 6, 1}), tier::kNoRow);
}
