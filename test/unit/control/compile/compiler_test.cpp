// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_MODULE control_compile
#include <boost/test/unit_test.hpp>

#include "test/unit/control/compile/world.hpp"

#include <ostream>
#include <set>

namespace tierwall::support {
std::ostream& operator<<(std::ostream& out, const SnapshotReader::Answer& answer) {
    return out << answer.action << " by tier " << answer.tier << " " << answer.policy << " rule "
               << answer.index;
}
}  // namespace tierwall::support

namespace tierwall::compile {
namespace {

using base::Action;

Output compiled(Compiler& compiler, const World& world, const Changes* changes = nullptr) {
    auto output = compiler.compile(world.input(changes));
    const std::string problem = output.ok() ? "" : output.error().text();
    BOOST_REQUIRE_EQUAL(problem, "");
    return std::move(*output);
}

Answer judged(const support::SnapshotReader& reader, base::Direction direction,
              const World::Packet& packet) {
    const bool egress = direction == base::Direction::Egress;
    return reader.judge(egress ? v1::DIRECTION_EGRESS : v1::DIRECTION_INGRESS,
                        egress ? packet.source : packet.destination,
                        egress ? packet.destination : packet.source, packet.protocol, packet.port);
}

void check(const World& world, const Output& output, const World::Packet& packet) {
    const support::SnapshotReader reader(output.resources);
    for (const auto direction : {base::Direction::Egress, base::Direction::Ingress}) {
        BOOST_TEST_CONTEXT(base::name(direction)
                           << " " << text(packet.source) << " -> " << text(packet.destination)
                           << " " << int{packet.protocol} << "/" << packet.port) {
            BOOST_TEST(judged(reader, direction, packet) == world.expected(direction, packet));
        }
    }
}

/// Shop: two web pods, a database; tools: a probe. One node.
World shop() {
    World world;
    world.add_namespace("shop", {{"team", "blue"}});
    world.add_namespace("tools", {{"team", "red"}});
    world.add_node("n1", "192.168.0.1", {{"role", "worker"}});
    world.add_pod("shop/web-0", "10.0.0.1", {{"app", "web"}}, "n1");
    world.add_pod("shop/web-1", "10.0.0.2", {{"app", "web"}}, "n1");
    world.add_pod("shop/db-0", "10.0.0.3", {{"app", "db"}}, "n2");
    world.add_pod("tools/probe", "10.0.1.1", {{"app", "probe"}}, "n1");
    return world;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rules_allow_their_peers_and_ports_and_isolation_denies_the_rest) {
    World world = shop();
    world.policies = {network_policy(
        "shop", "db", {{"app", "db"}},
        {rule(Action::Allow, {pods_in("shop", {{"app", "web"}})}, {tcp(5432)})})};
    Compiler compiler;
    const Output output = compiled(compiler, world);
    for (const char* source : {"10.0.0.1", "10.0.0.2", "10.0.1.1", "192.168.0.1", "8.8.8.8"}) {
        for (std::uint16_t port = 5431; port <= 5433; ++port) {
            check(world, output, {ip(source), ip("10.0.0.3"), base::kIpTcp, port});
        }
    }
    BOOST_TEST(output.summary.tables == 1u);
    BOOST_TEST(output.summary.groups == 1u);
    BOOST_TEST(output.summary.rows == 1u);
}

}  // namespace tierwall::compile
