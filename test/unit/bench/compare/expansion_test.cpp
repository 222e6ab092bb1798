// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/expansion.hpp"
#include "bench/compare/agreement.hpp"
#include "bench/compare/rule_sets.hpp"
#include "test/support/eal.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <utility>

using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);

namespace {

using namespace tierwall;
using namespace tierwall::bench;
namespace data = boost::unit_test::data;

constexpr std::size_t kProbes = 20'000;

template <typename T>
T must(base::Result<T> result) {
    BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().text()));
    return std::move(*result);
}

struct Both {
    std::unique_ptr<Enforced> enforced;
    Expansion expansion;

    Both(Generated generated, const ExpansionOptions& options)
        : enforced(must(Enforced::create(std::move(generated)))),
          expansion(must(expand(enforced->generated().objects, options))) {}

    Agreement compare(std::uint64_t seed, bool pods_only) const {
        const auto acl = must(RawAcl::build(expansion));
        return must(compare_verdicts(*enforced, expansion, *acl,
                                     {.probes = kProbes, .seed = seed, .pods_only = pods_only}));
    }
};

BOOST_DATA_TEST_CASE(raw_rules_of_many_shapes_say_what_the_pipeline_says, data::xrange(1, 4),
                     seed) {
    const auto number = static_cast<std::uint64_t>(seed);
    const Both both(many_shapes(12, number), {});
    const Agreement found = both.compare(number, false);
    BOOST_TEST(both.expansion.shapes() > 100u);
    BOOST_TEST_MESSAGE("figure: " << both.expansion.rows.size() << " rows, "
                                  << both.expansion.shapes() << " shapes, " << found.allowed
                                  << " of " << found.probes << " probes allowed");
    BOOST_TEST(found.different == 0);
    BOOST_TEST(found.allowed > found.probes / 20);
    BOOST_TEST(found.allowed < found.probes * 19 / 20);
}

BOOST_AUTO_TEST_CASE(rules_of_one_shape_say_what_the_pipeline_says) {
    const Both both(one_shape(12, 3), {.pods_only = true});
    BOOST_TEST(both.expansion.shapes() == 1u);
    BOOST_TEST(both.expansion.steps.size() == 1u);
    const Agreement found = both.compare(3, true);
    BOOST_TEST(found.different == 0);
    BOOST_TEST(found.allowed > found.probes / 20);
    BOOST_TEST(found.allowed < found.probes * 19 / 20);
}

BOOST_AUTO_TEST_CASE(a_row_that_is_wrong_is_noticed) {
    Both both(many_shapes(6, 1), {});
    std::size_t changed = 0;
    for (TupleRow& row : both.expansion.rows) {
        if (row.match.any_protocol || row.action != base::Action::Allow || ++changed % 2 == 0) {
            continue;
        }
        row.action = base::Action::Deny;
    }
    BOOST_TEST(both.compare(1, false).different > 0u);
}

BOOST_AUTO_TEST_CASE(rows_are_bounded) {
    const Generated generated = many_shapes(6, 1);
    const Expansion all = must(expand(generated.objects, {}));
    const auto fits = expand(generated.objects, {.rows_max = all.rows.size()});
    BOOST_TEST(fits.ok());
    const auto too_many = expand(generated.objects, {.rows_max = all.rows.size() - 1});
    BOOST_REQUIRE(!too_many.ok());
    BOOST_TEST((too_many.error().code == base::Errc::Limit));
}

BOOST_AUTO_TEST_CASE(isolation_is_a_default_only_where_all_pods_are_isolated) {
    const auto expansion = expand(many_shapes(6, 1).objects, {.pods_only = true});
    BOOST_REQUIRE(!expansion.ok());
    BOOST_TEST((expansion.error().code == base::Errc::Invalid));
}

}  // namespace
