// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer.hpp"

#include "test/support/eal.hpp"
#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>

using namespace tierwall;
using namespace tierwall::agent::testing;
using agent::Enforcer;
using base::Action;
using base::Decision;
using base::Direction;
using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);

namespace {

using S = SmallSnapshot;
constexpr std::uint8_t kTcp = 6;

base::Address ip(const std::string& text) { return *base::parse_address(text); }

struct Fixture {
    std::unique_ptr<Enforcer> enforcer;
    std::vector<base::Error> problems;
    std::uint64_t epoch = 0;

    explicit Fixture(Enforcer::Options options = {.addresses_max = 1000}) {
        auto made = Enforcer::create(options);
        BOOST_REQUIRE(made.ok());
        enforcer = std::move(*made);
    }
    void apply(const SmallSnapshot& snapshot) {
        const auto status = enforcer->apply(snapshot.resources, ++epoch, problems);
        const std::string wrong = status.ok() ? std::string() : status.error().text();
        BOOST_REQUIRE_MESSAGE(status.ok(), wrong);
        BOOST_REQUIRE(problems.empty());
    }
    std::uint32_t changed(const std::string& address) const {
        return enforcer->addresses().changed(enforcer->entry(ip(address)).slot);
    }
    std::shared_ptr<const tier::Ladder> ladder() const {
        return enforcer->published().load()->ladder;
    }
    Enforcer::Answer ask(const std::string& from, const std::string& to, std::uint16_t port) const {
        return enforcer->ask(ip(from), ip(to), kTcp, port);
    }
};

constexpr Decision kNotSubject{Action::Allow, 0, base::kTierNotSubject, 0};
constexpr Decision kDefault{Action::Allow, 0, base::kTierDefault, 0};
constexpr Decision kSelf{Action::Allow, 0, base::kTierSelf, 0};
constexpr Decision kOwnNode{Action::Allow, 0, base::kTierOwnNode, 0};

struct Probe {
    const char* name;
    const char* from;
    const char* to;
    std::uint16_t port;
    Decision egress;
    Decision ingress;
};
std::ostream& operator<<(std::ostream& out, const Probe& probe) { return out << probe.name; }

const std::vector<Probe> kProbes{
    {"db_reaches_web", "10.0.0.3", "10.0.0.1", 80, kDefault, {Action::Allow, 0, 1, kAllowDb}},
    {"other_port", "10.0.0.3", "10.0.0.1", 81, kDefault, {Action::Deny, 0, 1, kIsolation}},
    {"web_does_not_reach_web",
     "10.0.0.2",
     "10.0.0.1",
     80,
     kDefault,
     {Action::Deny, 0, 1, kIsolation}},
    {"a_pod_reaches_itself", "10.0.0.1", "10.0.0.1", 22, kSelf, kSelf},
    {"own_node", "172.16.0.1", "10.0.0.1", 9999, kNotSubject, kOwnNode},
    {"other_node", "172.16.0.2", "10.0.0.1", 9999, kNotSubject, {Action::Deny, 0, 1, kIsolation}},
    {"pod_on_own_node_is_no_node",
     "10.0.0.3",
     "10.0.0.1",
     9999,
     kDefault,
     {Action::Deny, 0, 1, kIsolation}},
    {"admin_forbids_ssh", "10.0.0.1", "172.16.0.1", 22, {Action::Deny, 0, 0, kNoSsh}, kNotSubject},
    {"block_of_the_baseline",
     "10.0.0.3",
     "192.168.7.7",
     1,
     {Action::Deny, 0, 2, kNoOffice},
     kNotSubject},
    {"outside_the_block", "10.0.0.3", "192.169.0.0", 1, kDefault, kNotSubject},
    {"strangers", "8.8.8.8", "9.9.9.9", 1, kNotSubject, kNotSubject},
    {"ipv6", "8::8", "fd00::1", 80, kNotSubject, {Action::Deny, 0, 1, kIsolation}},
};

}  // namespace

BOOST_DATA_TEST_CASE(first_packets_are_judged_as_the_snapshot_says,
                     boost::unit_test::data::make(kProbes), probe) {
    Fixture f;
    f.apply({});
    const auto answer = f.ask(probe.from, probe.to, probe.port);
    BOOST_CHECK(answer.egress == probe.egress);
    BOOST_CHECK(answer.ingress == probe.ingress);
    BOOST_CHECK_EQUAL(answer.allowed, probe.egress.action == Action::Allow &&
                                          probe.ingress.action == Action::Allow);
}

