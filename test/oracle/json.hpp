// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reading JSON without asking twice: what is not there is null, and null has no items.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    irrelevant; only tests use it.

#include <nlohmann/json.hpp>

#include <string>

namespace tierwall::oracle {

inline const nlohmann::json& at(const nlohmann::json& object, const char* key) {
    static const nlohmann::json kNothing;
    if (!object.is_object()) return kNothing;
    const auto found = object.find(key);
    return found == object.end() ? kNothing : *found;
}

inline std::string string_at(const nlohmann::json& object, const char* key,
                             const std::string& otherwise = "") {
    const nlohmann::json& value = at(object, key);
    return value.is_string() ? value.get<std::string>() : otherwise;
}

}  // namespace tierwall::oracle
