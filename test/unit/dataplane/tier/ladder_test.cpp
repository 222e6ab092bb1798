// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tier/ladder.hpp"

#include "test/support/eal.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <random>

using namespace tierwall;
using base::Action;
using base::Direction;
using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);

namespace {

std::shared_ptr<const tier::AclTable> table_of(const std::vector<tier::Row>& rows) {
    auto built = tier::AclTable::build(rows);
    BOOST_REQUIRE(built.ok());
    return *built;
}

std::shared_ptr<const tier::GroupOf> groups(std::vector<std::uint32_t> values) {
    return std::make_shared<const tier::GroupOf>(std::move(values));
}

constexpr std::uint32_t kPod = 1;
constexpr std::uint32_t kPeer = 2;
constexpr std::uint32_t kIsolationRule = 77;

/// One tier in which identity 1 has group 1 of table 0 and every peer class 0.
tier::Tier single(std::uint16_t number, tier::TierKind kind, const std::vector<tier::Row>& rows) {
    tier::Shard shard;
    if (!rows.empty()) shard.table = table_of(rows);
    shard.class_of = std::make_shared<const tier::ClassOf>();
    shard.isolation_rule = std::make_shared<const std::vector<std::uint32_t>>(
        std::vector<std::uint32_t>{0, kIsolationRule});
    const tier::DirectionTables tables{.group_of = groups({0, 1}), .shards = {shard}};
    return {.number = number, .kind = kind, .egress = tables, .ingress = tables};
}

tier::Row always(Action action, std::uint32_t rule) {
    return {.group = 1, .any_class = true, .any_protocol = true, .action = action, .rule = rule};
}

base::Decision ask(const tier::Ladder& ladder, Direction direction, tier::Question question) {
    std::array<base::Decision, 1> answer;
    ladder.decide(direction, {&question, 1}, answer);
    return answer[0];
}

tier::Question question(std::uint32_t subject = kPod, bool own_node = false) {
    return {.subject = subject,
            .peer = kPeer,
            .destination_port = 80,
            .protocol = 6,
            .own_node = own_node};
}

struct Steps {
    const char* name;
    std::vector<Action> admin, network, baseline;  // at most one row each; Pass in network: no row
    bool isolated;
    base::Decision expected;
};
std::ostream& operator<<(std::ostream& out, const Steps& steps) { return out << steps.name; }

const std::vector<Steps> kSteps{
    {"silence_is_allow", {}, {}, {}, false, {Action::Allow, 0, base::kTierDefault, 0}},
    {"admin_deny_wins", {Action::Deny}, {Action::Allow}, {}, true, {Action::Deny, 0, 0, 1}},
    {"admin_allow_wins", {Action::Allow}, {}, {Action::Deny}, true, {Action::Allow, 0, 0, 1}},
    {"admin_reject_is_final", {Action::Reject}, {}, {}, false, {Action::Reject, 0, 0, 1}},
    {"pass_goes_on", {Action::Pass}, {}, {Action::Deny}, false, {Action::Deny, 0, 2, 3}},
    {"isolation_denies", {}, {}, {Action::Allow}, true, {Action::Deny, 0, 1, kIsolationRule}},
    {"isolation_after_pass", {Action::Pass}, {}, {}, true, {Action::Deny, 0, 1, kIsolationRule}},
    {"network_allow_skips_baseline",
     {},
     {Action::Allow},
     {Action::Deny},
     true,
     {Action::Allow, 0, 1, 2}},
    {"baseline_pass_is_default",
     {},
     {},
     {Action::Pass},
     false,
     {Action::Allow, 0, base::kTierDefault, 0}},
};

std::vector<tier::Row> rows_of(const std::vector<Action>& actions, std::uint32_t rule) {
    std::vector<tier::Row> rows;
    for (const Action action : actions) rows.push_back(always(action, rule));
    return rows;
}

}  // namespace

