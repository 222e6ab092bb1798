// SPDX-License-Identifier: Apache-2.0
#include "control/document/plain_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace tierwall::document {
namespace {

constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 9> kInfinite{".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
                                                    "+.INF", "-.inf", "-.Inf", "-.INF"};
constexpr std::array<std::string_view, 3> kNotANumber{".nan", ".NaN", ".NAN"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view text) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a base prefix off: 0x, 0o, 0b, or a leading zero for octal.
int take_base(std::string_view& digits) {
    if (digits.size() < 2 || digits[0] != '0') return 10;
    const char mark = digits[1];
    digits.remove_prefix(is_digit(mark) ? 1 : 2);
    if (mark == 'x' || mark == 'X') return 16;
    if (mark == 'b' || mark == 'B') return 2;
    if (mark == 'o' || mark == 'O' || is_digit(mark)) return 8;
    return 0;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    std::string_view rest = digits;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest.empty() || !is_digit(rest.front())) return std::nullopt;
    const int base = take_base(rest);
    if (base == 0 || rest.empty()) return std::nullopt;
    std::uint64_t value = 0;
    const char* end = rest.data() + rest.size();
    const auto [stop, error] = std::from_chars(rest.data(), end, value, base);
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (error != std::errc{} || stop != end || value > kMost) return std::nullopt;
    const auto number = static_cast<std::int64_t>(value);
    return negative ? -number : number;
}

std::optional<double> real_number(std::string_view text) {
    if (is_one_of(kNotANumber, text)) return std::numeric_limits<double>::quiet_NaN();
    if (is_one_of(kInfinite, text)) {
        const double infinite = std::numeric_limits<double>::infinity();
        return text.front() == '-' ? -infinite : infinite;
    }
    const bool has_sign = text.starts_with('-') || text.starts_with('+');
    const std::string_view rest = text.substr(has_sign ? 1 : 0);
    if (rest.empty() || rest.find_first_not_of("0123456789.eE+-") != rest.npos) return std::nullopt;
    if (!is_digit(rest[0]) && !(rest[0] == '.' && rest.size() > 1 && is_digit(rest[1]))) {
        return std::nullopt;
    }
    double value = 0;
    const char* end = rest.data() + rest.size();
    const auto [stop, error] = std::from_chars(rest.data(), end, value);
    if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
    if (error == std::errc::result_out_of_range) value = std::numeric_limits<double>::infinity();
    return text.front() == '-' ? -value : value;
}

/// 080 is no octal number, so YAML 1.1 readers see 80.0, which JSON then writes as 80.
std::optional<std::int64_t> whole(double value, std::string_view text) {
    constexpr double kExact = 9007199254740992.0;
    const bool written_whole = text.find_first_of(".eE") == text.npos;
    if (!written_whole || std::fabs(value) > kExact) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

}  // namespace

Value plain_scalar(std::string_view text, std::uint32_t line) {
    if (is_one_of(kNull, text)) return Value::null(line);
    if (is_one_of(kTrue, text)) return Value::boolean(true, line);
    if (is_one_of(kFalse, text)) return Value::boolean(false, line);
    const char first = text.front();
    if (!is_digit(first) && first != '.' && first != '-' && first != '+') {
        return Value::text(text, line);
    }
    if (const auto number = whole_number(text)) return Value::integer(*number, line);
    if (const auto number = real_number(text)) {
        if (const auto exact = whole(*number, text)) return Value::integer(*exact, line);
        return Value::real(*number, line);
    }
    return Value::text(text, line);
}

}  // namespace tierwall::document
