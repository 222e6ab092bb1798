// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Folder: a temporary folder that is gone with its object.
///
/// Threads: one.
/// Memory:  a path.
/// Cost:    tests only.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tierwall::test {

class Folder {
public:
    Folder() {
        std::string name = "/tmp/twagent-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string at(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace tierwall::test
