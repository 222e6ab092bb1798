// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Manifests: files and folders of manifests -> Store.
///
/// Folders are read with their subfolders: *.yaml, *.yml and *.json, nothing whose name starts
/// with a dot (so a ConfigMap's ..data folders are not read twice). Only files that changed are
/// read again.
///
/// Threads: one control thread.
/// Memory:  a fingerprint a file.
/// Cost:    refresh() is a stat a file, and a parse a changed file.

#include "control/kube/store.hpp"
#include "dataplane/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tierwall::kube {

inline constexpr std::size_t kManifestFilesMax = 100'000;
inline constexpr int kFolderDepthMax = 16;
/// Removals take effect together, once nothing more has vanished for this long: half of a folder
/// that is being removed, or of a file that is being replaced, would be a policy nobody wrote.
inline constexpr std::chrono::milliseconds kVanishing{150};

/// The manifest files of one path, sorted; a path of a file is itself, whatever it is called.
/// Fails: NotFound, Io, Limit.
base::Result<std::vector<std::string>> list_manifests(const std::string& path);

/// The folder and all folders in it that are read, the folder first. Empty for a file.
std::vector<std::string> list_folders(const std::string& path);

/// Fails as document::read_file().
base::Result<Contents> read_manifest(const std::string& path);

class Manifests {
public:
    using Clock = std::chrono::steady_clock;
    explicit Manifests(std::vector<std::string> paths) : paths_(std::move(paths)) {}

    /// Brings the store up to date. Files in `unsettled` are being written: what was last read
    /// from them stays, and one that never was read is left out, or blocks when it is there from
    /// the start. A path that cannot be listed keeps what was last read below it, and is a problem
    /// in the store; so does a file that became something else. True when anything was read or
    /// removed.
    bool refresh(Store& store, const std::set<std::string>& unsettled = {});
    /// When to refresh again though nothing happens: files vanished and still have their effect.
    std::optional<Clock::time_point> due() const;

private:
    struct Fingerprint {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t modified_ns = 0;
        std::int64_t changed_ns = 0;
        friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
    };
    static Fingerprint fingerprint(const std::string& path);
    bool refresh_path(Store& store, const std::string& path,
                      const std::set<std::string>& unsettled);
    void note_missing(Store& store, const std::string& path, const std::set<std::string>& files);
    void keep_replaced(Store& store, const std::string& file);
    bool remove_vanished(Store& store);
    bool refresh_file(Store& store, const std::string& file);

    std::vector<std::string> paths_;
    std::map<std::string, std::set<std::string>> files_;     ///< by path given
    std::map<std::string, std::set<std::string>> vanished_;  ///< of those, not yet removed
    Clock::time_point last_vanished_{};
    std::map<std::string, Fingerprint> seen_;  ///< by file
};

/// Reads everything once, for tools that answer and end.
Store load_manifests(const std::vector<std::string>& paths);

}  // namespace tierwall::kube