BOOST_AUTO_TEST_CASE(what_each_tier_says_is_shown_up_to_the_one_that_decides) {
    Fixture f;
    f.apply({});
    const auto views =
        f.enforcer->look(Direction::Ingress, {ip("10.0.0.3"), ip("10.0.0.1"), 0, 81, kTcp});
    BOOST_REQUIRE_EQUAL(views.size(), 2u);
    BOOST_CHECK_EQUAL(views[0].tier, "Admin");
    BOOST_CHECK(views[0].policies.empty() && !views[0].matched);
    BOOST_CHECK(views[0].action == Action::Pass);
    BOOST_CHECK_EQUAL(views[1].tier, "NetworkPolicy");
    BOOST_REQUIRE_EQUAL(views[1].policies.size(), 1u);
    BOOST_CHECK_EQUAL(views[1].policies[0], "NetworkPolicy/shop/web");
    BOOST_CHECK(!views[1].matched && views[1].action == Action::Deny);
    BOOST_CHECK_EQUAL(views[1].rule, kIsolation);
    BOOST_CHECK(
        f.enforcer->look(Direction::Egress, {ip("8.8.8.8"), ip("10.0.0.1"), 0, 1, 6}).empty());
    BOOST_CHECK(
        f.enforcer->look(Direction::Egress, {ip("10.0.0.1"), ip("10.0.0.1"), 0, 1, 6}).empty());
}

BOOST_AUTO_TEST_CASE(names_are_found_both_ways) {
    Fixture f;
    f.apply({});
    const auto rule = f.enforcer->rule(kAllowDb);
    BOOST_REQUIRE(rule.has_value());
    BOOST_CHECK_EQUAL(rule->tier, "NetworkPolicy");
    BOOST_CHECK_EQUAL(rule->policy, "NetworkPolicy/shop/web");
    BOOST_CHECK_EQUAL(rule->direction, "ingress");
    BOOST_CHECK_EQUAL(rule->index, 0);
    BOOST_CHECK_EQUAL(rule->action, "allow");
    BOOST_CHECK_EQUAL(f.enforcer->rule(kIsolation)->index, -1);
    BOOST_CHECK(!f.enforcer->rule(9999).has_value());
    BOOST_CHECK_EQUAL(*f.enforcer->owner(ip("fd00::1")), "shop/web-0");
    BOOST_CHECK_EQUAL(*f.enforcer->owner(ip("172.16.0.2")), "n2");
    BOOST_CHECK(!f.enforcer->owner(ip("192.168.0.1")).has_value());
    BOOST_CHECK_EQUAL(f.enforcer->addresses_of("shop/web-0").size(), 2u);
    BOOST_CHECK(f.enforcer->addresses_of("shop/nobody").empty());
}

BOOST_AUTO_TEST_CASE(before_the_first_snapshot_nothing_is_enforced) {
    Fixture f;
    BOOST_CHECK(f.enforcer->published().load() == nullptr);
    BOOST_CHECK_EQUAL(f.enforcer->epoch(), 0u);
    BOOST_CHECK(f.ask("10.0.0.1", "10.0.0.2", 80).egress == kNotSubject);
    BOOST_CHECK(!f.enforcer->apply(SmallSnapshot().resources, 0, f.problems).ok());
    BOOST_CHECK(f.enforcer->published().load() == nullptr);
    BOOST_CHECK_EQUAL(f.enforcer->reclaim(), 0u);
}

BOOST_AUTO_TEST_CASE(the_same_snapshot_again_builds_and_touches_nothing) {
    Fixture f;
    f.apply({});
    const auto ladder = f.ladder();
    const auto cidrs = f.enforcer->published().load()->cidrs;
    // Bodies of equal bytes, but all of them new objects.
    f.apply({});
    BOOST_CHECK(f.ladder() == ladder);
    BOOST_CHECK(f.enforcer->published().load()->cidrs == cidrs);
    BOOST_CHECK_EQUAL(f.enforcer->published().load()->epoch, 2u);
    BOOST_CHECK_EQUAL(f.enforcer->epoch(), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 1u);
    BOOST_CHECK_EQUAL(f.changed("8.8.8.8"), 1u);  // prefixes came with the first snapshot
}