BOOST_DATA_TEST_CASE(first_tier_that_says_allow_or_deny_decides,
                     boost::unit_test::data::make(kSteps), steps) {
    std::vector<tier::Tier> tiers;
    if (!steps.admin.empty()) {
        tiers.push_back(single(0, tier::TierKind::Ordered, rows_of(steps.admin, 1)));
    }
    if (steps.isolated) {
        tiers.push_back(single(1, tier::TierKind::Isolating, rows_of(steps.network, 2)));
    }
    tiers.push_back(single(2, tier::TierKind::Ordered, rows_of(steps.baseline, 3)));
    const tier::Ladder ladder(std::move(tiers));
    for (const Direction direction : {Direction::Egress, Direction::Ingress}) {
        BOOST_CHECK(ask(ladder, direction, question()) == steps.expected);
        const auto trace = ladder.trace(direction, question());
        if (steps.expected.tier < base::kTiersMax) {
            BOOST_CHECK_EQUAL(trace.back().tier, steps.expected.tier);
            BOOST_CHECK_EQUAL(trace.back().rule, steps.expected.rule);
            BOOST_CHECK(trace.back().action == steps.expected.action);
        } else {
            BOOST_CHECK(trace.back().action == Action::Pass);
        }
    }
    // Who has no group is never touched by a policy.
    const base::Decision silent{Action::Allow, 0, base::kTierDefault, 0};
    BOOST_CHECK(ask(ladder, Direction::Egress, question(0)) == silent);
    BOOST_CHECK(ask(ladder, Direction::Egress, question(0xffffffff)) == silent);
}

BOOST_AUTO_TEST_CASE(own_node_reaches_an_isolated_pod_only_inwards_and_only_past_isolation) {
    const tier::Ladder isolated({single(1, tier::TierKind::Isolating, {})});
    const base::Decision admitted{Action::Allow, 0, base::kTierOwnNode, base::kNoRule};
    const base::Decision denied{Action::Deny, 0, 1, kIsolationRule};
    BOOST_CHECK(ask(isolated, Direction::Ingress, question(kPod, true)) == admitted);
    BOOST_CHECK(ask(isolated, Direction::Egress, question(kPod, true)) == denied);
    BOOST_CHECK(ask(isolated, Direction::Ingress, question(kPod, false)) == denied);
    const auto trace = isolated.trace(Direction::Ingress, question(kPod, true));
    BOOST_CHECK(trace.back().action == Action::Allow && !trace.back().matched);

    const tier::Ladder admin({single(0, tier::TierKind::Ordered, {always(Action::Deny, 5)}),
                              single(1, tier::TierKind::Isolating, {})});
    const base::Decision admin_deny{Action::Deny, 0, 0, 5};
    BOOST_CHECK(ask(admin, Direction::Ingress, question(kPod, true)) == admin_deny);
    const tier::Ladder baseline({single(2, tier::TierKind::Ordered, {always(Action::Deny, 5)})});
    BOOST_CHECK_EQUAL(ask(baseline, Direction::Ingress, question(kPod, true)).tier, 2);
}

BOOST_AUTO_TEST_CASE(the_own_node_is_reached_past_isolation_only_where_that_is_chosen) {
    const tier::Ladder isolated({single(1, tier::TierKind::Isolating, {})}, true);
    const base::Decision admitted{Action::Allow, 0, base::kTierOwnNode, base::kNoRule};
    const base::Decision denied{Action::Deny, 0, 1, kIsolationRule};
    BOOST_CHECK(ask(isolated, Direction::Egress, question(kPod, true)) == admitted);
    BOOST_CHECK(ask(isolated, Direction::Ingress, question(kPod, true)) == admitted);
    BOOST_CHECK(ask(isolated, Direction::Egress, question(kPod, false)) == denied);
    const auto trace = isolated.trace(Direction::Egress, question(kPod, true));
    BOOST_CHECK(trace.back().action == Action::Allow && !trace.back().matched);
    const tier::Ladder baseline({single(2, tier::TierKind::Ordered, {always(Action::Deny, 5)})},
                                true);
    BOOST_CHECK_EQUAL(ask(baseline, Direction::Egress, question(kPod, true)).tier, 2);
}

BOOST_AUTO_TEST_CASE(a_group_whose_table_is_missing_is_still_isolated) {
    tier::Tier tier = single(1, tier::TierKind::Isolating, {});
    tier.ingress.group_of = groups({0, (5u << 16) | 1});
    const tier::Ladder ladder({tier});
    const base::Decision denied{Action::Deny, 0, 1, base::kNoRule};
    BOOST_CHECK(ask(ladder, Direction::Ingress, question()) == denied);
}

