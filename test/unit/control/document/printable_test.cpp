// SPDX-License-Identifier: Apache-2.0
#include "control/document/printable.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using tierwall::document::printable;
using namespace std::string_literals;

BOOST_AUTO_TEST_CASE(a_terminal_is_told_nothing_by_a_name) {
    const std::pair<std::string, const char*> rows[] = {
        {"", ""},
        {"NetworkPolicy/shop/web a\\b", "NetworkPolicy/shop/web a\\b"},
        {"\x1b[2J\x1b]0;title\a", "\\x1b[2J\\x1b]0;title\\x07"},
        {"one\nerror: two\r\t", "one\\nerror: two\\r\\t"},
        {"a\0b\x7f"s, "a\\x00b\\x7f"},
        {"\u009b31m", "\\u009b31m"},
        {"\u00a0Grün 日本", "\u00a0Grün 日本"},
        {"x\u202etxt.\u2066\u200f\u2028", "x\\u202etxt.\\u2066\\u200f\\u2028"},
        {"\x9b"
         "31m\xff",
         "\\x9b31m\\xff"},
        {"cut \xe6\x97", "cut \\xe6\\x97"},
        {"\xc0\x9b\xed\xa0\x80", "\\xc0\\x9b\\xed\\xa0\\x80"},
    };
    for (const auto& [text, shown] : rows) BOOST_TEST(printable(text) == shown);
}
