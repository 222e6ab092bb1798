// SPDX-License-Identifier: Apache-2.0
#include "control/document/parse.hpp"

namespace tierwall::document {
namespace {

/// JSON starts with a brace or bracket; but so may YAML, in flow style.
bool looks_like_json(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != text.npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace

base::Result<Documents> parse(std::string_view text, std::string name) {
    const bool must_be_json = name.ends_with(".json");
    if (!must_be_json && !looks_like_json(text)) return parse_yaml(text, std::move(name));
    base::Result<Documents> json = parse_json(text, name);
    const bool syntax = !json.ok() && json.error().code == base::Errc::Invalid;
    if (must_be_json || !syntax) return json;
    base::Result<Documents> yaml = parse_yaml(text, std::move(name));
    return yaml;
}

base::Result<Documents> read_file(const std::string& path, Kinds kinds) {
    TW_TRY(text, read_bytes(path, {kFileBytesMax, kinds}));
    return parse(text, path);
}

}  // namespace tierwall::document