BOOST_AUTO_TEST_CASE(an_address_that_comes_changes_no_table_and_no_other_address) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    const auto ladder = f.ladder();
    s.pod("10.0.0.9", kWeb, 2, "shop/web-9");
    f.apply(s);
    BOOST_CHECK(f.ladder() == ladder);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.9"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 1u);
    BOOST_CHECK_EQUAL(f.ask("10.0.0.1", "10.0.0.9", 80).ingress.rule, kIsolation);
    s.erase_address("10.0.0.9");
    f.apply(s);
    BOOST_CHECK(f.ladder() == ladder);
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.9")).is_known());
    BOOST_CHECK(f.ask("10.0.0.1", "10.0.0.9", 80).ingress == kNotSubject);
    BOOST_CHECK(!f.enforcer->owner(ip("10.0.0.9")).has_value());
    BOOST_CHECK(f.enforcer->addresses_of("shop/web-9").empty());
}

BOOST_AUTO_TEST_CASE(changed_rows_touch_the_subjects_of_their_group_and_nobody_else) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    s.put(S::web_table(8080));
    f.apply(s);
    BOOST_CHECK(f.ask("10.0.0.3", "10.0.0.1", 8080).allowed);
    BOOST_CHECK(!f.ask("10.0.0.3", "10.0.0.1", 80).allowed);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.2"), 2u);
    BOOST_CHECK_EQUAL(f.changed("fd00::1"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 1u);
    BOOST_CHECK_EQUAL(f.changed("172.16.0.1"), 1u);
    BOOST_CHECK_EQUAL(f.changed("192.168.0.1"), 1u);
}

BOOST_AUTO_TEST_CASE(a_table_with_other_rows_for_another_group_leaves_this_group_alone) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    v1::Table table = S::web_table();
    v1::Group second = table.groups(0);
    second.set_number(2);
    *table.add_groups() = second;
    S::add(table, {2, 65536, 17, 53, 53, v1::ACTION_ALLOW, kAllowDb});
    s.put(table);
    s.put(S::members(1, v1::DIRECTION_INGRESS, {{kWeb, 1}, {kDb, 2}}, {{kDb, 7}}));
    f.apply(s);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 1u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 2u);
    BOOST_CHECK_EQUAL(f.ask("10.0.0.1", "10.0.0.3", 80).ingress.rule, kIsolation);
}

BOOST_AUTO_TEST_CASE(a_known_peer_in_another_class_touches_the_subjects_that_name_the_class) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    s.put(S::members(1, v1::DIRECTION_INGRESS, {{kWeb, 1}}, {{kDb, 8}}));
    f.apply(s);
    BOOST_CHECK(!f.ask("10.0.0.3", "10.0.0.1", 80).allowed);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 1u);
    // From a class that no row names to another such: nothing can be judged otherwise.
    s.put(S::members(1, v1::DIRECTION_INGRESS, {{kWeb, 1}}, {{kDb, 9}}));
    f.apply(s);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 2u);
}

BOOST_AUTO_TEST_CASE(a_block_in_another_class_touches_the_subjects_that_name_the_class) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    s.put(S::members(2, v1::DIRECTION_EGRESS, {{kDb, 1}}, {}));
    f.apply(s);
    BOOST_CHECK(f.ask("10.0.0.3", "192.168.7.7", 1).allowed);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 1u);
    s.put(S::members(2, v1::DIRECTION_EGRESS, {{kDb, 1}}, {{identity::kWorld, 7}}));
    f.apply(s);
    BOOST_CHECK(!f.ask("10.0.0.3", "8.8.8.8", 1).allowed);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 3u);
}

BOOST_AUTO_TEST_CASE(a_new_identity_touches_nobody_but_its_own_addresses) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    s.pod("10.0.0.9", kCache, 1, "shop/cache-0");
    s.put(S::members(1, v1::DIRECTION_INGRESS, {{kWeb, 1}}, {{kDb, 7}, {kCache, 7}}));
    f.apply(s);
    BOOST_CHECK(f.ask("10.0.0.9", "10.0.0.1", 80).allowed);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.9"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 1u);
}

BOOST_AUTO_TEST_CASE(subjects_that_enter_or_leave_a_group_are_touched) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    s.put(S::members(1, v1::DIRECTION_INGRESS, {{kDb, 1}}, {{kDb, 7}}));
    f.apply(s);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 2u);
    BOOST_CHECK_EQUAL(f.changed("172.16.0.1"), 1u);
    BOOST_CHECK(f.ask("10.0.0.2", "10.0.0.1", 1).ingress == kDefault);
    s.erase(v1::RESOURCE_TYPE_TABLE, {1, 2, 0});
    s.erase(v1::RESOURCE_TYPE_MEMBERSHIP, {1, 2, 0});
    f.apply(s);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 3u);
    BOOST_CHECK(f.ask("10.0.0.1", "10.0.0.3", 1).ingress == kDefault);
}

