// SPDX-License-Identifier: Apache-2.0
#include "control/agent/built_rows.hpp"

#include "control/agent/enforcer.hpp"
#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace tierwall;
using namespace tierwall::agent::testing;
using agent::BuiltRows;
using agent::Enforcer;
using base::Direction;

namespace {

using S = SmallSnapshot;

const agent::TableKey kWebTable{1, Direction::Ingress, 0};
const auto kGoOn = [] { return false; };

BuiltRows built(const proto::ResourceSet& before, const proto::ResourceSet& now) {
    auto rows = agent::build_rows(before, now, kGoOn);
    BOOST_REQUIRE(rows.ok());
    return std::move(*rows);
}

std::unique_ptr<Enforcer> enforcer_of(const SmallSnapshot& snapshot, const BuiltRows& rows) {
    auto made = Enforcer::create({.addresses_max = 1000});
    BOOST_REQUIRE(made.ok());
    std::vector<base::Error> problems;
    BOOST_REQUIRE((*made)->apply(snapshot.resources, 1, problems, rows).ok());
    return std::move(*made);
}

bool allows_db(const Enforcer& enforcer, std::uint16_t port) {
    return enforcer.ask(*base::parse_address("10.0.0.3"), *base::parse_address("10.0.0.1"), 6, port)
        .allowed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(built_rows)

BOOST_AUTO_TEST_CASE(only_tables_with_other_rows_are_built) {
    const proto::ResourceSet before = SmallSnapshot().resources;
    SmallSnapshot now;
    BOOST_TEST(built(before, now.resources).empty());
    now.pod("10.0.0.9", kWeb, 2, "shop/web-2");
    BOOST_TEST(built(before, now.resources).empty());
    now.put(SmallSnapshot::web_table(443));
    const BuiltRows rows = built(before, now.resources);
    BOOST_REQUIRE(rows.size() == 1u);
    BOOST_TEST((rows.begin()->first == kWebTable));
    BOOST_TEST(rows.begin()->second->rows()[0].port_first == 443);
}

BOOST_AUTO_TEST_CASE(the_enforcer_takes_them_and_builds_none_itself) {
    const SmallSnapshot snapshot;
    BuiltRows rows;
    std::thread([&] { rows = built({}, snapshot.resources); }).join();
    BOOST_TEST(rows.size() == 3u);
    const auto enforcer = enforcer_of(snapshot, rows);
    for (const auto& [key, table] : rows) BOOST_TEST(table.use_count() > 1);
    BOOST_TEST(allows_db(*enforcer, 80));
}

BOOST_AUTO_TEST_CASE(rows_of_another_epoch_are_not_taken) {
    SmallSnapshot other;
    other.put(SmallSnapshot::web_table(443));
    const BuiltRows rows = built({}, other.resources);
    const auto enforcer = enforcer_of(SmallSnapshot(), rows);
    BOOST_TEST(rows.at(kWebTable).use_count() == 1);
    BOOST_TEST(allows_db(*enforcer, 80));
    BOOST_TEST(!allows_db(*enforcer, 443));
}

BOOST_AUTO_TEST_CASE(who_stops_does_not_build_on) {
    int asked = 0;
    const auto rows = agent::build_rows({}, SmallSnapshot().resources, [&] { return ++asked > 1; });
    BOOST_REQUIRE(!rows.ok());
    BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decoded_is_left_to_the_check) {
    SmallSnapshot broken;
    broken.resources.put(proto::Key{v1::RESOURCE_TYPE_TABLE, "odd"}, std::string("\xff"));
    BOOST_TEST(built({}, broken.resources).size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
