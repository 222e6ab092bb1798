// SPDX-License-Identifier: Apache-2.0
#include "control/document/parse.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <ostream>
#include <string>

using namespace tierwall;
using namespace tierwall::document;
namespace data = boost::unit_test::data;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) result += text;
    return result;
}

/// Ten aliases to ten aliases to ...: 10^levels values from a few lines.
std::string laughs(int levels) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < levels; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int j = 1; j < 10; ++j) text += ", " + before;
        text += "]\n";
    }
    return text;
}

struct Refused {
    const char* name;
    std::string text;
    base::Errc error;
    const char* where;
    const char* what;
    friend std::ostream& operator<<(std::ostream& out, const Refused& row) {
        return out << row.name;
    }
};

const Refused kYaml[] = {
    {"duplicate key", "a: 1\nb:\n  c: 1\n  c: 2\n", base::Errc::Duplicate, "f:4", "\"c\""},
    {"duplicate key in flow", "{a: 1, a: 2}", base::Errc::Duplicate, "f:1", "\"a\""},
    {"same key by YAML 1.1", "on: 1\ntrue: 2\n", base::Errc::Duplicate, "f:2", "\"true\""},
    {"unterminated quote", "a: 1\nb: \"x\nc: 1\n", base::Errc::Invalid, "f:2", ""},
    {"unterminated flow", "a: [1, 2\n", base::Errc::Invalid, "f:", ""},
    {"tab as indentation", "a:\n  b: 1\n\tc: 1\n", base::Errc::Invalid, "f:", ""},
    {"unquoted wildcard", "a: *.example.com\n", base::Errc::Invalid, "f:1", "alias"},
    {"unknown alias", "a: *b\n", base::Errc::Invalid, "f:1", "unknown alias *b"},
    {"alias inside its anchor", "a: &a [*a]\n", base::Errc::Invalid, "f:1", "unknown alias *a"},
    {"alias of another document", "a: &x 1\n---\nb: *x\n", base::Errc::Invalid, "f:3", "*x"},
    {"unknown tag", "a: 1\nb: !!binary x\n", base::Errc::Invalid, "f:2", "tag binary"},
    {"list as key", "? [a]\n: 1\n", base::Errc::Invalid, "f:1", "key"},
    {"null key", "~: 1\n", base::Errc::Invalid, "f:1", "null cannot be a key"},
    {"merge of a scalar", "a:\n  <<: 1\n", base::Errc::Invalid, "f:2", "merge"},
    {"billion laughs", laughs(12), base::Errc::Limit, "f:", "aliases counted"},
    {"too deep", repeated("[", 65) + repeated("]", 65), base::Errc::Limit, "f:1", "deeper"},
};

const Refused kJson[] = {
    {"duplicate key", "{\"a\":1,\n\"a\":2}", base::Errc::Duplicate, "f:2", "\"a\""},
    {"duplicate key of 30",
     "{" +
         [] {
             std::string text;
             for (int i = 0; i < 30; ++i) text += "\"k" + std::to_string(i) + "\":1,";
             return text;
         }() +
         "\"k7\":1}",
     base::Errc::Duplicate, "f:1", "\"k7\""},
    {"trailing comma", "{\"a\":1,}", base::Errc::Invalid, "f:1", "not JSON"},
    {"cut off", "{\"a\":\n\n[1,2", base::Errc::Invalid, "f:3", "not JSON"},
    {"text after it", "{\"a\":1}\n]", base::Errc::Invalid, "f:", "after the end"},
    {"a list after it", "{\"a\":1}[1]", base::Errc::Invalid, "f:1", "after the end"},
    {"a scalar", "7", base::Errc::Invalid, "f:1", "neither"},
    {"comment", "{} // x", base::Errc::Invalid, "f:1", "after the end"},
    {"control character", "{\"a\":\"\n\"}", base::Errc::Invalid, "f:", "not JSON"},
    {"invalid UTF-8", "{\"a\":\"\xff\"}", base::Errc::Invalid, "f:1", "not JSON"},
    {"too deep", repeated("[", 65) + repeated("]", 65), base::Errc::Limit, "f:1", "deeper"},
    {"100,000 deep", repeated("[", 100000), base::Errc::Limit, "f:1", "deeper"},
    {"not a number", "{\"a\": NaN}", base::Errc::Invalid, "f:1", "not JSON"},
};

