// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/result.hpp"

#include "dataplane/base/counters.hpp"
#include "dataplane/base/verdict.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <set>
#include <string>

namespace base = tierwall::base;
using base::Errc;
using base::Error;
using base::Result;

namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return Error{Errc::Invalid, "spec.number", "is odd"};
    return number / 2;
}

Result<int> quarter(int number) {
    TW_TRY(first, half(number));
    TW_TRY(second, half(first));
    return second;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_result_is_a_value_or_an_error) {
    BOOST_TEST(half(4).ok());
    BOOST_TEST(*half(4) == 2);
    BOOST_TEST(!half(3));
    BOOST_TEST((half(3).error().code == Errc::Invalid));
}

BOOST_AUTO_TEST_CASE(try_returns_the_first_error) {
    BOOST_TEST(*quarter(8) == 2);
    BOOST_TEST(quarter(6).error().text() == "spec.number: is odd");
    BOOST_TEST(!quarter(5).ok());
}

BOOST_AUTO_TEST_CASE(a_result_moves_what_cannot_be_copied) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    const std::unique_ptr<int> taken = *std::move(result);
    BOOST_TEST(*taken == 7);
}

BOOST_AUTO_TEST_CASE(an_error_without_a_place_has_no_colon) {
    BOOST_TEST((Error{Errc::Io, "", "gone"}.text()) == "gone");
}

BOOST_AUTO_TEST_CASE(every_reason_has_a_word_of_its_own) {
    std::set<std::string> words;
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        words.insert(base::name(static_cast<base::Reason>(i)));
    }
    BOOST_TEST(words.size() == base::kReasonCount);
    BOOST_TEST(words.count("unknown") == 0u);
}

BOOST_AUTO_TEST_CASE(reasons_pass_up_to_the_first_drop) {
    BOOST_TEST(base::passes(base::Reason::PickedUp));
    BOOST_TEST(!base::passes(base::Reason::PolicyDeny));
    BOOST_TEST(!base::passes(base::Reason::Malformed));
}

BOOST_AUTO_TEST_CASE(a_counter_counts_one_reason_only) {
    base::Counters counters;
    counters.of(base::Reason::Truncated).add();
    counters.of(base::Reason::Truncated).add(2);
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        const auto reason = static_cast<base::Reason>(i);
        BOOST_TEST(counters.of(reason).read() == (reason == base::Reason::Truncated ? 3u : 0u));
    }
}
