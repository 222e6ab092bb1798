// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/compile/check.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tierwall::compile {
namespace {

using base::Action;

/// `count` pods, each with a policy that allows `count` ports from `count` peers of its own.
World crowd(std::uint32_t count) {
    World world;
    world.add_namespace("a");
    std::vector<policy::Rule> rules;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string number = std::to_string(i);
        world.add_pod("a/p" + number, "10.0.0." + std::to_string(i + 1), {{"id", number}});
        rules.push_back(rule(Action::Allow, {pods_in("a", {{"id", number}})},
                             {tcp(static_cast<std::uint16_t>(80 + 2 * i))}));
    }
    world.policies = {network_policy("a", "all", {}, rules)};
    return world;
}

base::Result<Output> tried(const Limits& limits, const World& world) {
    Compiler compiler(limits);
    return compiler.compile(world.input());
}

void check_refused(const Limits& limits, const World& world, const std::string& where) {
    const auto output = tried(limits, world);
    BOOST_REQUIRE(!output.ok());
    BOOST_TEST((output.error().code == base::Errc::Limit));
    BOOST_TEST(output.error().where == where);
}

void check_complete(const Limits& limits, const World& world) {
    const auto output = tried(limits, world);
    BOOST_REQUIRE(output.ok());
    BOOST_TEST(output->warnings.empty());
    check(world, *output, {ip("10.0.0.1"), ip("10.0.0.2"), base::kIpTcp, 80});
}

/// The one policy isolates and allows nothing.
void check_closed(const Limits& limits, const World& world, const std::string& limit) {
    const auto output = tried(limits, world);
    BOOST_REQUIRE(output.ok());
    BOOST_TEST(output->summary.rows == 0u);
    BOOST_TEST(output->summary.groups == 1u);
    BOOST_REQUIRE(output->warnings.size() == 1u);
    BOOST_TEST(output->warnings[0].object == "NetworkPolicy/a/all");
    BOOST_TEST(output->warnings[0].message.find(limit) != std::string::npos);
    const Answer answer =
        judged(support::SnapshotReader(output->resources), base::Direction::Ingress,
               {ip("10.0.0.1"), ip("10.0.0.2"), base::kIpTcp, 80});
    BOOST_TEST(!answer.allowed);
    BOOST_TEST(answer.policy == "NetworkPolicy/a/all");
}

}  // namespace

BOOST_AUTO_TEST_CASE(identities_are_limited_exactly) {
    BOOST_TEST(tried({.identities = 9}, crowd(8)).ok());  // eight and the world
    check_refused({.identities = 8}, crowd(8), "identities");
}

BOOST_AUTO_TEST_CASE(classes_are_limited_exactly) {
    check_complete({.classes = 8}, crowd(8));
    check_closed({.classes = 7}, crowd(8), "7 classes of peers");
}

BOOST_AUTO_TEST_CASE(rows_are_limited_exactly_and_name_the_policy) {
    check_complete({.policy_rows = 8}, crowd(8));
    check_closed({.policy_rows = 7}, crowd(8), "7 rows");
    check_complete({.rows = 8}, crowd(8));
    check_closed({.rows = 7}, crowd(8), "7 rows");
}

BOOST_AUTO_TEST_CASE(groups_beyond_a_table_go_to_the_next) {
    World world = crowd(8);
    for (std::uint32_t i = 0; i < 8; ++i) {
        const std::string number = std::to_string(i);
        world.policies.push_back(
            network_policy("a", "own" + number, {{"id", number}}, {any_rule(Action::Allow)}));
    }
    const auto output = tried({.groups = 3}, world);
    BOOST_REQUIRE(output.ok());
    BOOST_TEST(output->summary.groups == 8u);
    BOOST_TEST(output->summary.tables == 3u);
    const support::SnapshotReader reader(output->resources);
    for (const auto& [_, table] : reader.tables()) {
        BOOST_TEST(table.groups_size() <= 3);
        for (const auto& group : table.groups()) {
            BOOST_TEST(group.number() >= 1u);
            BOOST_TEST(group.number() <= 3u);
        }
    }
}

BOOST_AUTO_TEST_CASE(class_numbers_fill_sixteen_bits) {
    // Each block is a class of its own: as many as there are numbers, and one more.
    World world;
    world.add_namespace("a");
    std::vector<policy::Rule> rules;
    const Limits limits{.rows = 1u << 17, .policy_rows = 1u << 17};
    const std::uint32_t most = limits.classes;
    const auto add = [&](std::uint32_t i) {
        policy::NetworkSet set;
        base::Prefix prefix = cidr("10.0.0.0/32");
        prefix.address.bytes[13] = static_cast<std::uint8_t>(i >> 16);
        prefix.address.bytes[14] = static_cast<std::uint8_t>(i >> 8);
        prefix.address.bytes[15] = static_cast<std::uint8_t>(i);
        set.cidrs = {prefix};
        rules.push_back(rule(Action::Allow, {set}));
    };
    for (std::uint32_t i = 0; i < most; ++i) add(i);
    world.add_pod("a/p", "10.0.0.2");
    world.policies = {network_policy("a", "all", {}, rules)};
    const auto fits = tried(limits, world);
    BOOST_REQUIRE(fits.ok());
    BOOST_TEST(fits->summary.classes == most);
    check(world, *fits, {ip("10.0.255.254"), ip("10.0.0.2"), base::kIpTcp, 80});
    add(most);
    world.policies = {network_policy("a", "all", {}, rules)};
    check_closed(limits, world, "65535 classes of peers");
}

}  // namespace tierwall::compile