void check_refused(const base::Result<Documents>& result, const Refused& row) {
    BOOST_REQUIRE(!result.ok());
    BOOST_TEST(base::name(result.error().code) == base::name(row.error));
    BOOST_TEST(result.error().where.starts_with(row.where), result.error().text());
    BOOST_TEST(result.error().what.find(row.what) != std::string::npos, result.error().text());
}

struct Scalar {
    const char* text;
    Kind kind;
    double number;
    friend std::ostream& operator<<(std::ostream& out, const Scalar& row) {
        return out << row.text;
    }
};

const Scalar kScalars[] = {
    {"~", Kind::Null, 0},
    {"null", Kind::Null, 0},
    {"Null", Kind::Null, 0},
    {"nULL", Kind::Text, 0},
    {"true", Kind::Boolean, 1},
    {"yes", Kind::Boolean, 1},
    {"Y", Kind::Boolean, 1},
    {"on", Kind::Boolean, 1},
    {"ON", Kind::Boolean, 1},
    {"no", Kind::Boolean, 0},
    {"n", Kind::Boolean, 0},
    {"off", Kind::Boolean, 0},
    {"False", Kind::Boolean, 0},
    {"yES", Kind::Text, 0},
    {"yess", Kind::Text, 0},
    {"'yes'", Kind::Text, 0},
    {"\"80\"", Kind::Text, 0},
    {"!!str 80", Kind::Text, 0},
    {"80", Kind::Integer, 80},
    {"-1", Kind::Integer, -1},
    {"+7", Kind::Integer, 7},
    {"010", Kind::Integer, 8},
    {"080", Kind::Integer, 80},
    {"0x1F", Kind::Integer, 31},
    {"0b11", Kind::Integer, 3},
    {"0o17", Kind::Integer, 15},
    {"1_000", Kind::Integer, 1000},
    {"1.5", Kind::Real, 1.5},
    {"80.0", Kind::Real, 80},
    {"1e3", Kind::Real, 1000},
    {".5", Kind::Real, 0.5},
    {"-.5", Kind::Real, -0.5},
    {"1.2.3", Kind::Text, 0},
    {"10.0.0.0/8", Kind::Text, 0},
    {"fd00::/8", Kind::Text, 0},
    {"::/0", Kind::Text, 0},
    {"2001-01-01", Kind::Text, 0},
    {"-", Kind::Null, 0},
    {"8080/tcp", Kind::Text, 0},
    {"0x", Kind::Text, 0},
    {"1-2", Kind::Text, 0},
    {"v1", Kind::Text, 0},
    {"9223372036854775807", Kind::Integer, 9223372036854775807.0},
    {"9223372036854775808", Kind::Real, 9223372036854775808.0},
};

}  // namespace

BOOST_DATA_TEST_CASE(yaml_is_refused_with_its_line, data::make(kYaml), row) {
    check_refused(parse_yaml(row.text, "f"), row);
}

BOOST_DATA_TEST_CASE(json_is_refused_with_its_line, data::make(kJson), row) {
    check_refused(parse_json(row.text, "f"), row);
}

BOOST_DATA_TEST_CASE(plain_scalars_are_what_kubectl_takes_them_for, data::make(kScalars), row) {
    if (std::string(row.text) == "-") return;  // a list of one null, not a scalar
    const auto documents = parse_yaml("a: " + std::string(row.text), "f");
    BOOST_REQUIRE(documents.ok());
    const Value& value = *documents->roots().front().find("a");
    BOOST_TEST(name(value.kind()) == name(row.kind));
    if (row.kind == Kind::Integer)
        BOOST_TEST(static_cast<double>(value.as_integer()) == row.number);
    if (row.kind == Kind::Real) BOOST_TEST(value.as_real() == row.number);
    if (row.kind == Kind::Boolean) BOOST_TEST(value.as_boolean() == (row.number != 0));
}

