// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the compiler's tests have in common: compile, and compare a snapshot with its World.
///
/// Threads: one.
/// Memory:  none of its own.
/// Cost:    none to speak of.

#include "test/unit/control/compile/world.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <utility>

namespace tierwall::support {
inline std::ostream& operator<<(std::ostream& out, const SnapshotReader::Answer& answer) {
    return out << answer.action << " by tier " << answer.tier << " " << answer.policy << " rule "
               << answer.index;
}
}  // namespace tierwall::support

namespace tierwall::compile {

inline Output compiled(Compiler& compiler, const World& world, const Changes* changes = nullptr) {
    auto output = compiler.compile(world.input(changes));
    const std::string problem = output.ok() ? "" : output.error().text();
    BOOST_REQUIRE_EQUAL(problem, "");
    return std::move(*output);
}

inline Answer judged(const support::SnapshotReader& reader, base::Direction direction,
                     const World::Packet& packet) {
    const bool egress = direction == base::Direction::Egress;
    return reader.judge(egress ? v1::DIRECTION_EGRESS : v1::DIRECTION_INGRESS,
                        egress ? packet.source : packet.destination,
                        egress ? packet.destination : packet.source, packet.protocol, packet.port);
}

/// Both directions of one packet.
inline void check(const World& world, const support::SnapshotReader& reader,
                  const World::Packet& packet) {
    for (const auto direction : {base::Direction::Egress, base::Direction::Ingress}) {
        BOOST_TEST_CONTEXT(base::name(direction)
                           << " " << text(packet.source) << " -> " << text(packet.destination)
                           << " " << int{packet.protocol} << "/" << packet.port) {
            BOOST_TEST(judged(reader, direction, packet) == world.expected(direction, packet));
        }
    }
}

inline void check(const World& world, const Output& output, const World::Packet& packet) {
    check(world, support::SnapshotReader(output.resources), packet);
}

}  // namespace tierwall::compile
