// SPDX-License-Identifier: Apache-2.0
#include "control/compile/row_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace tierwall::compile {
namespace {

bool matches(const Row& row, std::uint32_t peer_class, std::uint32_t protocol, std::uint16_t port) {
    if (row.peer_class != kAnyClass && row.peer_class != peer_class) return false;
    return row.protocol == kAnyProtocol ||
           (row.protocol == protocol && row.port_first <= port && port <= row.port_last);
}

std::uint32_t first_rule(const std::vector<Row>& rows, std::uint32_t peer_class,
                         std::uint32_t protocol, std::uint16_t port) {
    for (const Row& row : rows) {
        if (matches(row, peer_class, protocol, port)) return row.rule;
    }
    return 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_left_out_never_change_which_rule_matches_first) {
    std::mt19937 engine(5);
    const auto below = [&engine](std::uint32_t limit) {
        return static_cast<std::uint32_t>(engine() % limit);
    };
    static constexpr std::uint16_t kPorts[] = {0, 1, 2, 3, 5, 7, 8, 12, 15, 16, 65535};
    std::size_t left_out = 0;
    for (int round = 0; round < 300; ++round) {
        RowWriter writer;
        writer.start_group();
        std::vector<Row> all;
        for (std::uint32_t rule = 1; rule <= 25; ++rule) {
            Row row;
            row.rule = rule;
            row.peer_class = below(3) == 0 ? kAnyClass : below(3);
            row.protocol = below(8) == 0 ? kAnyProtocol : 6 + below(2);
            if (row.protocol != kAnyProtocol) {
                row.port_first = static_cast<std::uint16_t>(below(8));
                row.port_last = static_cast<std::uint16_t>(row.port_first + below(8));
                if (below(6) == 0) row.port_last = 65535;
            }
            all.push_back(row);
            writer.add(row);
        }
        left_out += all.size() - writer.rows().size();
        for (std::uint32_t peer_class = 0; peer_class < 4; ++peer_class) {
            for (std::uint32_t protocol = 5; protocol < 9; ++protocol) {
                for (const std::uint16_t port : kPorts) {
                    BOOST_TEST(first_rule(writer.rows(), peer_class, protocol, port) ==
                               first_rule(all, peer_class, protocol, port));
                }
            }
        }
    }
    BOOST_TEST(left_out > 1000u);
}

BOOST_AUTO_TEST_CASE(groups_shadow_only_themselves) {
    RowWriter writer;
    for (std::uint32_t group = 1; group <= 2; ++group) {
        writer.start_group();
        BOOST_TEST(!writer.closed());
        writer.add({.group = group, .rule = 1});
        BOOST_TEST(writer.closed());
        writer.add({.group = group, .rule = 2});
    }
    BOOST_TEST(writer.rows().size() == 2u);
}

}  // namespace tierwall::compile
