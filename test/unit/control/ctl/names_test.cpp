// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/names.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace tierwall;

BOOST_AUTO_TEST_CASE(names_lose_case_and_the_dot_and_lines_add_up) {
    const auto names = ctl::parse_names(
        "{\"name\":\"WWW.Example.COM.\",\"ips\":[\"10.0.0.1\"]}\n\n"
        "{\"name\":\"www.example.com\",\"ips\":[\"fd00::1\"]}\n",
        "dns");
    BOOST_REQUIRE(names.ok());
    BOOST_REQUIRE(names->size() == 1u);
    BOOST_TEST(names->begin()->first == "www.example.com");
    BOOST_REQUIRE(names->begin()->second.size() == 2u);
    BOOST_TEST(base::text(names->begin()->second[1]) == "fd00::1");
}

BOOST_DATA_TEST_CASE(
    a_line_that_is_not_clear_is_refused,
    data::make({"x", "[]", R"({"name":"a"})", R"({"name":1,"ips":[]})",
                R"({"name":"a","ips":"10.0.0.1"})", R"({"name":"a","ips":["10.0.0.256"]})",
                R"({"name":"a","ips":[1]})", R"({"name":"a","ips":[],"ttl":1})"})) {
    const auto names = ctl::parse_names(std::string("\n") + sample, "dns");
    BOOST_REQUIRE(!names.ok());
    BOOST_TEST(names.error().where == "dns:2");
}
