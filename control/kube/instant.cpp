// SPDX-License-Identifier: Apache-2.0
#include "control/kube/instant.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace tierwall::kube {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::size_t kFractionDigits = 9;
constexpr std::int64_t kDay_s = 86'400;

/// Takes a text apart from its beginning; what does not fit makes everything after it wrong.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
        return value;
    }
    void one_of(std::string_view allowed) {
        good_ = good_ && !rest_.empty() && allowed.find(rest_.front()) != allowed.npos;
        skip();
    }
    bool next_is(char wanted) const { return !rest_.empty() && rest_.front() == wanted; }
    /// Digits that count, with zeros behind them; more are skipped.
    std::string fraction() {
        std::string out;
        if (next_is('.')) {
            skip();
            out += static_cast<char>('0' + digit());
            while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
                out += rest_.front();
                skip();
            }
        }
        out.resize(kFractionDigits, '0');
        return out;
    }
    void require(bool what) { good_ = good_ && what; }
    bool done() const { return good_ && rest_.empty(); }

private:
    int digit() {
        good_ = good_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
        const int value = good_ ? rest_.front() - '0' : 0;
        skip();
        return value;
    }
    void skip() {
        if (!rest_.empty()) rest_.remove_prefix(1);
    }

    std::string_view rest_;
    bool good_ = true;
};

std::int64_t clock_seconds(Scanner& scanner) {
    const int hours = scanner.number(2);
    scanner.one_of(":");
    const int minutes = scanner.number(2);
    scanner.require(hours < 24 && minutes < 60);
    return (hours * 60 + minutes) * std::int64_t{60};
}

/// Seconds that the written clock is ahead of UTC.
std::int64_t offset_seconds(Scanner& scanner) {
    const bool is_zone = scanner.next_is('+') || scanner.next_is('-');
    const bool behind = scanner.next_is('-');
    scanner.one_of("Zz+-");
    if (!is_zone) return 0;
    return behind ? -clock_seconds(scanner) : clock_seconds(scanner);
}

}  // namespace

std::string instant_text(std::string_view written) {
    Scanner scanner(written);
    const int year = scanner.number(4);
    scanner.one_of("-");
    const int month = scanner.number(2);
    scanner.one_of("-");
    const int day = scanner.number(2);
    scanner.one_of("Tt ");
    const year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                              std::chrono::day(unsigned(day))};
    std::int64_t seconds = clock_seconds(scanner);
    scanner.one_of(":");
    const int second = scanner.number(2);
    scanner.require(date.ok() && second <= 60);  // a leap second
    const std::string fraction = scanner.fraction();
    seconds += second - offset_seconds(scanner);
    if (!scanner.done()) return "";
    seconds += sys_days(date).time_since_epoch().count() * kDay_s;

    const std::int64_t in_days =
        seconds >= 0 ? seconds / kDay_s : -((kDay_s - 1 - seconds) / kDay_s);
    const year_month_day utc{sys_days(days(in_days))};
    const auto of_day = static_cast<int>(seconds - in_days * kDay_s);
    std::array<char, 48> out{};
    std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%sZ", int(utc.year()),
                  unsigned(utc.month()), unsigned(utc.day()), of_day / 3600, of_day / 60 % 60,
                  of_day % 60, fraction.c_str());
    return out.data();
}

}  // namespace tierwall::kube
