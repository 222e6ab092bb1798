// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_names.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall;
using Json = nlohmann::ordered_json;

namespace {

struct NumberedRow {
    const char* title;
    std::string name;
    std::size_t number;
    std::string wanted;
};
std::ostream& operator<<(std::ostream& out, const NumberedRow& row) { return out << row.title; }

const std::string k63(63, 'a');
const NumberedRow kNumberedRows[] = {
    {"short", "web", 2, "web-2"},
    {"sixty_one_characters_have_room", std::string(61, 'a'), 2, std::string(61, 'a') + "-2"},
    {"sixty_two_lose_one", std::string(62, 'a'), 2, std::string(61, 'a') + "-2"},
    {"more_digits_more_loss", k63, 10, std::string(60, 'a') + "-10"},
    {"only_the_last_label_counts", k63 + ".b", 2, k63 + ".b-2"},
    {"no_dash_before_the_dash", std::string(60, 'a') + "-bb", 2, std::string(60, 'a') + "-2"},
    {"at_the_whole_limit", k63 + "." + k63 + "." + k63 + "." + std::string(61, 'a'), 2,
     k63 + "." + k63 + "." + k63 + "." + std::string(59, 'a') + "-2"},
    {"a_short_last_label_may_go", k63 + "." + k63 + "." + k63 + "." + std::string(59, 'a') + ".b",
     2, k63 + "." + k63 + "." + k63 + "." + std::string(59, 'a') + "-2"},
};

Json object(const char* version, const char* kind, const char* space, const char* name) {
    Json out{{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}}}};
    if (*space != '\0') out["metadata"]["namespace"] = space;
    return out;
}

}  // namespace

BOOST_DATA_TEST_CASE(a_number_makes_a_name_that_is_valid, data::make(kNumberedRows), row) {
    const std::string made = ctl::numbered_name(row.name, row.number);
    BOOST_TEST(made == row.wanted);
    BOOST_TEST(made.size() <= 253u);
}

BOOST_AUTO_TEST_CASE(versions_are_one_object_and_groups_are_not) {
    const auto id = [](const char* version, const char* kind, const char* space, const char* name) {
        return *ctl::identity_of(object(version, kind, space, name));
    };
    BOOST_TEST((id("networking.k8s.io/v1", "NetworkPolicy", "a", "x") ==
                id("extensions/v1beta1", "NetworkPolicy", "a", "x")));
    BOOST_TEST((id("networking.k8s.io/v1", "NetworkPolicy", "", "x") ==
                id("networking.k8s.io/v1", "NetworkPolicy", "default", "x")));
    BOOST_TEST((id("v1", "Node", "a", "x") == id("v1", "Node", "", "x")));
    BOOST_TEST((id("apps/v1", "Deployment", "a", "x") != id("other/v1", "Deployment", "a", "x")));
    BOOST_TEST((id("v1", "Pod", "a", "x") != id("v1", "Pod", "b", "x")));
    BOOST_TEST(!ctl::identity_of(Json{{"kind", "Pod"}, {"metadata", {{"name", 5}}}}).has_value());
    BOOST_TEST(!ctl::identity_of(Json::array()).has_value());
}

BOOST_AUTO_TEST_CASE(a_free_name_is_the_first_number_that_nobody_has) {
    ctl::TakenNames names;
    const ctl::ObjectIdentity wanted{"g", "K", "", "x"};
    BOOST_TEST(names.take_free(wanted, 1, "first") == "x");
    BOOST_TEST(names.take_free(wanted, 1, "second") == "x-2");
    BOOST_TEST(names.take_free(wanted, 2, "third") == "x-3");
    BOOST_TEST(names.owner(wanted) == "first");
    BOOST_REQUIRE(names.take(wanted, "fourth") != nullptr);
    BOOST_TEST(*names.take(wanted, "fourth") == "first");
    BOOST_TEST(names.owner({"g", "K", "other", "x"}).empty());
}
