// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/matrix_overview.hpp"

#include "control/ctl/name_ranges.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

struct RangeRow {
    const char* title;
    std::vector<std::string> names;
    std::vector<std::string> wanted;
};
std::ostream& operator<<(std::ostream& out, const RangeRow& row) { return out << row.title; }

const RangeRow kRangeRows[] = {
    {"three_are_a_range", {"ns0", "ns1", "ns2"}, {"ns[0-2]"}},
    {"two_are_not", {"ns0", "ns1"}, {"ns0", "ns1"}},
    {"numbers_are_no_text", {"ns10", "ns8", "ns9"}, {"ns[8-10]"}},
    {"a_gap_ends_it", {"a1", "a2", "a3", "a5"}, {"a[1-3]", "a5"}},
    {"prefixes_stay_apart", {"a1", "a2", "b3"}, {"a1", "a2", "b3"}},
    {"leading_zeros_are_another_name", {"a01", "a1", "a2", "a3"}, {"a01", "a[1-3]"}},
    {"names_without_numbers", {"shop", "kube-system"}, {"shop", "kube-system"}},
    {"numbers_that_are_too_long",
     {"a1234567890", "a1234567891", "a1234567892"},
     {"a1234567890", "a1234567891", "a1234567892"}},
    {"none", {}, {}},
};

enum Answer : std::uint32_t { kAll, kSome, kNone };

/// Groups of pods, and what may go between them by `answers`, by source.
ctl::Matrix matrix_of(const std::vector<std::vector<const char*>>& groups,
                      const std::vector<std::uint32_t>& answers) {
    const ctl::Protocols protocols;
    ctl::Matrix out{protocols, ctl::everything(protocols), {}, {}, {}, {}, {}, {}};
    out.outcomes = {{{}, out.universe}, {{}, {{0, 80, 80}}}, {{}, {}}};
    for (const auto& names : groups) {
        ctl::MatrixGroup& group = out.groups.emplace_back();
        group.kind = ctl::EndKind::Pod;
        for (const char* name : names) {
            ctl::Member& member = group.members.emplace_back();
            member.owners[0] = name;
        }
    }
    for (const std::uint32_t answer : answers) out.cells.push_back({.outcome = answer});
    return out;
}

/// As many namespaces with a pod each, all connected but with themselves and the next `reach`.
ctl::Matrix circle(std::size_t spaces) {
    std::vector<std::string> names;
    std::vector<std::vector<const char*>> groups;
    for (std::size_t i = 0; i < spaces; ++i) {
        names.push_back("ns" + std::to_string(1000 + i) + "/p");
    }
    for (const std::string& name : names) groups.push_back({name.c_str(), "x/y"});
    std::vector<std::uint32_t> answers;
    for (std::size_t i = 0; i < spaces; ++i) {
        for (std::size_t j = 0; j < spaces; ++j) {
            answers.push_back(j == (i + 1) % spaces ? kNone : kAll);
        }
    }
    return matrix_of(groups, answers);
}

}  // namespace

BOOST_DATA_TEST_CASE(numbers_that_follow_are_told_as_a_range, data::make(kRangeRows), row) {
    BOOST_TEST(ctl::with_ranges(row.names) == row.wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pairs_are_counted_by_namespace_and_nobody_meets_himself) {
    // a has two pods of the first group and one of the second, b one of the second.
    const auto matrix = matrix_of({{"a/1", "a/2"}, {"a/3", "b/4"}}, {kAll, kSome, kNone, kNone});
    const ctl::Overview overview = ctl::overview_of(matrix, 100);
    BOOST_REQUIRE_EQUAL(overview.blocks.size(), 2u);
    BOOST_TEST(overview.blocks[0].name() == "a");
    BOOST_TEST(overview.blocks[0].ends == 3u);
    const ctl::PairCounts& inside = overview.at(0, 0);
    BOOST_TEST(inside.all == 2u);   // within the first group
    BOOST_TEST(inside.some == 2u);  // from the first to a/3
    BOOST_TEST(inside.none == 2u);  // back; a/3 has nobody else of its group in a
    BOOST_TEST(overview.kind(0, 0) == 'm');
    BOOST_TEST(overview.sign(0, 0) == '6');  // four of six
    BOOST_TEST(overview.at(0, 1).some == 2u);
    BOOST_TEST(overview.at(0, 1).none == 1u);
    BOOST_TEST(overview.kind(1, 0) == 'n');
    BOOST_TEST(overview.kind(1, 1) == '-');
}

BOOST_AUTO_TEST_CASE(namespaces_that_look_alike_are_one_block) {
    const auto matrix = matrix_of({{"a/1", "a/2", "b/1", "b/2", "c1/1", "c1/2"}, {"d/1", "d/2"}},
                                  {kAll, kNone, kSome, kAll});
    const ctl::Overview overview = ctl::overview_of(matrix, 100);
    BOOST_REQUIRE_EQUAL(overview.blocks.size(), 2u);
    BOOST_TEST(overview.blocks[0].name() == "a, b, c1 (3 namespaces)");
    BOOST_TEST(overview.blocks[0].ends == 6u);
    BOOST_TEST(overview.at(0, 0).all == 30u);
    BOOST_TEST(overview.at(1, 0).some == 12u);
}

BOOST_AUTO_TEST_CASE(there_are_never_more_blocks_than_wanted) {
    for (const std::size_t most : {10u, 50u, 200u}) {
        const ctl::Overview overview = ctl::overview_of(circle(100), most);
        BOOST_TEST(overview.blocks.size() <= most);
        BOOST_TEST(overview.blocks.size() > 1u);
        std::size_t spaces = 0;
        std::uint64_t pairs = 0;
        for (const auto& block : overview.blocks) spaces += block.namespaces.size();
        for (const auto& cell : overview.cells) pairs += cell.total();
        BOOST_TEST(spaces == 101u);
        BOOST_TEST(pairs == (2u * 100u) * (2u * 100u) - 2u * 100u);
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_nothing_does_not_look_so) {
    BOOST_TEST(ctl::percentages({.all = 1, .some = 0, .none = 99'999}) ==
               "<0.1% all, 0.0% some, >99.9% none");
    BOOST_TEST(ctl::percentages({.all = 1, .some = 1, .none = 2}) ==
               "25.0% all, 25.0% some, 50.0% none");
    BOOST_TEST(ctl::percentages({}) == "-");
}
