// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Store: the last acknowledged snapshot on disk, so that a restart enforces it at once.
///
/// A file is written whole, under another name, forced to disk and renamed, so there is always one
/// whole file. It carries its version, its length and a checksum of every byte; a file that is not
/// exactly right is not used at all.
///
/// Threads: save() and load() by one thread at a time.
/// Memory:  one buffer while writing.
/// Cost:    one fsync of the file and one of the folder a save.

#include "dataplane/base/result.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <string>

namespace tierwall::agent {

struct Stored {
    proto::ResourceSet resources;
    std::uint64_t epoch = 0;
};

class Store {
public:
    static constexpr std::uint32_t kVersion = 1;
    static constexpr std::uint64_t kFileBytesMax = std::uint64_t{2} << 30;

    /// `folder` is made when it is not there. Fails: Io.
    static base::Result<Store> open(const std::string& folder);

    base::Status save(const proto::ResourceSet& resources, std::uint64_t epoch) const;

    /// Fails: NotFound when nothing was ever saved, Invalid when the file is damaged, NotSupported
    /// when another version wrote it, Io.
    base::Result<Stored> load() const;

    const std::string& path() const { return path_; }

private:
    explicit Store(std::string folder);
    std::string folder_;
    std::string path_;
};

}  // namespace tierwall::agent
