// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/connections.hpp"

#include "control/ctl/alike.hpp"
#include "control/ctl/matrix_output.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

constexpr base::Decision kAllow{base::Action::Allow, 0, base::kTierDefault, base::kNoRule};
constexpr base::Decision kDeny{base::Action::Deny, 0, base::kTierAdmin, 7};

struct TextRow {
    const char* name;
    ctl::Connections connections;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const TextRow& row) { return out << row.name; }

const TextRow kTextRows[] = {
    {"nothing", {}, "none"},
    {"everything", {{0, 0, 65535}, {1, 0, 65535}, {2, 0, 65535}, {3, 0, 65535}}, "all"},
    {"one_port", {{0, 80, 80}}, "tcp/80"},
    {"ports_of_one_protocol", {{0, 80, 80}, {0, 443, 444}}, "tcp/80,443-444"},
    {"a_whole_protocol", {{1, 0, 65535}}, "udp"},
    {"all_but_port_zero", {{0, 1, 65535}}, "tcp/1-65535"},
    {"protocols_without_ports", {{3, 0, 65535}}, "other"},
    {"two_protocols", {{0, 80, 80}, {1, 53, 53}}, "tcp/80 udp/53"},
    {"a_hole_is_said_by_itself",
     {{0, 0, 24}, {0, 26, 65535}, {1, 0, 65535}, {2, 0, 65535}, {3, 0, 65535}},
     "all but tcp/25"},
};

}  // namespace

BOOST_DATA_TEST_CASE(connections_are_said_in_few_words, data::make(kTextRows), row) {
    const ctl::Protocols protocols;
    BOOST_TEST(ctl::text(row.connections, ctl::everything(protocols), protocols) == row.text);
}

BOOST_AUTO_TEST_CASE(protocols_that_rules_name_have_slots_and_one_speaks_for_the_rest) {
    const ctl::Protocols protocols({1, 6, 47});
    BOOST_TEST(protocols.size() == 6);
    BOOST_TEST(protocols.name(protocols.slot_of(1)) == "ICMP");
    BOOST_TEST(protocols.name(protocols.slot_of(47)) == "47");
    BOOST_TEST(protocols.name(protocols.slot_of(58)) == "other");
    BOOST_TEST(protocols.is_rest(protocols.slot_of(58)));
    // It must be one that no rule names.
    const std::uint8_t rest = protocols.number(protocols.size() - 1);
    BOOST_TEST(rest != 1);
    BOOST_TEST(rest != 6);
    BOOST_TEST(rest != 47);
}

BOOST_AUTO_TEST_CASE(both_directions_meet_at_every_boundary_of_either) {
    const ctl::Spans egress{{{0, 0, 79}, kAllow}, {{0, 80, 65535}, kDeny}, {{1, 0, 65535}, kAllow}};
    const ctl::Spans ingress{
        {{0, 0, 99}, kAllow}, {{0, 100, 65535}, kDeny}, {{1, 0, 65535}, kDeny}};
    const auto ruled = ctl::combined(egress, ingress);
    const ctl::PortSpan wanted[] = {{0, 0, 79}, {0, 80, 99}, {0, 100, 65535}, {1, 0, 65535}};
    BOOST_REQUIRE_EQUAL(ruled.size(), std::size(wanted));
    for (std::size_t i = 0; i < ruled.size(); ++i) BOOST_TEST((ruled[i].span == wanted[i]));
    BOOST_TEST((ctl::allowed(ruled) == ctl::Connections{{0, 0, 79}}));
    BOOST_TEST((ctl::allowed(ctl::within(ruled, {{0, 79, 79}, {0, 80, 80}})) ==
                ctl::Connections{{0, 79, 79}}));
}

BOOST_AUTO_TEST_CASE(a_denial_of_egress_goes_before_one_of_ingress) {
    const base::Decision reject{base::Action::Reject, 0, base::kTierAdmin, 1};
    BOOST_TEST((ctl::Ruling{reject, kDeny}.verdict() == base::Action::Reject));
    BOOST_TEST((ctl::Ruling{kDeny, reject}.verdict() == base::Action::Deny));
    BOOST_TEST((ctl::Ruling{kAllow, reject}.verdict() == base::Action::Reject));
    BOOST_TEST((ctl::Ruling{kAllow, kAllow}.allows()));
}

BOOST_AUTO_TEST_CASE(rows_are_alike_only_when_their_columns_are_too) {
    // 0 and 1 have the same row and column; 2 has their row, but another column.
    const int cells[3][3] = {{5, 5, 6}, {5, 5, 6}, {5, 5, 6}};
    const std::uint64_t kinds[] = {1, 1, 1};
    const auto lists = ctl::alike(kinds, [&](std::size_t i, std::size_t j) { return cells[i][j]; });
    BOOST_REQUIRE_EQUAL(lists.size(), 2);
    BOOST_TEST(lists[0] == (std::vector<std::size_t>{0, 1}));
    const std::uint64_t apart[] = {1, 2, 1};
    BOOST_TEST(
        ctl::alike(apart, [&](std::size_t i, std::size_t j) { return cells[i][j]; }).size() == 3);
}

BOOST_AUTO_TEST_CASE(a_picture_holds_no_markup_and_no_commands_of_others) {
    BOOST_TEST(ctl::xml_escaped("<a b='\"&\x1b\">\nend") ==
               "&lt;a b=&apos;&quot;&amp;\\x1b&quot;&gt;&#10;end");
    BOOST_TEST(ctl::xml_escaped("") == "");
    BOOST_TEST(ctl::xml_escaped("\xff") == "\\xff");
}
