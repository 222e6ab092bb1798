// SPDX-License-Identifier: Apache-2.0
// Audited policies: what is enforced lacks their denials, and beside it stands what would be.
#include "test/unit/control/compile/check.hpp"
#include "test/unit/control/compile/random_world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace tierwall::compile {
namespace {

using base::Action;
using base::Direction;

/// What is enforced, and what would be, about one packet.
void check_audit(const World& world, const support::SnapshotReader& reader,
                 const World::Packet& packet) {
    for (const auto direction : {Direction::Egress, Direction::Ingress}) {
        const base::Address& subject =
            direction == Direction::Egress ? packet.source : packet.destination;
        const base::Address& peer =
            direction == Direction::Egress ? packet.destination : packet.source;
        const v1::Direction asked =
            direction == Direction::Egress ? v1::DIRECTION_EGRESS : v1::DIRECTION_INGRESS;
        BOOST_TEST_CONTEXT(base::name(direction)
                           << " " << text(packet.source) << " -> " << text(packet.destination)
                           << " " << int{packet.protocol} << "/" << packet.port) {
            const Answer expected = world.expected(direction, packet);
            const Answer full = world.would_be_expected(direction, packet);
            const Answer now = reader.judge(asked, subject, peer, packet.protocol, packet.port);
            const Answer would =
                reader.would_judge(asked, subject, peer, packet.protocol, packet.port);
            BOOST_TEST(now == expected);
            BOOST_TEST(would.allowed == full.allowed);
            if (!expected.allowed || full.allowed) continue;
            BOOST_TEST(would == full);
            const auto named = std::find_if(
                world.policies.begin(), world.policies.end(),
                [&](const policy::Policy& policy) { return policy.path() == would.policy; });
            BOOST_TEST((named != world.policies.end() && named->audit));
        }
    }
}

World audited_shop() {
    World world;
    world.add_namespace("shop");
    world.add_namespace("tools");
    world.add_pod("shop/web", "10.0.1.1", {{"app", "web"}});
    world.add_pod("shop/db", "10.0.1.2", {{"app", "db"}});
    world.add_pod("tools/probe", "10.0.2.1", {{"app", "probe"}});
    return world;
}

constexpr std::uint16_t kAskedPorts[] = {22, 80, 443, 5432};

void check_both_views(const World& world, const Output& output) {
    const support::SnapshotReader reader(output.resources);
    for (const auto& [_, from] : world.cluster.pods) {
        for (const auto& [__, to] : world.cluster.pods) {
            for (const std::uint16_t port : kAskedPorts) {
                check_audit(world, reader,
                            {from.addresses[0], to.addresses[0], base::kIpTcp, port});
            }
        }
    }
}

policy::Policy audited(policy::Policy policy) {
    policy.audit = true;
    return policy;
}

policy::Policy guard() {
    return cluster_policy(base::kTierAdmin, 5, "guard", pods_where({}),
                          {rule(Action::Deny, {pods_in("tools")}, {tcp(22)}),
                           rule(Action::Allow, {pods_in("tools")}, {tcp(22, 80)})});
}

policy::Policy closed(const std::string& name) {
    return network_policy("shop", name, {}, {}, {}, "i");
}
policy::Policy open(const std::string& name) {
    return network_policy("shop", name, {}, {rule(Action::Allow, {pods_in("tools")}, {tcp(443)})});
}

policy::Policy floor_of(Action action) {
    return cluster_policy(base::kTierBaseline, 0, "floor", pods_where({}), {any_rule(action)});
}

std::size_t tiers_of(const Output& output) {
    std::size_t tiers = 0;
    output.resources.for_each(v1::RESOURCE_TYPE_TIER,
                              [&tiers](const proto::Key&, const std::string&) { ++tiers; });
    return tiers;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(denials_of_an_audited_policy_are_skipped_and_what_is_behind_them_counts) {
    World world = audited_shop();
    world.policies = {audited(guard())};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    check_both_views(world, output);
    const support::SnapshotReader reader(output.resources);
    const Answer now =
        reader.judge(v1::DIRECTION_INGRESS, ip("10.0.1.1"), ip("10.0.2.1"), base::kIpTcp, 22);
    BOOST_TEST((now == Answer{true, base::kTierAdmin, "ClusterNetworkPolicy/guard", 1, "allow"}));
    const Answer would =
        reader.would_judge(v1::DIRECTION_INGRESS, ip("10.0.1.1"), ip("10.0.2.1"), base::kIpTcp, 22);
    BOOST_TEST((would == Answer{false, base::kTierAdmin, "ClusterNetworkPolicy/guard", 0, "deny"}));
}

BOOST_AUTO_TEST_CASE(an_audited_network_policy_allows_as_when_enforced_but_isolates_nobody) {
    World world = audited_shop();
    world.policies = {audited(open("a-open")), floor_of(Action::Deny)};
    Compiler alone;
    const Output by_itself = compiled(alone, world);
    check_both_views(world, by_itself);
    const auto ask = [&](const Output& output, std::uint16_t port) {
        return support::SnapshotReader(output.resources)
            .judge(v1::DIRECTION_INGRESS, ip("10.0.1.1"), ip("10.0.2.1"), base::kIpTcp, port);
    };
    const Answer by_open{true, base::kTierNetworkPolicy, "NetworkPolicy/shop/a-open", 0, "allow"};
    BOOST_TEST((ask(by_itself, 443) == by_open));
    // What it does not allow it does not deny: the next tier is asked.
    BOOST_TEST((ask(by_itself, 80) ==
                Answer{false, base::kTierBaseline, "ClusterNetworkPolicy/floor", 0, "deny"}));

    world.policies.push_back(closed("b-closed"));
    Compiler both;
    const Output beside = compiled(both, world);
    check_both_views(world, beside);
    BOOST_TEST((ask(beside, 443) == by_open));
    // The audited one comes first by name, but it is not what isolates.
    BOOST_TEST((ask(beside, 80) == Answer{false, base::kTierNetworkPolicy,
                                          "NetworkPolicy/shop/b-closed", -1, "deny"}));
    // Enforcing it as well would change nothing: there is nothing to be audited.
    BOOST_TEST(tiers_of(beside) == 3u);
}

BOOST_AUTO_TEST_CASE(a_change_to_audit_denies_nothing_that_rules_of_the_policy_allow) {
    World world = audited_shop();
    for (const bool audit : {false, true}) {
        world.policies = {open("open"), open("other"), floor_of(Action::Deny)};
        for (policy::Policy& policy : world.policies) {
            policy.audit = audit && policy.tier == base::kTierNetworkPolicy;
        }
        Compiler compiler;
        const Output output = compiled(compiler, world);
        check_both_views(world, output);
        BOOST_TEST(
            support::SnapshotReader(output.resources)
                .judge(v1::DIRECTION_INGRESS, ip("10.0.1.1"), ip("10.0.2.1"), base::kIpTcp, 443)
                .allowed);
    }
}

BOOST_AUTO_TEST_CASE(
    the_own_node_is_let_in_by_isolation_and_not_by_a_policy_that_does_not_isolate) {
    World world = audited_shop();
    world.add_node("n1", "192.168.0.1");
    world.add_pod("shop/web", "10.0.1.1", {{"app", "web"}}, "n1");
    for (const bool audit : {false, true}) {
        world.policies = {open("open")};
        world.policies[0].audit = audit;
        Compiler compiler;
        const Output output = compiled(compiler, world);
        const support::SnapshotReader reader(output.resources);
        check_audit(world, reader, {ip("192.168.0.1"), ip("10.0.1.1"), base::kIpTcp, 80});
        const Answer answer = reader.judge(v1::DIRECTION_INGRESS, ip("10.0.1.1"), ip("192.168.0.1"),
                                           base::kIpTcp, 80);
        BOOST_TEST(answer.tier == (audit ? base::kTierDefault : base::kTierOwnNode));
    }
}

BOOST_AUTO_TEST_CASE(audited_policies_without_a_rule_make_no_group_of_what_is_enforced) {
    World world = audited_shop();
    world.policies = {audited(closed("a")), audited(closed("b"))};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    check_both_views(world, output);
    BOOST_TEST(output.summary.tables == 1u);
    world.policies.push_back(audited(open("c")));
    const Output with_rule = compiled(compiler, world);
    check_both_views(world, with_rule);
    BOOST_TEST(with_rule.summary.tables == 2u);
}

BOOST_AUTO_TEST_CASE(an_audited_policy_that_is_too_large_allows_nothing_and_isolates_nobody) {
    World world = audited_shop();
    std::vector<policy::Port> ports;
    for (std::uint16_t port = 443; port < 443 + 2 * 9; port += 2) ports.push_back(tcp(port));
    policy::Policy large =
        network_policy("shop", "large", {}, {rule(Action::Allow, {pods_in("tools")}, ports)});
    for (const bool audit : {false, true}) {
        large.audit = audit;
        world.policies = {large};
        Limits limits;
        limits.policy_rows = 8;
        Compiler compiler(limits);
        const Output output = compiled(compiler, world);
        const auto reader = support::SnapshotReader(output.resources);
        BOOST_TEST(
            reader.judge(v1::DIRECTION_INGRESS, ip("10.0.1.1"), ip("10.0.2.1"), base::kIpTcp, 443)
                .tier == (audit ? base::kTierDefault : base::kTierNetworkPolicy));
        BOOST_REQUIRE_EQUAL(output.warnings.size(), 1u);
        BOOST_TEST(output.warnings[0].message ==
                   (audit ? "needs more than 8 rows; none of its rules is enforced"
                          : "needs more than 8 rows; it isolates, but none of its rules is "
                            "enforced"));
    }
}

BOOST_AUTO_TEST_CASE(where_nothing_is_audited_the_snapshot_has_no_trace_of_it) {
    World world = audited_shop();
    world.policies = {guard(), closed("closed")};
    Compiler compiler;
    const Output plain = compiled(compiler, world);
    BOOST_TEST(tiers_of(plain) == 3u);
    world.policies = {audited(guard()), audited(closed("closed"))};
    const Output both = compiled(compiler, world);
    BOOST_TEST(tiers_of(both) == 5u);
    BOOST_TEST(both.summary.tables == 3u);  // the audited ones, and guard's other rule
    check_both_views(world, both);
    world.policies = {guard(), closed("closed")};
    const Output again = compiled(compiler, world);
    BOOST_TEST(again.resources.hash().hex() == plain.resources.hash().hex());
}

BOOST_AUTO_TEST_CASE(only_subjects_of_audited_policies_have_groups_of_their_own) {
    World world = audited_shop();
    policy::Policy web = network_policy("shop", "web", {{"app", "web"}}, {}, {}, "i");
    world.policies = {audited(web), network_policy("shop", "db", {{"app", "db"}}, {}, {}, "i"),
                      audited(cluster_policy(base::kTierBaseline, 0, "passes", pods_where({}),
                                             {any_rule(Action::Pass)}))};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    check_both_views(world, output);
    BOOST_TEST(tiers_of(output) == 4u);
    const support::SnapshotReader reader(output.resources);
    BOOST_TEST(reader.group(5, v1::DIRECTION_INGRESS, reader.identity(ip("10.0.1.1"))).has_value());
    BOOST_TEST(
        !reader.group(5, v1::DIRECTION_INGRESS, reader.identity(ip("10.0.1.2"))).has_value());
}

BOOST_AUTO_TEST_CASE(a_pod_with_known_labels_still_changes_one_address) {
    World world = audited_shop();
    world.policies = {audited(guard()), audited(closed("closed"))};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    world.add_pod("shop/web-2", "10.0.1.9", {{"app", "web"}});
    const Output after = compiled(compiler, world);
    const proto::Difference difference = after.resources.since(before.resources);
    BOOST_TEST(difference.upserts.size() == 1u);
    BOOST_TEST(difference.removals.empty());
    check_both_views(world, after);
}

BOOST_AUTO_TEST_CASE(a_change_of_mode_changes_no_address_and_no_tables_of_others) {
    World world = audited_shop();
    world.policies = {guard(), closed("closed"),
                      network_policy("tools", "other", {}, {any_rule(Action::Allow)})};
    Compiler compiler;
    const Output before = compiled(compiler, world);
    for (const bool audit : {true, false}) {
        world.policies[0].audit = audit;
        const Changes changes{
            .policies = {"ClusterNetworkPolicy/guard"}, .namespaces = {}, .nodes = {}, .pods = {}};
        const Output after = compiled(compiler, world, &changes);
        check_both_views(world, after);
        for (const auto& [key, _] : after.resources.since(before.resources).upserts) {
            const bool is_table =
                key.type == v1::RESOURCE_TYPE_TABLE || key.type == v1::RESOURCE_TYPE_MEMBERSHIP;
            BOOST_TEST((is_table || key.type == v1::RESOURCE_TYPE_POLICY ||
                        key.type == v1::RESOURCE_TYPE_TIER));
            const std::string other_tier = proto::number_key({base::kTierNetworkPolicy});
            BOOST_TEST(!(is_table && key.bytes.starts_with(other_tier)));
        }
        BOOST_TEST((after.resources.hash() == before.resources.hash()) == !audit);
    }
}

BOOST_AUTO_TEST_CASE(after_any_changes_what_is_enforced_and_what_would_be_are_as_the_objects_say) {
    for (std::uint32_t seed = 1000; seed < 1030; ++seed) {
        RandomWorld random(seed);
        Compiler compiler;
        for (int i = 0; i < 30; ++i) random.change();
        for (int step = 0; step < 20; ++step) {
            random.changes = {};
            for (std::uint32_t i = 1 + random.below(3); i > 0; --i) random.change();
            for (policy::Policy& policy : random.world.policies) {
                if (!random.chance(step % 5 == 0 ? 50 : 10)) continue;
                policy.audit = !policy.audit;
                random.changes.policies.push_back(policy.path());
            }
            const bool told = random.chance(50);
            BOOST_TEST_CONTEXT("seed " << seed << " step " << step << (told ? " told" : "")) {
                const Output output =
                    compiled(compiler, random.world, told && step != 0 ? &random.changes : nullptr);
                const support::SnapshotReader reader(output.resources);
                for (int i = 0; i < 30; ++i) check_audit(random.world, reader, random.packet());
                Compiler fresh;
                const Output straight = compiled(fresh, random.world);
                BOOST_TEST(output.summary.groups == straight.summary.groups);
                BOOST_TEST(output.resources.size() == straight.resources.size());
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tierwall::compile