BOOST_AUTO_TEST_CASE(other_blocks_touch_all_unknown_addresses) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    const auto ladder = f.ladder();
    s.prefix("192.168.7.0/24", kCache);
    f.apply(s);
    BOOST_CHECK(f.ladder() == ladder);
    BOOST_CHECK(f.ask("10.0.0.3", "192.168.7.7", 1).allowed);
    BOOST_CHECK_EQUAL(f.changed("192.168.7.7"), 2u);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 1u);
    BOOST_CHECK_EQUAL(f.enforcer->published().load()->services->find(ip("10.96.0.1")), 1u);
    BOOST_CHECK_EQUAL(f.enforcer->published().load()->services->find(ip("10.112.0.1")), 0u);
}

BOOST_AUTO_TEST_CASE(the_scope_of_everybody_tells_nobodys_place) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    for (const char* address : {"10.0.0.1", "10.0.0.2", "172.16.0.1"}) {
        BOOST_CHECK(f.enforcer->entry(ip(address)).is_local());
        BOOST_CHECK(!f.enforcer->entry(ip(address)).is_placed());
    }
}

BOOST_AUTO_TEST_CASE(only_pods_of_the_node_in_scope_are_subjects) {
    Fixture f({.scope = "node:n1", .addresses_max = 1000});
    SmallSnapshot s;
    f.apply(s);
    BOOST_CHECK(f.enforcer->entry(ip("10.0.0.1")).is_subject());
    BOOST_CHECK(f.enforcer->entry(ip("10.0.0.1")).is_placed());
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.2")).is_subject());
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.2")).is_placed());
    BOOST_CHECK(!f.enforcer->entry(ip("172.16.0.1")).is_subject());
    BOOST_CHECK(f.enforcer->entry(ip("172.16.0.1")).is_placed());
    BOOST_CHECK(!f.enforcer->entry(ip("172.16.0.2")).is_placed());
    BOOST_CHECK(f.ask("10.0.0.3", "10.0.0.2", 1).ingress == kNotSubject);
    // The name moves to the other number.
    s.node(1, "n3");
    s.node(2, "n1");
    f.apply(s);
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.1")).is_subject());
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.1")).is_placed());
    BOOST_CHECK(f.enforcer->entry(ip("10.0.0.2")).is_subject());
    BOOST_CHECK(f.enforcer->entry(ip("10.0.0.2")).is_placed());
    BOOST_CHECK_EQUAL(f.changed("10.0.0.2"), 2u);
    BOOST_CHECK(!Enforcer::create({.scope = "node:"}).ok());
    BOOST_CHECK(!Enforcer::create({.scope = "some"}).ok());
}

BOOST_AUTO_TEST_CASE(a_refused_snapshot_leaves_no_trace_and_the_next_good_one_works) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    const auto* before = f.enforcer->published().load();
    const auto hash = f.enforcer->resources().hash();
    SmallSnapshot bad = s;
    bad.pod("10.0.0.9", kWeb, 2, "shop/web-9");
    bad.erase_address("10.0.0.1");
    bad.put(S::web_table(443));
    bad.policy(77, 5, "lost");
    const auto status = f.enforcer->apply(bad.resources, 2, f.problems);
    BOOST_REQUIRE(!status.ok());
    BOOST_REQUIRE_EQUAL(f.problems.size(), 1u);
    BOOST_CHECK_EQUAL(f.problems[0].where, "Policy 77");
    BOOST_CHECK(f.enforcer->published().load() == before);
    BOOST_CHECK(f.enforcer->resources().hash() == hash);
    BOOST_CHECK_EQUAL(f.enforcer->epoch(), 1u);
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.9")).is_known());
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), 1u);
    BOOST_CHECK(f.ask("10.0.0.3", "10.0.0.1", 80).allowed);
    BOOST_CHECK_EQUAL(f.enforcer->addresses().size(), 6u);
    bad.policy(77, 2, "found");
    f.apply(bad);
    BOOST_CHECK(f.enforcer->entry(ip("10.0.0.9")).is_known());
    BOOST_CHECK(!f.enforcer->entry(ip("10.0.0.1")).is_known());
}

