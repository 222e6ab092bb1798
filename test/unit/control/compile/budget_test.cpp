// SPDX-License-Identifier: Apache-2.0
// Policies that need more than a dataplane can build, and tables that grow and shrink.
#include "control/compile/group_table.hpp"
#include "test/unit/control/compile/check.hpp"
#include "test/unit/control/compile/random_world.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tierwall::compile {
namespace {

using base::Action;

constexpr std::uint16_t kAsked[] = {1, 2, 99, 101, 1999};

/// `count` ports, no two of which touch.
std::vector<policy::Port> odd_ports(std::uint32_t count) {
    std::vector<policy::Port> ports;
    for (std::uint32_t i = 0; i < count; ++i) {
        ports.push_back(tcp(static_cast<std::uint16_t>(2 * i + 1)));
    }
    return ports;
}

/// `count` blocks of one address each.
std::vector<policy::Peer> blocks(std::uint32_t count) {
    std::vector<policy::Peer> peers;
    for (std::uint32_t i = 0; i < count; ++i) {
        peers.emplace_back(networks(
            {"198.18." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "/32"}));
    }
    return peers;
}

std::string name_of(std::uint32_t i) { return "t" + std::to_string(i); }
base::Address pod_of(std::uint32_t i) {
    return ip("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
}

/// Tenants with a pod and a policy each, which allows some ports of one address.
World tenants(std::uint32_t count, std::uint32_t ports) {
    World world;
    for (std::uint32_t i = 0; i < count; ++i) {
        world.add_namespace(name_of(i));
        world.add_pod(name_of(i) + "/p", text(pod_of(i)));
        world.policies.push_back(network_policy(
            name_of(i), "np", {}, {}, {rule(Action::Allow, blocks(1), odd_ports(ports))}));
    }
    return world;
}

void check_tenants(const World& world, const Output& output, std::uint32_t count) {
    const support::SnapshotReader reader(output.resources);
    for (std::uint32_t i = 0; i < count; ++i) {
        for (const std::uint16_t port : kAsked) {
            check(world, reader, {pod_of(i), ip("198.18.0.0"), base::kIpTcp, port});
        }
    }
    for (const auto& [_, table] : reader.tables()) {
        BOOST_TEST((table.groups_size() == 1 || table.rows().group_size() <= 2048));
    }
}

bool allowed(const Output& output, const World::Packet& packet) {
    return judged(support::SnapshotReader(output.resources), base::Direction::Egress, packet)
        .allowed;
}

}  // namespace

BOOST_AUTO_TEST_CASE(peers_of_one_rule_cost_no_rows) {
    World world;
    world.add_namespace("a");
    world.add_pod("a/p", "10.0.0.1");
    world.policies = {
        network_policy("a", "np", {}, {}, {rule(Action::Allow, blocks(300), odd_ports(50))})};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    BOOST_TEST(output.summary.rows == 50u);
    BOOST_TEST(output.summary.classes == 1u);
    for (const char* peer : {"198.18.0.0", "198.18.1.43", "198.18.1.44"}) {
        for (const std::uint16_t port : kAsked) {
            check(world, output, {ip("10.0.0.1"), ip(peer), base::kIpTcp, port});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_policy_over_its_budget_isolates_and_leaves_the_others_alone) {
    World world = tenants(3, 2);
    policy::Policy big = network_policy(
        "t1", "big", {}, {}, {rule(Action::Allow, {networks({"9.0.0.0/8"})}, odd_ports(8193))});
    world.policies.push_back(big);
    Compiler compiler;
    const Output output = compiled(compiler, world);
    BOOST_REQUIRE(output.warnings.size() == 1u);
    BOOST_TEST(output.warnings[0].object == "NetworkPolicy/t1/big");
    BOOST_TEST(output.warnings[0].field == "spec.egress");
    BOOST_TEST((output.warnings[0].error == base::Errc::Limit));
    BOOST_TEST(output.warnings[0].message.find("8192 rows") != std::string::npos);
    for (std::uint32_t i = 0; i < 3; ++i) {
        BOOST_TEST(allowed(output, {pod_of(i), ip("198.18.0.0"), base::kIpTcp, 1}));
        BOOST_TEST(!allowed(output, {pod_of(i), ip("9.9.9.9"), base::kIpTcp, 1}));
    }
    world.policies.back().egress = {
        rule(Action::Allow, {networks({"9.0.0.0/8"})}, odd_ports(8192))};
    const Output smaller = compiled(compiler, world);
    BOOST_TEST(smaller.warnings.empty());
    BOOST_TEST(allowed(smaller, {pod_of(1), ip("9.9.9.9"), base::kIpTcp, 1}));
    BOOST_TEST(!allowed(smaller, {pod_of(0), ip("9.9.9.9"), base::kIpTcp, 1}));
}

BOOST_AUTO_TEST_CASE(policies_that_are_too_much_together_lose_the_largest) {
    World world = tenants(1, 2);
    const auto allow = [](const char* name, const char* cidr, std::uint32_t ports) {
        return network_policy("t0", name, {}, {},
                              {rule(Action::Allow, {networks({cidr})}, odd_ports(ports))});
    };
    world.policies.push_back(allow("b", "8.0.0.0/8", 6000));
    world.policies.push_back(allow("c", "9.0.0.0/8", 6001));
    world.policies.push_back(allow("d", "11.0.0.0/8", 6000));
    Compiler compiler;
    const Output output = compiled(compiler, world);
    BOOST_REQUIRE(output.warnings.size() == 1u);
    BOOST_TEST(output.warnings[0].object == "NetworkPolicy/t0/c");
    const auto port_1 = [&](const char* peer) {
        return allowed(output, {pod_of(0), ip(peer), base::kIpTcp, 1});
    };
    BOOST_TEST(port_1("8.0.0.1"));
    BOOST_TEST(!port_1("9.0.0.1"));
    BOOST_TEST(port_1("11.0.0.1"));
    BOOST_TEST(port_1("198.18.0.0"));
}

BOOST_AUTO_TEST_CASE(of_ordered_policies_the_rule_that_does_not_fit_fails_closed) {
    for (const Action action : {Action::Allow, Action::Deny, Action::Pass}) {
        World world = tenants(2, 2);
        world.policies = {cluster_policy(base::kTierAdmin, 1, "guard", pods_in("t0"), {},
                                         {rule(Action::Allow, {networks({"8.8.8.8/32"})}),
                                          rule(action, {networks({"9.0.0.0/8"})}, odd_ports(9000)),
                                          rule(Action::Deny, {networks({"8.0.0.0/8"})})})};
        Compiler compiler;
        const Output output = compiled(compiler, world);
        BOOST_REQUIRE(output.warnings.size() == 1u);
        BOOST_TEST(output.warnings[0].object == "ClusterNetworkPolicy/guard");
        BOOST_TEST(output.warnings[0].field == "spec.egress[1]");
        const auto to = [&](std::uint32_t pod, const char* peer) {
            return allowed(output, {pod_of(pod), ip(peer), base::kIpTcp, 2});
        };
        const bool catches_all = action != Action::Allow;
        BOOST_TEST_CONTEXT(base::name(action)) {
            BOOST_TEST(to(0, "8.8.8.8"));
            BOOST_TEST(!to(0, "8.8.8.9"));
            BOOST_TEST(to(0, "7.0.0.1") == !catches_all);
            BOOST_TEST(to(1, "8.8.8.9"));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_compiles_afresh_compiles_after_any_growth) {
    constexpr std::uint32_t kTenants = 70;
    Compiler compiler;
    for (const std::uint32_t ports : {1u, 1000u, 3u, 300u, 1u}) {
        BOOST_TEST_CONTEXT("ports " << ports) {
            const World world = tenants(kTenants, ports);
            const Output grown = compiled(compiler, world);
            BOOST_TEST(grown.warnings.empty());
            check_tenants(world, grown, kTenants);
            Compiler fresh;
            check_tenants(world, compiled(fresh, world), kTenants);
            // Tables that are small again do not stay for ever.
            if (ports == 1) BOOST_TEST(grown.summary.tables <= 2 * GroupTable::kTablesFew);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_fails_closed_does_not_depend_on_history_and_lets_nothing_more_pass) {
    std::size_t closed = 0;
    for (std::uint32_t seed = 400; seed < 415; ++seed) {
        RandomWorld random(seed);
        Limits limits;
        limits.policy_rows = 3 + seed % 5;
        limits.rows = 6 + seed % 7;
        limits.classes = 4 + seed % 9;
        Compiler compiler(limits);
        for (int step = 0; step < 30; ++step) {
            for (int i = 0; i < 4; ++i) random.change();
            const Output changed = compiled(compiler, random.world);
            Compiler other(limits);
            const Output fresh = compiled(other, random.world);
            closed += changed.warnings.size();
            BOOST_TEST((changed.warnings == fresh.warnings));
            const support::SnapshotReader a(changed.resources);
            const support::SnapshotReader b(fresh.resources);
            for (int i = 0; i < 30; ++i) {
                const auto packet = random.packet();
                for (const auto direction : {base::Direction::Egress, base::Direction::Ingress}) {
                    const Answer answer = judged(a, direction, packet);
                    BOOST_TEST_CONTEXT("seed " << seed << " step " << step) {
                        BOOST_TEST(answer == judged(b, direction, packet));
                        const bool meant = random.world.expected(direction, packet).allowed;
                        BOOST_TEST((!answer.allowed || meant));
                    }
                }
            }
        }
    }
    BOOST_TEST(closed > 100u);
}

}  // namespace tierwall::compile
