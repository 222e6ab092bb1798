// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ManifestWatch: says when a folder of manifests changed.
///
/// A change is reported at once, when a file has been closed, renamed or removed: never while it
/// is still being written. Files that are being written meanwhile are named, so that a reader who
/// comes for another file leaves them alone: a part of a manifest may be a manifest. Where writes
/// may have gone unseen (at the start, in a new folder, after an overflow) a file that changed
/// just now is left alone until it has been the same for a while.
///
/// Symbolic link swaps (a ConfigMap's ..data), removed and created folders, and a path that is
/// itself replaced are seen, since every event has the folders looked over again, and all names
/// that lead to a path or to a link's target are watched too. Not seen are mounts, and what happens
/// where no watch can be set; look_again() is for that.
///
/// Threads: one.
/// Memory:  an inotify watch a folder.
/// Cost:    none until something happens; then a walk over the folders.

#include "control/kube/decode.hpp"
#include "dataplane/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

struct inotify_event;

namespace tierwall::kube {

/// A file that is written to for longer than this is warned of.
inline constexpr std::chrono::seconds kWritingTold{2};
/// A file whose writer cannot be known is read when it has been the same for this long.
inline constexpr std::chrono::milliseconds kSettling{100};

class ManifestWatch {
public:
    /// Of folders, and of files. Fails: Io (no inotify instance).
    static base::Result<ManifestWatch> open(std::vector<std::string> paths);

    ManifestWatch(ManifestWatch&& other) noexcept;
    ManifestWatch& operator=(ManifestWatch&& other) noexcept;
    ManifestWatch(const ManifestWatch&) = delete;
    ManifestWatch& operator=(const ManifestWatch&) = delete;
    ~ManifestWatch();

    /// Waits until something changed, or the time is over. True: read the folders again.
    bool wait(std::chrono::milliseconds timeout);
    /// The same without waiting.
    bool poll() { return wait(std::chrono::milliseconds{0}); }
    /// Looks over all folders though nothing was seen to happen.
    void look_again() { watch_paths(); }
    /// The first error of folders that cannot be watched; the others are. Tried again at each look.
    base::Status health() const;
    /// To wait for in a loop of one's own; readable when poll() has something to look at.
    int descriptor() const noexcept { return descriptor_; }
    /// Files that somebody is writing to just now.
    std::set<std::string> unsettled() const;
    /// Files that are being written for long, and folders that cannot be watched.
    std::vector<Problem> problems() const;

private:
    using Clock = std::chrono::steady_clock;
    /// What one inotify watch is for: one folder may have several names.
    struct Watched {
        std::string path;               ///< one of its names
        std::set<std::string> folders;  ///< read for manifests
        std::set<std::string> awaited;  ///< names in it that lead to such a folder
        /// Names in it that are manifests, and how these are called where they are read.
        std::map<std::string, std::set<std::string>> files;
    };

    struct Stamp {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t modified_ns = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
        bool same_file(const Stamp& other) const noexcept {
            return device == other.device && inode == other.inode;
        }
    };
    struct Unsettled {
        Clock::time_point since;  ///< first written to, or last seen to change
        Stamp stamp;
        bool open = false;  ///< its closing will be seen
        bool told = false;
    };

    ManifestWatch(int descriptor, std::vector<std::string> paths)
        : descriptor_(descriptor), paths_(std::move(paths)) {}
    void watch_paths();
    void watch_folder(const std::string& folder, std::set<std::string>& trusted);
    void watch_way(const std::string& given, const std::string& start, int links);
    Watched* add(const std::string& folder, std::uint32_t events);
    bool drain();
    bool take(const inotify_event& event);
    bool take_in_file(const inotify_event& event, const std::string& real,
                      const std::string& manifest);
    static Stamp stamp(const std::string& path);
    void note_writing(const std::string& path);
    bool take_created(const std::string& real, const std::string& manifest);
    void distrust(const std::string& folder);
    void distrust_file(const std::string& path);
    void overflow();
    bool settle();
    void close() noexcept;

    int descriptor_ = -1;
    std::vector<std::string> paths_;
    std::map<int, Watched> watched_;
    std::vector<base::Error> unwatched_;
    std::set<std::string> ways_;                  ///< looked over already, during one look
    std::map<std::string, Unsettled> unsettled_;  ///< by file
    std::set<std::string> trusted_;               ///< folders and files whose every event was seen
};

}  // namespace tierwall::kube