/// Each of these was once taken for the end of the text, without an error.
BOOST_AUTO_TEST_CASE(text_behind_a_byte_that_is_no_utf8_is_never_left_out) {
    const std::string bad[] = {
        std::string(1, '\0'), "\x80",     "\xc0\x80", "\xe9", "\xfe", "\xff", "\xed\xa0\x80",
        "\xf5\x80\x80\x80",   "\xe2\x82", "\x1b"};
    for (const std::string& byte : bad) {
        for (const std::string& text : {"a: 1\n# caf" + byte + "\nb: 2\n", byte + "\na: 1\n",
                                        "a: 1\n---\nb: \"" + byte + "\"\n", "a: 1\n" + byte}) {
            const auto documents = parse_yaml(text, "t.yaml");
            BOOST_REQUIRE(!documents.ok());
            BOOST_CHECK(documents.error().code == base::Errc::Invalid);
            BOOST_CHECK(documents.error().where.starts_with("t.yaml:"));
        }
    }
    BOOST_CHECK(!parse_yaml(std::string(4096, '\0'), "zeroes").ok());
    BOOST_CHECK(!parse_yaml(std::string("\xff\xfe"
                                        "a\0:\0 \0"
                                        "1\0",
                                        10),
                            "utf-16")
                     .ok());
    const auto good = parse_yaml("a: \"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"\n", "t.yaml");
    BOOST_CHECK(good.ok());
}

BOOST_AUTO_TEST_CASE(empty_documents_are_left_out) {
    const auto documents = parse_yaml("---\n---\na: 1\n---\n# nothing\n---\n~\n---\nb: 2\n", "f");
    BOOST_REQUIRE(documents.ok());
    BOOST_REQUIRE(documents->roots().size() == 2u);
    BOOST_TEST(documents->roots()[0].find("a") != nullptr);
    BOOST_TEST(documents->roots()[1].find("b")->line() == 9u);
    for (const char* text : {"", "\n", "# x\n", "---\n", "\xef\xbb\xbf"}) {
        BOOST_TEST(parse(text, "f")->roots().empty());
    }
    BOOST_TEST(parse("", "f.json")->roots().empty());
}

BOOST_AUTO_TEST_CASE(byte_order_mark_and_carriage_returns_do_not_matter) {
    for (const char* text : {"\xef\xbb\xbf"
                             "a: x\r\nb: y z\r\n",
                             "a: x\nb: y z\n"}) {
        const auto documents = parse_yaml(text, "f");
        BOOST_REQUIRE(documents.ok());
        BOOST_TEST(documents->roots()[0].find("a")->as_text() == "x");
        BOOST_TEST(documents->roots()[0].find("b")->as_text() == "y z");
        BOOST_TEST(documents->roots()[0].find("b")->line() == 2u);
    }
    BOOST_TEST(parse("\xef\xbb\xbf{\"a\":1}", "f")->roots()[0].find("a")->as_integer() == 1);
}

BOOST_AUTO_TEST_CASE(merge_keys_fill_in_what_is_not_there) {
    const auto documents =
        parse_yaml("x: &x {k: 1, l: 2}\ny: &y {l: 3, m: 4}\nz:\n  <<: [*x, *y]\n  k: 9\n", "f");
    BOOST_REQUIRE(documents.ok());
    const Value& z = *documents->roots()[0].find("z");
    BOOST_TEST(z.members().size() == 3u);
    BOOST_TEST(z.find("k")->as_integer() == 9);
    BOOST_TEST(z.find("l")->as_integer() == 2);
    BOOST_TEST(z.find("m")->as_integer() == 4);
    const auto quoted = parse_yaml("\"<<\": {a: 1}\n", "f");
    BOOST_TEST(quoted->roots()[0].find("<<") != nullptr);
}

BOOST_AUTO_TEST_CASE(aliases_below_the_limit_are_read) {
    const auto documents = parse_yaml(laughs(6), "f");
    BOOST_REQUIRE(documents.ok());
    BOOST_TEST(documents->roots()[0].nodes() > 1'000'000u);
}

BOOST_AUTO_TEST_CASE(depth_at_the_limit_is_read) {
    const std::string text = repeated("[", kDepthMax) + repeated("]", kDepthMax);
    BOOST_TEST(parse_json(text, "f").ok());
}

BOOST_AUTO_TEST_CASE(json_knows_its_lines) {
    const auto documents = parse_json("{\"a\":1\n,\"b\":\n[2\n,3],\n\"c\":\"x\ty\"}", "f");
    BOOST_TEST(!documents.ok());  // a raw tab is no JSON string character
    const auto good = parse_json("{\"a\":1\n,\"b\":\n[2\n,3],\n\"c\":\"x\"}", "f");
    BOOST_REQUIRE(good.ok());
    const Value& root = good->roots()[0];
    BOOST_TEST(root.find("a")->line() == 1u);
    BOOST_TEST(root.find("b")->line() == 3u);
    BOOST_TEST(root.find("b")->items()[1].line() == 4u);
    BOOST_TEST(root.find("c")->line() == 5u);
}

BOOST_AUTO_TEST_CASE(json_objects_one_after_the_other_are_documents) {
    const auto documents = parse_json("{\"a\":1}{\"a\":2}\n\n{\"a\":3}\n", "f");
    BOOST_REQUIRE(documents.ok());
    BOOST_REQUIRE(documents->roots().size() == 3u);
    BOOST_TEST(documents->roots()[2].find("a")->as_integer() == 3);
    BOOST_TEST(documents->roots()[2].line() == 3u);
}

BOOST_AUTO_TEST_CASE(what_starts_like_json_may_be_yaml_unless_named_json) {
    BOOST_TEST(parse("{a: b}", "f.yaml").ok());
    BOOST_TEST(parse("{a: b}", "standard input").ok());
    BOOST_TEST(!parse("{a: b}", "f.json").ok());
    BOOST_TEST(parse("{\"a\":\n\t\"b\"}", "f.yaml").ok());
}

BOOST_AUTO_TEST_CASE(json_and_yaml_of_the_same_say_the_same) {
    const auto json = parse_json("{\"a\":[1,\"1\",true,null,1.5],\"b\":{\"c\":{}}}", "f");
    const auto yaml = parse_yaml("b:\n  c: {}\na:\n- 1\n- '1'\n- yes\n- ~\n- 1.5\n", "f");
    BOOST_REQUIRE((json.ok() && yaml.ok()));
    BOOST_TEST(same(json->roots()[0], yaml->roots()[0]));
    BOOST_TEST(!same(json->roots()[0], *yaml->roots()[0].find("a")));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_not_found) {
    const auto missing = read_file("/nonexistent/x.yaml");
    BOOST_REQUIRE(!missing.ok());
    BOOST_TEST(base::name(missing.error().code) == "NotFound");
    const auto folder = read_file("/");
    BOOST_REQUIRE(!folder.ok());
    BOOST_TEST(base::name(folder.error().code) == "Io");
}

BOOST_AUTO_TEST_CASE(a_text_over_the_size_limit_is_refused) {
    const std::string text(kFileBytesMax + 1, ' ');
    BOOST_TEST(base::name(parse_json(text, "f").error().code) == "Limit");
    BOOST_TEST(base::name(parse_yaml(text, "f").error().code) == "Limit");
    BOOST_TEST(parse_json(std::string_view(text).substr(1), "f").ok());
}
