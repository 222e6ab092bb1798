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

#include "control/document/bytes.hpp"
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

/// What has to be watched to see a path change.
struct ManifestTree {
    std::vector<std::string> folders;  ///< the folder and those in it, the folder first
    std::vector<std::string> links;    ///< in these folders; they may lead nowhere at the moment
};
/// Empty for a file. What cannot be looked at is left out, the rest is not.
ManifestTree list_tree(const std::string& path);

/// Fails as document::read_file().
base::Result<Contents> read_manifest(const std::string& path,
                                     document::Kinds kinds = document::Kinds::FilesAndPipes);

struct ManifestRules {
    /// A path in which there is not a single object is taken for what was meant. Otherwise it is
    /// taken for a folder that is not mounted or a file that was not written: it blocks at the
    /// start, and later keeps what it held. Files that are removed from a folder are removed.
    bool may_be_empty = true;
    /// Paths may be pipes: they are waited for, and can be read once.
    bool pipes = false;
};

class Manifests {
public:
    using Clock = std::chrono::steady_clock;
    explicit Manifests(std::vector<std::string> paths, const ManifestRules& rules = {})
        : paths_(std::move(paths)), rules_(rules) {}

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
    struct Place {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    static Fingerprint fingerprint(const std::string& path);
    static Place place(const std::string& path);
    bool is_empty_elsewhere(const std::string& path, const std::set<std::string>& files) const;
    void keep_listed(Store& store, const std::string& path, const base::Error& why);
    void look_for_objects(Store& store, const std::string& path,
                          const std::set<std::string>& files);
    bool refresh_path(Store& store, const std::string& path,
                      const std::set<std::string>& unsettled);
    void note_missing(Store& store, const std::string& path, const std::set<std::string>& files);
    void note_broken_links(Store& store, const std::string& path, std::set<std::string> now);
    void keep_replaced(Store& store, const std::string& file);
    bool remove_vanished(Store& store);
    bool refresh_file(Store& store, const std::string& file);

    std::vector<std::string> paths_;
    ManifestRules rules_;
    std::map<std::string, std::set<std::string>> files_;     ///< by path given
    std::map<std::string, std::set<std::string>> vanished_;  ///< of those, not yet removed
    Clock::time_point last_vanished_{};
    std::map<std::string, Fingerprint> seen_;              ///< by file
    std::map<std::string, std::size_t> held_;              ///< objects last read, by file
    std::map<std::string, Place> homes_;                   ///< where a path last held objects
    std::map<std::string, std::set<std::string>> broken_;  ///< links to nowhere, by path
};

/// Reads everything once, for tools that answer and end.
Store load_manifests(const std::vector<std::string>& paths);

}  // namespace tierwall::kube