BOOST_AUTO_TEST_CASE(a_group_of_which_nobody_says_whether_it_is_isolated_is) {
    const base::Decision denied{Action::Deny, 0, 1, base::kNoRule};
    using Rules = std::vector<std::uint32_t>;
    for (const auto& rules :
         {std::shared_ptr<const Rules>(), std::make_shared<const Rules>(Rules{base::kNoRule})}) {
        tier::Tier tier = single(1, tier::TierKind::Isolating, {});
        tier.ingress.shards[0].isolation_rule = rules;
        BOOST_CHECK(ask(tier::Ladder({tier}), Direction::Ingress, question()) == denied);
    }
}

BOOST_AUTO_TEST_CASE(a_group_without_isolation_has_what_its_rows_allow_and_leaves_the_rest) {
    tier::Row web = always(Action::Allow, 4);
    web.any_protocol = false;
    web.protocol = 6;
    web.port_first = web.port_last = 80;
    tier::Tier open = single(1, tier::TierKind::Isolating, {web});
    const auto nobody = std::make_shared<const std::vector<std::uint32_t>>(
        std::vector<std::uint32_t>{base::kNoRule, base::kNoRule});
    open.egress.shards[0].isolation_rule = open.ingress.shards[0].isolation_rule = nobody;
    const tier::Ladder ladder({open, single(2, tier::TierKind::Ordered, {always(Action::Deny, 5)})},
                              true);
    const base::Decision by_row{Action::Allow, 0, 1, 4};
    const base::Decision by_baseline{Action::Deny, 0, 2, 5};
    for (const Direction direction : {Direction::Egress, Direction::Ingress}) {
        // The own node has no more rights than others: it is isolation that lets it in.
        for (const bool own_node : {false, true}) {
            tier::Question asked = question(kPod, own_node);
            BOOST_CHECK(ask(ladder, direction, asked) == by_row);
            asked.destination_port = 81;
            BOOST_CHECK(ask(ladder, direction, asked) == by_baseline);
            const auto trace = ladder.trace(direction, asked);
            BOOST_REQUIRE_EQUAL(trace.size(), 2);
            BOOST_CHECK_EQUAL(trace[0].group, 1);
            BOOST_CHECK(trace[0].action == Action::Pass && !trace[0].matched);
        }
    }
    // Also where the tier has no row at all.
    open.ingress.shards[0].table = nullptr;
    const base::Decision silent{Action::Allow, 0, base::kTierDefault, 0};
    BOOST_CHECK(ask(tier::Ladder({open}), Direction::Ingress, question()) == silent);
}

namespace {

/// 0: not isolated.
std::uint32_t isolation_of(std::uint32_t table, std::uint32_t group) {
    return group % 3 == 0 ? base::kNoRule : 1000 + table * 100 + group;
}

/// The obvious way: every row of a group, in order.
struct Naive {
    struct Stage {
        std::uint16_t number;
        tier::TierKind kind;
        std::vector<std::vector<tier::Row>> tables;
        std::vector<std::vector<std::uint16_t>> classes;
        std::vector<std::uint32_t> group_of;
    };
    std::vector<Stage> stages;

    static bool matches(const tier::Row& row, std::uint16_t group, std::uint16_t peer_class,
                        const tier::Question& q) {
        if (row.group != group) return false;
        if (!row.any_class && row.peer_class != peer_class) return false;
        if (row.any_protocol) return true;
        return row.protocol == q.protocol && row.port_first <= q.destination_port &&
               q.destination_port <= row.port_last;
    }

