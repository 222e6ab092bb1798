// SPDX-License-Identifier: Apache-2.0
#include "control/document/parse.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tierwall::document {
namespace {

struct FileDeleter {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

base::Error io_error(const std::string& path) {
    const base::Errc code = errno == ENOENT ? base::Errc::NotFound : base::Errc::Io;
    return {code, path, std::strerror(errno)};
}

base::Result<std::string> contents(const std::string& path) {
    const std::unique_ptr<std::FILE, FileDeleter> file(std::fopen(path.c_str(), "rbe"));
    if (!file) return io_error(path);
    std::string text;
    constexpr std::size_t kChunk = 1u << 20;
    while (true) {
        const std::size_t had = text.size();
        text.resize(had + kChunk);
        const std::size_t got = std::fread(text.data() + had, 1, kChunk, file.get());
        text.resize(had + got);
        if (text.size() > kFileBytesMax) {
            return base::Error{base::Errc::Limit, path,
                               "larger than " + std::to_string(kFileBytesMax) + " bytes"};
        }
        if (got < kChunk) break;
    }
    if (std::ferror(file.get()) != 0) return io_error(path);
    return text;
}

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

base::Result<Documents> read_file(const std::string& path) {
    TW_TRY(text, contents(path));
    return parse(text, path);
}

}  // namespace tierwall::document
