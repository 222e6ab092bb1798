// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/document_text.hpp"

#include "control/ctl/message_json.hpp"
#include "control/document/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string_view>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

/// Letters first, and nothing in it that YAML gives a meaning to; words like "yes", "null" or
/// "1e3" are not plain.
bool is_plain(const std::string& text) {
    constexpr const char* kWords[] = {"y",    "n",     "yes",  "no",  "on", "off",
                                      "true", "false", "null", "nan", "inf"};
    if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
    const auto is_safe = [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/');
    };
    if (!std::all_of(text.begin(), text.end(), is_safe)) return false;
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(std::begin(kWords), std::end(kWords), lower) == std::end(kWords);
}

/// YAML does not have these, or takes them for ends of lines.
bool is_special(std::uint32_t point) {
    return (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
           point == 0xfeff || point == 0xfffe || point == 0xffff;
}

/// A text in quotes is the same in JSON and in YAML, but for characters that only JSON has.
std::string scalar(const Json& json) {
    if (json.is_string() && is_plain(json.get<std::string>())) return json.get<std::string>();
    const std::string text = json_text(json);
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto next = document::first_character(std::string_view(text).substr(at));
        if (next.length != 0 && is_special(next.point)) {
            char escaped[8];
            std::snprintf(escaped, sizeof(escaped), "\\u%04x", next.point);
            out += escaped;
        } else {
            out += text.substr(at, std::max<std::size_t>(next.length, 1));
        }
        at += std::max<std::size_t>(next.length, 1);
    }
    return out;
}

bool is_block(const Json& json) { return json.is_structured() && !json.empty(); }

void write_block(const Json& json, std::size_t indent, std::string& out);

/// After "key:" or "-".
void write_value(const Json& json, std::size_t indent, std::string& out) {
    if (!is_block(json)) {
        out += " " + scalar(json) + "\n";
        return;
    }
    out += "\n";
    write_block(json, indent, out);
}

void write_block(const Json& json, std::size_t indent, std::string& out) {
    const std::string margin(indent, ' ');
    if (json.is_object()) {
        for (const auto& [key, value] : json.items()) {
            out += margin + scalar(Json(key)) + ":";
            write_value(value, indent + 2, out);
        }
        return;
    }
    for (const Json& item : json) {
        if (!is_block(item)) {
            out += margin + "- " + scalar(item) + "\n";
            continue;
        }
        // The first line of the item takes the place of its margin.
        std::string inner;
        write_block(item, indent + 2, inner);
        out += margin + "- " + inner.substr(indent + 2);
    }
}

}  // namespace

Json json_of(const document::Value& value) {
    switch (value.kind()) {
        case document::Kind::Null: return nullptr;
        case document::Kind::Boolean: return value.as_boolean();
        case document::Kind::Integer: return value.as_integer();
        case document::Kind::Real: return value.as_real();
        case document::Kind::Text: return std::string(value.as_text());
        case document::Kind::List: {
            Json list = Json::array();
            for (const document::Value& item : value.items()) list.push_back(json_of(item));
            return list;
        }
        case document::Kind::Object: {
            Json object = Json::object();
            for (const document::Member& member : value.members()) {
                object[std::string(member.key)] = json_of(member.value);
            }
            return object;
        }
    }
    return nullptr;
}

std::string yaml_text(const Json& json) {
    if (!is_block(json)) return scalar(json) + "\n";
    std::string out;
    write_block(json, 0, out);
    return out;
}

}  // namespace tierwall::ctl