    base::Decision decide(const tier::Question& q, bool ingress) const {
        for (const Stage& stage : stages) {
            const std::uint32_t place = stage.group_of[q.subject];
            if ((place & 0xffff) == 0) continue;
            const std::uint32_t table = place >> 16;
            const auto group = static_cast<std::uint16_t>(place);
            Action action = Action::Pass;
            std::uint32_t rule = 0;
            for (const tier::Row& row : stage.tables[table]) {
                if (!matches(row, group, stage.classes[table][q.peer], q)) continue;
                action = row.action;
                rule = row.rule;
                break;
            }
            if (action != Action::Pass) return {action, 0, stage.number, rule};
            const std::uint32_t isolation = isolation_of(table, group);
            if (stage.kind == tier::TierKind::Ordered || isolation == base::kNoRule) continue;
            if (q.own_node && ingress) return {Action::Allow, 0, base::kTierOwnNode, 0};
            return {Action::Deny, 0, stage.number, isolation};
        }
        return {Action::Allow, 0, base::kTierDefault, 0};
    }
};

using Random = std::mt19937;
std::uint32_t below(Random& random, std::uint32_t limit) {
    return static_cast<std::uint32_t>(random() % limit);
}

constexpr std::array<std::uint8_t, 5> kProtocols{6, 17, 132, 1, 58};
constexpr std::array<std::uint16_t, 8> kPorts{0, 1, 79, 80, 81, 443, 65534, 65535};
constexpr std::uint32_t kGroups = 6;
constexpr std::uint32_t kClasses = 5;
constexpr std::uint32_t kIdentities = 60;

std::uint16_t random_port(Random& random) {
    if (below(random, 2) == 0) return kPorts[below(random, kPorts.size())];
    return static_cast<std::uint16_t>(random());
}

tier::Row random_row(Random& random, tier::TierKind kind, std::uint32_t rule) {
    constexpr std::array<Action, 4> kActions{Action::Allow, Action::Deny, Action::Pass,
                                             Action::Reject};
    tier::Row row;
    row.group = static_cast<std::uint16_t>(1 + below(random, kGroups));
    row.any_class = below(random, 4) == 0;
    row.peer_class = static_cast<std::uint16_t>(below(random, kClasses));
    row.any_protocol = below(random, 6) == 0;
    row.protocol = kProtocols[below(random, kProtocols.size())];
    const std::uint16_t one = random_port(random);
    const std::uint16_t two = below(random, 2) == 0 ? one : random_port(random);
    row.port_first = std::min(one, two);
    row.port_last = std::max(one, two);
    row.action = kind == tier::TierKind::Isolating ? Action::Allow : kActions[below(random, 4)];
    row.rule = rule;
    return row;
}

struct World {
    Naive naive;
    std::vector<tier::Tier> tiers;
};

World random_world(Random& random) {
    World world;
    std::uint32_t rule = 1;
    for (std::uint16_t number = 0; number < 3; ++number) {
        const auto kind = number == 1 ? tier::TierKind::Isolating : tier::TierKind::Ordered;
        Naive::Stage stage{number, kind, {}, {}, {}};
        tier::DirectionTables tables;
        const std::uint32_t count = 1 + below(random, 4);
        for (std::uint32_t t = 0; t < count; ++t) {
            std::vector<tier::Row> rows(below(random, 60));
            for (tier::Row& row : rows) row = random_row(random, kind, rule++);
            std::vector<std::uint16_t> classes(kIdentities);
            for (auto& each : classes) each = static_cast<std::uint16_t>(below(random, kClasses));
            std::vector<std::uint32_t> isolation;
            for (std::uint32_t g = 0; g <= kGroups; ++g) isolation.push_back(isolation_of(t, g));
            tables.shards.push_back(
                {.table = table_of(rows),
                 .class_of = std::make_shared<const tier::ClassOf>(classes),
                 .isolation_rule = std::make_shared<const std::vector<std::uint32_t>>(isolation)});
            stage.tables.push_back(std::move(rows));
            stage.classes.push_back(std::move(classes));
        }
        for (std::uint32_t i = 0; i < kIdentities; ++i) {
            const bool selected = below(random, 3) != 0;
            stage.group_of.push_back(
                selected ? (below(random, count) << 16) | (1 + below(random, kGroups)) : 0);
        }
        tables.group_of = groups(stage.group_of);
        world.tiers.push_back({number, kind, tables, tables});
        world.naive.stages.push_back(std::move(stage));
    }
    return world;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_ladders_decide_as_a_linear_search_does) {
    std::size_t asked = 0;
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        Random random(seed);
        World world = random_world(random);
        const tier::Ladder ladder(std::move(world.tiers));
        for (int burst = 0; burst < 100; ++burst) {
            const std::size_t size = 1 + below(random, tier::kBurstMax);
            std::vector<tier::Question> questions(size);
            for (tier::Question& q : questions) {
                q = {.subject = below(random, kIdentities),
                     .peer = below(random, kIdentities),
                     .destination_port = random_port(random),
                     .protocol = kProtocols[below(random, kProtocols.size())],
                     .own_node = below(random, 4) == 0};
            }
            const auto direction = burst % 2 == 0 ? Direction::Egress : Direction::Ingress;
            std::vector<base::Decision> answers(size);
            ladder.decide(direction, questions, answers);
            for (std::size_t i = 0; i < size; ++i) {
                const auto expected =
                    world.naive.decide(questions[i], direction == Direction::Ingress);
                BOOST_REQUIRE_MESSAGE(answers[i] == expected,
                                      "seed " << seed << " burst " << burst << " question " << i);
                const auto trace = ladder.trace(direction, questions[i]);
                const bool silent = expected.tier == base::kTierDefault;
                BOOST_REQUIRE(trace.back().action == (silent ? Action::Pass : expected.action));
            }
            asked += size;
        }
    }
    BOOST_CHECK_GE(asked, 100'000u);
}

namespace {

/// The decision if audited policies were enforced, of what is enforced now.
base::Decision would(const tier::Ladder& ladder, Direction direction, tier::Question question) {
    std::array<base::Decision, 1> answer{ask(ladder, direction, question)};
    ladder.would_decide(direction, {&question, 1}, answer);
    return answer[0];
}

/// The second tier's tables as what audited policies would make of the first.
tier::Tier with_audit(tier::Tier enforced, const tier::Tier& audit) {
    enforced.audit_egress = audit.egress;
    enforced.audit_ingress = audit.ingress;
    return enforced;
}

tier::Tier without_subjects(std::uint16_t number, tier::TierKind kind) {
    return {.number = number, .kind = kind, .egress = {}, .ingress = {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(audited_tables_stand_in_for_enforced_ones_only_when_that_is_asked) {
    using tier::TierKind;
    const base::Decision allowed{Action::Allow, 0, base::kTierBaseline, 3};
    const tier::Ladder ladder(
        {with_audit(single(0, TierKind::Ordered, {always(Action::Pass, 1)}),
                    single(0, TierKind::Ordered, {always(Action::Pass, 1)})),
         with_audit(without_subjects(1, TierKind::Isolating), single(1, TierKind::Isolating, {})),
         single(2, TierKind::Ordered, {always(Action::Allow, 3)})});
    for (const Direction direction : {Direction::Egress, Direction::Ingress}) {
        BOOST_CHECK(ladder.audits(direction));
        BOOST_CHECK(ask(ladder, direction, question()) == allowed);
        const base::Decision isolated{Action::Deny, 0, 1, kIsolationRule};
        BOOST_CHECK(would(ladder, direction, question()) == isolated);
        // Others keep the answer that they have.
        const base::Decision silent{Action::Allow, 0, base::kTierDefault, 0};
        BOOST_CHECK(would(ladder, direction, question(0)) == silent);
        BOOST_CHECK(would(ladder, direction, question(0xffffffff)) == silent);
        const auto trace = ladder.trace(direction, question());
        BOOST_REQUIRE_EQUAL(trace.size(), 3);
        BOOST_CHECK_EQUAL(trace[1].group, 0);
        BOOST_CHECK_EQUAL(trace[1].audit_group, 1);
        BOOST_CHECK_EQUAL(trace[2].audit_group, 0);
    }
    // The own node reaches who would be isolated, too.
    const base::Decision own_node{Action::Allow, 0, base::kTierOwnNode, base::kNoRule};
    BOOST_CHECK(would(ladder, Direction::Ingress, question(kPod, true)) == own_node);
}

BOOST_AUTO_TEST_CASE(what_would_be_has_the_exceptions_for_own_nodes_that_what_is_enforced_has) {
    constexpr tier::TierKind kKind = tier::TierKind::Isolating;
    const tier::Tier tier = with_audit(without_subjects(1, kKind), single(1, kKind, {}));
    for (const bool exempt : {false, true}) {
        const tier::Ladder ladder({tier}, exempt);
        const auto egress = would(ladder, Direction::Egress, question(kPod, true));
        BOOST_CHECK_EQUAL(egress.tier, exempt ? base::kTierOwnNode : 1);
        BOOST_CHECK_EQUAL(egress.action == Action::Allow, exempt);
        const auto ingress = would(ladder, Direction::Ingress, question(kPod, true));
        BOOST_CHECK_EQUAL(ingress.tier, base::kTierOwnNode);
    }
}

BOOST_AUTO_TEST_CASE(a_tier_without_audited_tables_for_a_subject_counts_as_it_is_enforced) {
    using tier::TierKind;
    // Audited: Admin's Deny is not enforced. Behind it the enforced tiers are asked.
    const tier::Ladder ladder({with_audit(without_subjects(0, TierKind::Ordered),
                                          single(0, TierKind::Ordered, {always(Action::Pass, 1)})),
                               single(2, TierKind::Ordered, {always(Action::Deny, 3)})});
    const base::Decision denied{Action::Deny, 0, base::kTierBaseline, 3};
    BOOST_CHECK(would(ladder, Direction::Egress, question()) == denied);
    const tier::Ladder egress_only(
        {{.number = 0,
          .kind = TierKind::Ordered,
          .egress = {},
          .ingress = {},
          .audit_egress = single(0, TierKind::Ordered, {always(Action::Deny, 9)}).egress}});
    BOOST_CHECK(egress_only.audits(Direction::Egress));
    BOOST_CHECK(!egress_only.audits(Direction::Ingress));
    BOOST_CHECK_EQUAL(egress_only.tables(), 1);
    BOOST_CHECK_EQUAL(egress_only.rows(), 1);
    const base::Decision would_deny{Action::Deny, 0, 0, 9};
    BOOST_CHECK(would(egress_only, Direction::Egress, question()) == would_deny);
    BOOST_CHECK(would(egress_only, Direction::Ingress, question()).action == Action::Allow);
}

BOOST_AUTO_TEST_CASE(random_audited_ladders_would_decide_as_the_enforced_one_that_they_stand_for) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        World enforced = random_world(random);
        World other = random_world(random);
        std::vector<tier::Tier> both = enforced.tiers;
        std::vector<tier::Tier> full = enforced.tiers;
        // Half of the identities stand in the other ladder's tables of a tier.
        for (std::size_t t = 0; t < both.size(); ++t) {
            auto picked = *other.tiers[t].egress.group_of;
            auto mixed = *enforced.tiers[t].egress.group_of;
            const auto shards = static_cast<std::uint32_t>(enforced.tiers[t].egress.shards.size());
            for (std::uint32_t i = 0; i < kIdentities; ++i) {
                if (below(random, 2) == 0) picked[i] = 0;
                if (picked[i] != 0) mixed[i] = picked[i] + (shards << 16);
            }
            both[t].audit_egress = {.group_of = groups(picked),
                                    .shards = other.tiers[t].egress.shards};
            full[t].egress.group_of = groups(mixed);
            for (const tier::Shard& shard : other.tiers[t].egress.shards) {
                full[t].egress.shards.push_back(shard);
            }
        }
        const tier::Ladder audited(both);
        const tier::Ladder straight(full);
        for (int burst = 0; burst < 50; ++burst) {
            std::vector<tier::Question> questions(1 + below(random, tier::kBurstMax));
            for (tier::Question& q : questions) {
                q = {.subject = below(random, kIdentities),
                     .peer = below(random, kIdentities),
                     .destination_port = random_port(random),
                     .protocol = kProtocols[below(random, kProtocols.size())],
                     .own_node = below(random, 4) == 0};
            }
            std::vector<base::Decision> would(questions.size());
            std::vector<base::Decision> expected(questions.size());
            audited.decide(Direction::Egress, questions, would);
            audited.would_decide(Direction::Egress, questions, would);
            straight.decide(Direction::Egress, questions, expected);
            BOOST_REQUIRE(would == expected);
        }
    }
}
