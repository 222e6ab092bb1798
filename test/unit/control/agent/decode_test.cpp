// SPDX-License-Identifier: Apache-2.0
#include "control/agent/decode.hpp"

#include "control/agent/decode_model.hpp"
#include "control/agent/enforcer_tables.hpp"
#include "test/unit/control/agent/faults.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace tierwall;
using namespace tierwall::agent;
using testing::Fault;
using testing::kFaults;
using testing::SmallSnapshot;

namespace {

/// What is wrong with a snapshot, tables included.
std::vector<base::Error> problems_of(const proto::ResourceSet& resources,
                                     std::size_t problems_max = 20) {
    std::vector<base::Error> list;
    Problems problems(list, problems_max);
    Model model;
    Edit edit(model);
    edit.apply(resources.since({}), problems);
    if (problems.none()) edit.check(problems);
    if (problems.none()) {
        const auto built = build_tables(model, {});
        if (!built.ok()) problems.add(built.error());
    }
    return list;
}

using S = SmallSnapshot;

bool names(const std::vector<base::Error>& problems, const Fault& fault) {
    for (const base::Error& problem : problems) {
        if (problem.code == fault.code && problem.where == fault.where) return true;
    }
    return false;
}

std::string all(const std::vector<base::Error>& problems) {
    std::string out;
    for (const base::Error& p : problems)
        out += std::string(base::name(p.code)) + " " + p.text() + "\n";
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_snapshot_that_is_broken_below_is_good_as_it_is) {
    const auto problems = problems_of(SmallSnapshot().resources);
    BOOST_CHECK_MESSAGE(problems.empty(), all(problems));
}

BOOST_DATA_TEST_CASE(a_bad_resource_is_named, boost::unit_test::data::make(kFaults), fault) {
    SmallSnapshot snapshot;
    fault.inject(snapshot);
    const auto problems = problems_of(snapshot.resources);
    BOOST_CHECK_MESSAGE(names(problems, fault), "found only:\n" + all(problems));
}

// The same as a change of a good snapshot: what it breaks elsewhere must be noticed, and taking it
// back must leave the good one.
BOOST_DATA_TEST_CASE(a_bad_change_is_named_and_taken_back, boost::unit_test::data::make(kFaults),
                     fault) {
    const SmallSnapshot good;
    SmallSnapshot bad = good;
    fault.inject(bad);
    std::vector<base::Error> list;
    Problems problems(list, 20);
    Model model;
    {
        Edit first(model);
        first.apply(good.resources.since({}), problems);
        first.check(problems);
        BOOST_REQUIRE(problems.none());
    }
    const auto tables = model.tables;
    Edit change(model);
    change.apply(bad.resources.since(good.resources), problems);
    if (problems.none()) change.check(problems);
    if (problems.none()) {
        const auto built = build_tables(model, {});
        if (!built.ok()) problems.add(built.error());
    }
    BOOST_CHECK_MESSAGE(names(list, fault), "found only:\n" + all(list));
    change.undo();
    BOOST_CHECK(model.tables == tables);
    BOOST_CHECK_EQUAL(model.addresses.size(), 6u);
    BOOST_CHECK_EQUAL(model.rules.size(), 4u);
    list.clear();
    Edit again(model);
    again.apply(good.resources.since({}), problems);
    again.check(problems);
    BOOST_CHECK_MESSAGE(problems.none(), all(list));
}

BOOST_AUTO_TEST_CASE(limits_themselves_are_allowed) {
    SmallSnapshot s;
    s.node(3, std::string(kNameBytesMax, 'n'));
    s.tier(base::kTiersMax - 1, "Last", v1::TIER_KIND_ORDERED);
    s.pod("10.0.0.9", kIdentitiesMax - 1, 1, "a/b");
    s.prefix("0.0.0.0/0", 1);
    s.prefix("::/0", 1);
    s.prefix("10.0.0.1/32", 1);
    s.prefix("fd00::1/128", 1);
    v1::Table table = S::guard_table();
    table.set_number(kTableNumberMax);
    table.mutable_groups(0)->set_number(65535);
    table.clear_rows();
    S::add(table, {65535, 65535, 255, 0, 65535, v1::ACTION_REJECT, testing::kNoSsh});
    S::add(table, {65535, 65536, 256, 65535, 65535, v1::ACTION_PASS, testing::kNoSsh});
    s.put(table);
    v1::Membership members = S::members(0, v1::DIRECTION_EGRESS, {{9, 65535}}, {{9, 65535}});
    members.set_table(kTableNumberMax);
    s.put(members);
    const auto problems = problems_of(s.resources);
    BOOST_CHECK_MESSAGE(problems.empty(), all(problems));
}

BOOST_AUTO_TEST_CASE(ipv4_blocks_and_ipv6_blocks_are_told_apart) {
    const auto v4 = prefix_of(testing::sixteen("10.0.0.0"), 104);
    BOOST_REQUIRE(v4.has_value());
    BOOST_CHECK_EQUAL(base::text(*v4), "10.0.0.0/8");
    const auto all_v4 = prefix_of(testing::sixteen("0.0.0.0"), 96);
    BOOST_REQUIRE(all_v4.has_value());
    BOOST_CHECK_EQUAL(base::text(*all_v4), "0.0.0.0/0");
    const auto all_v6 = prefix_of(testing::sixteen("::"), 0);
    BOOST_REQUIRE(all_v6.has_value());
    BOOST_CHECK_EQUAL(base::text(*all_v6), "::/0");
}

BOOST_AUTO_TEST_CASE(no_more_problems_are_collected_than_asked_for) {
    SmallSnapshot s;
    for (std::uint32_t i = 1000; i < 1100; ++i) s.policy(i, 5, "p");
    BOOST_CHECK_EQUAL(problems_of(s.resources, 20).size(), 20u);
    for (std::uint32_t i = 1000; i < 1100; ++i) s.policy(i, 5, "");
    BOOST_CHECK_EQUAL(problems_of(s.resources, 20).size(), 20u);
}

BOOST_AUTO_TEST_CASE(random_bytes_never_get_further_than_a_refusal_or_a_checked_model) {
    std::mt19937 random(7);
    const SmallSnapshot good;
    std::vector<std::pair<proto::Key, std::string>> items;
    good.resources.for_each(
        [&](const proto::Key& key, const std::string& body) { items.emplace_back(key, body); });
    std::size_t refused = 0;
    for (int round = 0; round < 5000; ++round) {
        SmallSnapshot bad = good;
        auto [key, body] = items[random() % items.size()];
        for (std::size_t n = 1 + random() % 3; n > 0 && !body.empty(); --n) {
            std::string& target = random() % 8 == 0 ? key.bytes : body;
            target[random() % target.size()] = static_cast<char>(random());
        }
        if (random() % 4 == 0) body.resize(random() % (body.size() + 1));
        bad.resources.put(key, body);
        if (!problems_of(bad.resources).empty()) ++refused;
    }
    BOOST_CHECK_GT(refused, 1000u);
}
