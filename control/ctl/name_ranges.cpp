// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/name_ranges.hpp"

#include <cctype>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kRangeMin = 3;  ///< as many names as are worth a range

/// "ns" and 7 of "ns7"; nothing where there is no number, or another one would be the same.
std::pair<std::string, std::optional<std::uint64_t>> number_in(const std::string& name) {
    std::size_t end = name.size();
    while (end > 0 && std::isdigit(static_cast<unsigned char>(name[end - 1])) != 0) --end;
    const std::string digits = name.substr(end);
    const bool is_plain =
        !digits.empty() && digits.size() <= 9 && (digits.size() == 1 || digits.front() != '0');
    if (!is_plain) return {name, std::nullopt};
    return {name.substr(0, end), std::stoull(digits)};
}

void add_run(const std::string& prefix, std::pair<std::uint64_t, std::uint64_t> run,
             std::vector<std::string>& out) {
    if (run.second - run.first + 1 >= kRangeMin) {
        out.push_back(prefix + "[" + std::to_string(run.first) + "-" + std::to_string(run.second) +
                      "]");
        return;
    }
    for (std::uint64_t i = run.first; i <= run.second; ++i) {
        out.push_back(prefix + std::to_string(i));
    }
}

}  // namespace

std::vector<std::string> with_ranges(const std::vector<std::string>& names) {
    std::map<std::string, std::set<std::uint64_t>> numbers;
    std::vector<std::string> out;
    for (const std::string& name : names) {
        const auto [prefix, number] = number_in(name);
        if (number) {
            numbers[prefix].insert(*number);
        } else {
            out.push_back(name);
        }
    }
    for (const auto& [prefix, set] : numbers) {
        std::pair<std::uint64_t, std::uint64_t> run{*set.begin(), *set.begin()};
        for (const std::uint64_t number : set) {
            if (number > run.second + 1) {
                add_run(prefix, run, out);
                run.first = number;
            }
            run.second = number;
        }
        add_run(prefix, run, out);
    }
    return out;
}

}  // namespace tierwall::ctl
