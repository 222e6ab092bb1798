// SPDX-License-Identifier: Apache-2.0
#include "control/agent/rule_tally.hpp"

#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <vector>

using namespace tierwall;
using namespace tierwall::agent::testing;
using agent::Enforcer;
using agent::RuleHits;
using agent::RuleTally;

namespace {

using S = SmallSnapshot;

/// An enforcer whose changes a tally follows, and workers that count what the test says.
struct Followed {
    std::unique_ptr<Enforcer> enforcer;
    RuleTally tally;
    std::map<std::uint32_t, RuleHits> counted;
    std::uint64_t epoch = 0;

    explicit Followed(const SmallSnapshot& first) {
        auto made = Enforcer::create({.scope = "node:n1", .addresses_max = 1000});
        BOOST_REQUIRE(made.ok());
        enforcer = std::move(*made);
        apply(first);
    }
    RuleTally::Counted counts() {
        return [this](std::uint32_t number) { return counted[number]; };
    }
    void apply(const SmallSnapshot& next) {
        std::vector<base::Error> problems;
        const auto leaving =
            tally.leaving(next.resources.since(enforcer->resources()), *enforcer, counts());
        BOOST_REQUIRE(enforcer->apply(next.resources, ++epoch, problems).ok());
        tally.follow(leaving, *enforcer, counts());
    }
    std::uint64_t decided(std::uint32_t number) {
        return tally.of(number, counted[number]).decided;
    }
};

/// The snapshot in which NetworkPolicy/shop/web's rule has another number than kAllowDb.
SmallSnapshot with_web_rule(std::uint32_t number) {
    SmallSnapshot out;
    out.erase(v1::RESOURCE_TYPE_RULE, {kAllowDb});
    out.rule(number, kWebPolicy, v1::DIRECTION_INGRESS, v1::ACTION_ALLOW);
    v1::Table table = SmallSnapshot::web_table();
    table.mutable_rows()->set_rule(0, number);
    out.put(table);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rule_tally)

BOOST_AUTO_TEST_CASE(a_rule_takes_its_hits_to_a_new_number) {
    Followed followed{SmallSnapshot()};
    followed.counted[kAllowDb] = {7, 2};
    followed.counted[400] = {50, 0};
    BOOST_TEST(followed.decided(kAllowDb) == 7u);
    followed.apply(with_web_rule(400));
    BOOST_TEST(followed.decided(400) == 7u);
    BOOST_TEST(followed.tally.of(400, followed.counted[400]).would_deny == 2u);
    followed.counted[400] = {53, 1};
    BOOST_TEST(followed.decided(400) == 10u);
    BOOST_TEST(followed.tally.of(400, followed.counted[400]).would_deny == 3u);
    followed.apply(SmallSnapshot());
    BOOST_TEST(followed.decided(kAllowDb) == 10u);
}

BOOST_AUTO_TEST_CASE(a_number_leaves_the_hits_of_its_last_rule_behind) {
    Followed followed{SmallSnapshot()};
    followed.counted[kAllowDb] = {7, 0};
    followed.counted[kNoSsh] = {3, 0};
    SmallSnapshot gone;
    gone.erase(v1::RESOURCE_TYPE_RULE, {kAllowDb});
    v1::Table table = SmallSnapshot::web_table();
    table.clear_rows();
    gone.put(table);
    followed.apply(gone);
    SmallSnapshot other = gone;
    other.rule(kAllowDb, kGuard, v1::DIRECTION_EGRESS, v1::ACTION_ALLOW);
    v1::Table guard = SmallSnapshot::guard_table();
    SmallSnapshot::add(guard, {1, 65536, 6, 80, 80, v1::ACTION_ALLOW, kAllowDb});
    other.put(guard);
    followed.apply(other);
    BOOST_TEST(followed.decided(kAllowDb) == 0u);
    followed.counted[kAllowDb] = {8, 0};
    BOOST_TEST(followed.decided(kAllowDb) == 1u);
    BOOST_TEST(followed.decided(kNoSsh) == 3u);
}

BOOST_AUTO_TEST_CASE(what_does_not_change_is_counted_as_ever) {
    Followed followed{SmallSnapshot()};
    followed.counted[kNoSsh] = {3, 0};
    SmallSnapshot more;
    more.pod("10.0.0.9", kWeb, 2, "shop/web-2");
    followed.apply(more);
    followed.counted[kNoSsh] = {5, 0};
    BOOST_TEST(followed.decided(kNoSsh) == 5u);
}

BOOST_AUTO_TEST_CASE(a_scope_that_no_node_has_is_known_of) {
    Followed followed{SmallSnapshot()};
    BOOST_TEST(followed.enforcer->scope_is_known());
    SmallSnapshot without;
    for (const char* address : {"10.0.0.1", "fd00::1", "10.0.0.3", "172.16.0.1"}) {
        without.erase_address(address);
    }
    without.erase(v1::RESOURCE_TYPE_NODE, {1});
    followed.apply(without);
    BOOST_TEST(!followed.enforcer->scope_is_known());
}

BOOST_AUTO_TEST_SUITE_END()
