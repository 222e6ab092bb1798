// SPDX-License-Identifier: Apache-2.0
#include "control/lint/label_set.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

using tierwall::lint::LabelSet;
using tierwall::policy::Labels;
using tierwall::policy::Operator;
using tierwall::policy::Requirement;
using tierwall::policy::Selector;

namespace {

Selector random_selector(std::mt19937& random) {
    const std::string values[] = {"x", "y", "z"};
    Selector selector;
    for (unsigned count = random() % 4; count > 0; --count) {
        Requirement requirement{random() % 2 == 0 ? "a" : "b", Operator(random() % 4), {}};
        if (requirement.op == Operator::In || requirement.op == Operator::NotIn) {
            for (const std::string& value : values) {
                if (random() % 2 == 0) requirement.values.push_back(value);
            }
            if (requirement.values.empty()) requirement.values.push_back("x");
        }
        selector.requirements.push_back(requirement);
    }
    tierwall::policy::normalize(selector);
    return selector;
}

/// Every labels that selectors of the values x, y and z can tell apart.
std::vector<Labels> all_labels() {
    std::vector<Labels> all;
    for (const char* a : {"", "x", "y", "z", "w"}) {
        for (const char* b : {"", "x", "y", "z", "w"}) {
            Labels labels;
            if (*a != 0) labels["a"] = a;
            if (*b != 0) labels["b"] = b;
            all.push_back(labels);
        }
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(containment_and_overlap_are_those_of_all_labels_there_are) {
    std::mt19937 random(20261122);
    const std::vector<Labels> labels = all_labels();
    int inside = 0;
    int apart = 0;
    for (int i = 0; i < 20'000; ++i) {
        const Selector a = random_selector(random);
        const Selector b = random_selector(random);
        bool is_inside = true;
        bool meets = false;
        bool empty = true;
        for (const Labels& each : labels) {
            const bool in_a = matches(a, each);
            const bool in_b = matches(b, each);
            BOOST_REQUIRE(LabelSet(a).holds(each) == in_a);
            is_inside = is_inside && (!in_a || in_b);
            meets = meets || (in_a && in_b);
            empty = empty && !in_a;
        }
        const LabelSet set(a);
        const LabelSet other(b);
        BOOST_REQUIRE(set.empty() == empty);
        BOOST_REQUIRE(set.inside(other) == is_inside);
        BOOST_REQUIRE(set.meets(other) == meets);
        BOOST_REQUIRE(other.meets(set) == meets);
        if (meets) {
            const Labels example = set.common(other).example();
            BOOST_REQUIRE((matches(a, example) && matches(b, example)));
        }
        inside += is_inside ? 1 : 0;
        apart += meets ? 0 : 1;
    }
    BOOST_TEST(inside > 1000);
    BOOST_TEST(apart > 1000);
}