BOOST_AUTO_TEST_CASE(one_address_above_the_limit_is_refused_and_the_limit_itself_is_not) {
    Fixture f({.addresses_max = 8});
    SmallSnapshot s;
    s.pod("10.0.1.1", kWeb, 1, "shop/a");
    s.pod("10.0.1.2", kWeb, 1, "shop/b");
    f.apply(s);
    s.pod("10.0.1.3", kWeb, 1, "shop/c");
    const auto refused = f.enforcer->apply(s.resources, 2, f.problems);
    BOOST_REQUIRE(!refused.ok());
    BOOST_CHECK(refused.error().code == base::Errc::Limit);
    BOOST_CHECK_EQUAL(f.enforcer->addresses().size(), 8u);
    // All of them may be exchanged at once, again and again.
    for (int round = 0; round < 10; ++round) {
        SmallSnapshot other;
        for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"}) {
            other.erase_address(each);
        }
        for (int i = 0; i < 6; ++i) {
            const std::string name = "10." + std::to_string(round) + ".2." + std::to_string(i);
            other.pod(name, kDb, 1, "shop/x");
        }
        f.apply(other);
        BOOST_REQUIRE_EQUAL(f.enforcer->addresses().size(), 8u);
    }
}

BOOST_AUTO_TEST_CASE(a_worker_keeps_seeing_its_generation_until_it_takes_the_next) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    f.enforcer->readers().online(0);
    const worker::Snapshot* held = f.enforcer->published().load();
    s.erase_address("10.0.0.3");
    s.pod("10.0.0.1", kDb, 1, "shop/db-1");
    f.apply(s);
    const std::array<base::Address, 2> keys{ip("10.0.0.3"), ip("10.0.0.1")};
    std::array<identity::Entry, 2> entries;
    for (int i = 0; i < 5; ++i) {
        BOOST_CHECK_EQUAL(f.enforcer->reclaim(), 1u);
        f.enforcer->addresses().lookup(keys, held->generation, entries);
        BOOST_CHECK(entries[0].is_known());
        BOOST_CHECK_EQUAL(entries[1].identity, kWeb);
    }
    // Judged as of the old generation, a flow is not taken for current.
    BOOST_CHECK_GT(f.changed("10.0.0.1"), held->generation);
    f.enforcer->readers().quiescent(0);
    held = f.enforcer->published().load();
    BOOST_CHECK_EQUAL(f.enforcer->reclaim(), 0u);
    f.enforcer->addresses().lookup(keys, held->generation, entries);
    BOOST_CHECK(!entries[0].is_known());
    BOOST_CHECK_EQUAL(entries[1].identity, kDb);
    BOOST_CHECK_EQUAL(f.enforcer->addresses().unreleased(), 1u);
    f.enforcer->readers().quiescent(0);
    f.enforcer->reclaim();
    BOOST_CHECK_EQUAL(f.enforcer->addresses().unreleased(), 0u);
    f.enforcer->readers().offline(0);
}

/// Median of what enforcing one more pod takes among so many, in milliseconds.
double one_more_pod_among(std::uint32_t pods) {
    Fixture f({.addresses_max = 1u << 17});
    SmallSnapshot s;
    for (std::uint32_t i = 0; i < pods; ++i) {
        const std::string name = "10." + std::to_string(16 + i / 65536) + "." +
                                 std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
        s.pod(name, 10 + i % 500, 1 + i % 2, "many/pod-" + std::to_string(i));
    }
    f.apply(s);
    std::vector<double> milliseconds;
    for (int i = 0; i < 21; ++i) {
        SmallSnapshot next = s;
        next.pod("10.0.9." + std::to_string(i), kWeb, 1, "shop/new");
        const auto start = std::chrono::steady_clock::now();
        f.apply(next);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - start;
        milliseconds.push_back(took.count());
        f.enforcer->reclaim();
        s = next;
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    return milliseconds[10];
}

BOOST_AUTO_TEST_CASE(what_one_more_pod_costs_does_not_grow_with_the_number_of_pods) {
    const double few = one_more_pod_among(1'000);
    const double many = one_more_pod_among(100'000);
    BOOST_TEST_MESSAGE("one pod more: " << few << " ms among 1,000, " << many
                                        << " ms among 100,000");
    BOOST_CHECK_LT(many, 20 * few);  // a walk over all of them would be a hundredfold
}
