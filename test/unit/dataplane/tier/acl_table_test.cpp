// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tier/acl_table.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

using namespace tierwall;

namespace {

struct Probe {
    const char* name;
    tier::Key key;
    std::uint32_t row;
};
std::ostream& operator<<(std::ostream& out, const Probe& probe) { return out << probe.name; }

const std::vector<tier::Row> kRows{
    {.group = 1, .peer_class = 7, .protocol = 6, .port_first = 80, .port_last = 80},
    {.group = 1, .any_class = true, .protocol = 6, .port_first = 0x0100, .port_last = 0x0200},
    {.group = 0x0102, .peer_class = 0xffff, .any_protocol = true, .port_first = 5, .port_last = 5},
    {.group = 0xffff, .peer_class = 0, .protocol = 255, .port_first = 65535, .port_last = 65535},
    {.group = 1, .peer_class = 7, .any_protocol = true},
};

const std::vector<Probe> kProbes{
    {"exact", {1, 7, 6, 80}, 0},
    {"earlier_row_wins", {1, 7, 6, 0x0150}, 1},
    {"range_first", {1, 9, 6, 0x0100}, 1},
    {"range_last", {1, 9, 6, 0x0200}, 1},
    {"below_range", {1, 9, 6, 0x00ff}, tier::kNoRow},
    {"above_range", {1, 9, 6, 0x0201}, tier::kNoRow},
    {"other_protocol", {1, 9, 17, 0x0150}, tier::kNoRow},
    {"any_protocol_ignores_ports", {0x0102, 0xffff, 0, 9999}, 2},
    {"group_bytes_swapped", {0x0201, 0xffff, 0, 5}, tier::kNoRow},
    {"last_values", {0xffff, 0, 255, 65535}, 3},
    {"class_0_is_no_wildcard", {0xffff, 1, 255, 65535}, tier::kNoRow},
    {"later_row_when_earlier_ones_do_not_match", {1, 7, 6, 81}, 4},
    {"group_0", {0, 7, 6, 80}, tier::kNoRow},
    {"group_with_another_high_byte", {0x0101, 7, 6, 80}, tier::kNoRow},
    {"class_with_another_high_byte", {1, 0x0107, 6, 80}, tier::kNoRow},
};

}  // namespace

BOOST_DATA_TEST_CASE(first_row_that_matches_is_found, boost::unit_test::data::make(kProbes),
                     probe) {
    const auto table = tier::AclTable::build(kRows);
    BOOST_REQUIRE(table.ok());
    std::uint32_t row = 12345;
    (*table)->classify({&probe.key, 1}, {&row, 1});
    BOOST_CHECK_EQUAL(row, probe.row);
}

BOOST_AUTO_TEST_CASE(bursts_of_every_size_answer_each_key_in_its_place) {
    const auto table = tier::AclTable::build(kRows);
    BOOST_REQUIRE(table.ok());
    for (std::size_t size = 0; size <= tier::kBurstMax; ++size) {
        std::array<tier::Key, tier::kBurstMax> keys;
        std::array<std::uint32_t, tier::kBurstMax> rows;
        for (std::size_t i = 0; i < size; ++i) keys[i] = kProbes[(i * 5) % kProbes.size()].key;
        (*table)->classify({keys.data(), size}, {rows.data(), size});
        for (std::size_t i = 0; i < size; ++i) {
            BOOST_REQUIRE_EQUAL(rows[i], kProbes[(i * 5) % kProbes.size()].row);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_table_matches_nothing) {
    const auto table = tier::AclTable::build({});
    BOOST_REQUIRE(table.ok());
    std::uint32_t row = 0;
    const tier::Key key{.group = 1, .peer_class = 0, .protocol = 6, .destination_port = 80};
    (*table)->classify({&key, 1}, {&row, 1});
    BOOST_CHECK_EQUAL(row, tier::kNoRow);
    BOOST_CHECK_EQUAL((*table)->size(), 0u);
}

BOOST_AUTO_TEST_CASE(impossible_rows_are_refused) {
    const std::vector<tier::Row> reversed{
        {.group = 1, .protocol = 6, .port_first = 2, .port_last = 1}};
    const auto first = tier::AclTable::build(reversed);
    BOOST_REQUIRE(!first.ok());
    BOOST_CHECK(first.error().code == base::Errc::Invalid);
    const std::vector<tier::Row> ungrouped{{.group = 0, .protocol = 6}};
    const auto second = tier::AclTable::build(ungrouped);
    BOOST_REQUIRE(!second.ok());
    BOOST_CHECK(second.error().code == base::Errc::Invalid);
}

BOOST_AUTO_TEST_CASE(too_many_rows_are_refused) {
    const std::vector<tier::Row> rows(tier::kRowsMax + 1, {.group = 1, .any_protocol = true});
    const auto table = tier::AclTable::build(rows);
    BOOST_REQUIRE(!table.ok());
    BOOST_CHECK(table.error().code == base::Errc::Limit);
}

BOOST_AUTO_TEST_CASE(tables_built_beside_each_other_keep_their_own_rows) {
    std::vector<std::shared_ptr<const tier::AclTable>> tables;
    for (std::uint16_t i = 0; i < 50; ++i) {
        const std::vector<tier::Row> rows{
            {.group = 1, .any_class = true, .protocol = 6, .port_first = i, .port_last = i}};
        const auto table = tier::AclTable::build(rows);
        BOOST_REQUIRE(table.ok());
        tables.push_back(*table);
        if (i % 3 == 2) tables.erase(tables.begin());
    }
    for (const auto& table : tables) {
        const std::uint16_t port = table->row(0).port_first;
        const std::array<tier::Key, 2> keys{
            tier::Key{.group = 1, .peer_class = 0, .protocol = 6, .destination_port = port},
            tier::Key{.group = 1,
                      .peer_class = 0,
                      .protocol = 6,
                      .destination_port = static_cast<std::uint16_t>(port + 1)}};
        std::array<std::uint32_t, 2> rows{};
        table->classify(keys, rows);
        BOOST_CHECK_EQUAL(rows[0], 0u);
        BOOST_CHECK_EQUAL(rows[1], tier::kNoRow);
    }
}
