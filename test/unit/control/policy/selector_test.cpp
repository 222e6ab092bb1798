// SPDX-License-Identifier: Apache-2.0
#include "control/policy/selector.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace tierwall::policy;
namespace data = boost::unit_test::data;

namespace {

struct Case {
    const char* name;
    Operator op;
    std::vector<std::string> values;
    bool key_missing, value_listed, value_other, value_empty;
    friend std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }
};

const Case kCases[] = {
    {"In", Operator::In, {"a", "b"}, false, true, false, false},
    {"In with the empty value", Operator::In, {"", "a"}, false, true, false, true},
    {"NotIn", Operator::NotIn, {"a", "b"}, true, false, true, true},
    {"NotIn with the empty value", Operator::NotIn, {"", "a"}, true, false, true, false},
    {"Exists", Operator::Exists, {}, false, true, true, true},
    {"DoesNotExist", Operator::DoesNotExist, {}, true, false, false, false},
};

}  // namespace

BOOST_DATA_TEST_CASE(operators_follow_the_table, data::make(kCases), row) {
    const Requirement requirement{"k", row.op, row.values};
    BOOST_TEST(matches(requirement, Labels{{"other", "a"}}) == row.key_missing);
    BOOST_TEST(matches(requirement, Labels{{"k", "a"}}) == row.value_listed);
    BOOST_TEST(matches(requirement, Labels{{"k", "z"}}) == row.value_other);
    BOOST_TEST(matches(requirement, Labels{{"k", ""}}) == row.value_empty);
}

BOOST_AUTO_TEST_CASE(an_empty_selector_matches_everything) {
    BOOST_TEST(matches(Selector{}, Labels{}));
    BOOST_TEST(matches(Selector{}, Labels{{"a", "b"}}));
}

BOOST_AUTO_TEST_CASE(all_requirements_must_hold) {
    const Selector selector{{{"a", Operator::In, {"1"}}, {"b", Operator::Exists, {}}}};
    BOOST_TEST(matches(selector, Labels{{"a", "1"}, {"b", ""}}));
    BOOST_TEST(!matches(selector, Labels{{"a", "1"}}));
    BOOST_TEST(!matches(selector, Labels{{"a", "2"}, {"b", ""}}));
}

BOOST_AUTO_TEST_CASE(the_same_key_may_be_required_twice) {
    const Selector selector{{{"a", Operator::In, {"1", "2"}}, {"a", Operator::NotIn, {"2"}}}};
    BOOST_TEST(matches(selector, Labels{{"a", "1"}}));
    BOOST_TEST(!matches(selector, Labels{{"a", "2"}}));
}

BOOST_AUTO_TEST_CASE(selectors_that_say_the_same_are_equal_once_normalized) {
    Selector one{{{"b", Operator::Exists, {}}, {"a", Operator::In, {"2", "1", "2"}}}};
    Selector two{{{"a", Operator::In, {"1", "2"}},
                  {"b", Operator::Exists, {}},
                  {"b", Operator::Exists, {}}}};
    BOOST_TEST(!(one == two));
    normalize(one);
    normalize(two);
    BOOST_TEST((one == two));
}
