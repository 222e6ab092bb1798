// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace tierwall::ctl {

namespace {

std::string normal(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!name.empty() && name.back() == '.') name.pop_back();
    return name;
}

base::Status read_line(const nlohmann::json& object, const std::string& where, Names& names) {
    const auto wrong = [&](const std::string& what) {
        return base::Error{base::Errc::Invalid, where, what};
    };
    if (!object.is_object()) return wrong("not a JSON object on one line");
    for (const auto& [key, value] : object.items()) {
        if (key != "name" && key != "ips") return wrong(key + ": unknown field");
    }
    if (!object.contains("name") || !object["name"].is_string())
        return wrong("name: must be a string");
    if (!object.contains("ips") || !object["ips"].is_array()) return wrong("ips: must be a list");
    std::vector<base::Address>& addresses = names[normal(object["name"])];
    for (const nlohmann::json& ip : object["ips"]) {
        const auto address =
            ip.is_string() ? base::parse_address(ip.get<std::string>()) : std::nullopt;
        if (!address) return wrong("ips: not an address: " + ip.dump());
        addresses.push_back(*address);
    }
    return base::Done{};
}

}  // namespace

base::Result<Names> parse_names(const std::string& text, const std::string& source) {
    Names names;
    std::istringstream lines(text);
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
        TW_TRY(read, read_line(object, source + ":" + std::to_string(number), names));
    }
    return names;
}

}  // namespace tierwall::ctl
