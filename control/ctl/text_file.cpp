// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/text_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tierwall::ctl {

namespace {

base::Error failure(const std::string& path) {
    return {base::Errc::Io, path, std::strerror(errno)};
}

base::Result<std::string> read_stream(std::FILE* stream, const std::string& path) {
    std::string text;
    std::array<char, 65536> buffer;
    errno = 0;
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stream)) {
        text.append(buffer.data(), got);
        if (text.size() > kTextMax) {
            return base::Error{base::Errc::TooLong, path, "larger than 1 GiB"};
        }
    }
    if (std::ferror(stream) != 0) return failure(path);
    return text;
}

}  // namespace

base::Result<std::string> read_text(const std::string& path) {
    if (path == "-") return read_stream(stdin, "standard input");
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               std::fclose);
    if (file == nullptr) return failure(path);
    return read_stream(file.get(), path);
}

}  // namespace tierwall::ctl
