// SPDX-License-Identifier: Apache-2.0
#include "control/document/reader.hpp"
#include "control/document/parse.hpp"

#include <boost/test/unit_test.hpp>

using namespace tierwall;
using namespace tierwall::document;

namespace {

struct Fixture {
    Documents documents = *parse_yaml(
        "name: gate\ncount: 3\nlarge: 70000\nflag: yes\nports:\n- {name: a}\n- {name: 80}\n- 5\n"
        "none: ~\nextra: 1\n",
        "gate.yaml");
    std::vector<Fault> faults;
    Reader root{documents.roots().front(), faults};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(values_of_the_right_kind_are_read_without_a_fault, Fixture) {
    BOOST_TEST(root.at("name").text().value() == "gate");
    BOOST_TEST(root.at("count").integer(3, 3).value() == 3);
    BOOST_TEST(root.at("flag").boolean().value());
    BOOST_TEST(root.at("ports").items().size() == 3u);
    BOOST_TEST(faults.empty());
}

BOOST_AUTO_TEST_CASE(a_number_is_the_integer_that_it_is_worth) {
    const auto read = [](const std::string& text) {
        const Documents documents = *parse(text, "f");
        std::vector<Fault> faults;
        const auto number = Reader(documents.roots().front(), faults).at("v").integer(-1000, 1000);
        BOOST_TEST(number.has_value() == faults.empty());
        return number.value_or(-9999);
    };
    for (const auto& [text, number] : {std::pair{"1e2", 100},
                                       {"80.0", 80},
                                       {"-80.0", -80},
                                       {"0.0", 0},
                                       {"7", 7},
                                       {"80.5", -9999},
                                       {"1e-1", -9999},
                                       {"1e4", -9999},
                                       {"1e300", -9999}}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(read(std::string("v: ") + text + "\n") == number);
            BOOST_TEST(read(std::string("{\"v\": ") + text + "}") == number);
        }
    }
    BOOST_TEST(read("v: .inf\n") == -9999);
    BOOST_TEST(read("v: .nan\n") == -9999);
    BOOST_TEST(read("v: \"80\"\n") == -9999);
}

BOOST_FIXTURE_TEST_CASE(missing_and_null_are_the_same, Fixture) {
    for (const char* key : {"none", "nowhere"}) {
        BOOST_TEST(!root.at(key).present());
        BOOST_TEST(!root.at(key).text());
        BOOST_TEST(!root.at(key).integer(0, 1));
        BOOST_TEST(root.at(key).items().empty());
        BOOST_TEST(root.at(key).at("below").path() == std::string(key) + ".below");
    }
    BOOST_TEST(faults.empty());
    root.at("none").required();
    root.at("nowhere").required();
    BOOST_REQUIRE(faults.size() == 2u);
    BOOST_TEST(faults[0].line == 9u);
    BOOST_TEST(base::name(faults[1].error) == "Required");
    BOOST_TEST(faults[1].field == "nowhere");
}

BOOST_FIXTURE_TEST_CASE(a_wrong_kind_is_a_fault_with_path_and_line, Fixture) {
    const auto ports = root.at("ports").items();
    BOOST_TEST(ports[0].at("name").text().value() == "a");
    BOOST_TEST(!ports[1].at("name").text());
    BOOST_TEST(!ports[2].at("name").present());
    BOOST_TEST(!root.at("flag").text());
    BOOST_TEST(!root.at("name").integer(0, 9));
    BOOST_TEST(!root.at("large").integer(1, 65535));
    BOOST_REQUIRE(faults.size() == 5u);
    BOOST_TEST(faults[0].field == "ports[1].name");
    BOOST_TEST(faults[0].line == 7u);
    BOOST_TEST(faults[0].message == "must be a string, not an integer; put it in quotes");
    BOOST_TEST(faults[1].field == "ports[2]");
    BOOST_TEST(faults[1].message == "must be an object, not an integer");
    BOOST_TEST(faults[2].message.find("plain yes, no, on, off") != std::string::npos);
    BOOST_TEST(faults[4].message == "must be between 1 and 65535, not 70000");
    const base::Error error = to_error(faults[0], "gate.yaml");
    BOOST_TEST(error.text() ==
               "gate.yaml:7: ports[1].name: must be a string, not an integer; put it in quotes");
}

BOOST_FIXTURE_TEST_CASE(unknown_keys_are_refused_with_their_line, Fixture) {
    root.allow_only({"name", "count", "large", "flag", "ports", "none"});
    BOOST_REQUIRE(faults.size() == 1u);
    BOOST_TEST(faults[0].field == "extra");
    BOOST_TEST(faults[0].line == 10u);
    BOOST_TEST(faults[0].message == "unknown field \"extra\"");
}
