// SPDX-License-Identifier: Apache-2.0
#include "control/kube/manifest_watch.hpp"

#include "control/kube/file_time.hpp"
#include "control/kube/manifests.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace tierwall::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kNameEvents =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kContentEvents = kNameEvents | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB;
constexpr int kGone = -1;


}  // namespace

base::Result<ManifestWatch> ManifestWatch::open(std::vector<std::string> folders) {
    const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return base::Error{base::Errc::Io, "inotify", std::strerror(errno)};
    ManifestWatch watch(descriptor, std::move(folders));
    TW_TRY(watched, watch.watch_folders());
    return watch;
}

ManifestWatch::ManifestWatch(ManifestWatch&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      folders_(std::move(other.folders_)),
      watched_(std::move(other.watched_)),
      health_(std::move(other.health_)),
      unsettled_(std::move(other.unsettled_)),
      trusted_(std::move(other.trusted_)) {}

ManifestWatch& ManifestWatch::operator=(ManifestWatch&& other) noexcept {
    if (this == &other) return *this;
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    folders_ = std::move(other.folders_);
    watched_ = std::move(other.watched_);
    health_ = std::move(other.health_);
    unsettled_ = std::move(other.unsettled_);
    trusted_ = std::move(other.trusted_);
    return *this;
}

ManifestWatch::~ManifestWatch() { close(); }

void ManifestWatch::close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

base::Result<int> ManifestWatch::add(const std::string& folder, std::uint32_t events) {
    const int watch =
        inotify_add_watch(descriptor_, folder.c_str(), events | IN_ONLYDIR | IN_MASK_ADD);
    if (watch >= 0) return watch;
    // Gone between being listed and being watched: the folder above has an event about that.
    if (errno == ENOENT || errno == ENOTDIR) return kGone;
    return base::Error{base::Errc::Io, folder, std::string("inotify: ") + std::strerror(errno)};
}

base::Status ManifestWatch::watch_above(const std::string& folder) {
    std::error_code error;
    fs::path path = fs::absolute(folder, error).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    while (path.has_relative_path()) {
        const std::string name = path.filename().string();
        path = path.parent_path();
        TW_TRY(watch, add(path.string(), kNameEvents));
        if (watch != kGone) watched_[watch].awaited.insert(name);
    }
    return base::Done{};
}

/// Adding a watch that exists already changes nothing, so this may be done at any time.
base::Status ManifestWatch::watch_folders() {
    for (auto& [watch, purpose] : watched_) purpose = {};
    std::set<std::string> trusted;
    for (const std::string& root : folders_) {
        TW_TRY(above, watch_above(root));
        for (const std::string& folder : list_folders(root)) {
            TW_TRY(watch, add(folder, kContentEvents));
            if (watch == kGone) continue;
            watched_[watch].folders.insert(folder);
            if (trusted_.count(folder) == 0) distrust(folder);
            trusted.insert(folder);
        }
    }
    trusted_ = std::move(trusted);
    for (auto watch = watched_.begin(); watch != watched_.end();) {
        if (!watch->second.folders.empty() || !watch->second.awaited.empty()) {
            ++watch;
            continue;
        }
        inotify_rm_watch(descriptor_, watch->first);
        watch = watched_.erase(watch);
    }
    return base::Done{};
}

ManifestWatch::Stamp ManifestWatch::stamp(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
    return {info.st_dev, info.st_ino, info.st_size,
            nanoseconds(info.st_mtim)};
}

void ManifestWatch::note_writing(const std::string& path) {
    Unsettled& file = unsettled_.try_emplace(path, Unsettled{Clock::now(), {}}).first->second;
    file.stamp = stamp(path);
    file.open = true;
}

/// Whoever created an empty file will write and close it; one with contents may be a link, which
/// nobody has to close.
bool ManifestWatch::take_created(const std::string& path) {
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink > 1) return true;
    unsettled_.insert_or_assign(path, Unsettled{Clock::now(), stamp(path), info.st_size == 0});
    return false;
}

/// Leaves files that changed just now alone: the events that belong to that may have been missed.
void ManifestWatch::distrust(const std::string& folder) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::chrono::nanoseconds since = now - kSettling;
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        const std::string path = entries->path().string();
        const Stamp found = stamp(path);
        if (found == Stamp{} || found.modified_ns < since.count()) continue;
        unsettled_.try_emplace(path, Unsettled{Clock::now(), found});
    }
}

void ManifestWatch::overflow() {
    trusted_.clear();
    for (auto& [path, file] : unsettled_) file = {Clock::now(), stamp(path)};
}

bool ManifestWatch::take_in_folder(const inotify_event& event, const std::string& folder) {
    const std::string path = (fs::path(folder) / event.name).string();
    if ((event.mask & IN_MODIFY) != 0) {
        note_writing(path);
        return false;
    }
    if ((event.mask & IN_CREATE) != 0 && (event.mask & IN_ISDIR) == 0) return take_created(path);
    if ((event.mask & IN_ATTRIB) != 0 && unsettled_.count(path) != 0) return false;
    unsettled_.erase(path);
    return true;
}

bool ManifestWatch::take(const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
        overflow();
        return true;
    }
    const auto watched = watched_.find(event.wd);
    if (watched == watched_.end() || (event.mask & IN_IGNORED) != 0) return false;
    if (event.len == 0) return (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)) != 0;
    bool changed =
        watched->second.awaited.count(event.name) != 0 && (event.mask & kNameEvents) != 0;
    for (const std::string& folder : watched->second.folders) {
        changed = take_in_folder(event, folder) || changed;
    }
    return changed;
}

bool ManifestWatch::drain() {
    bool changed = false;
    alignas(inotify_event) std::array<char, 16384> buffer;
    while (true) {
        const ssize_t got = read(descriptor_, buffer.data(), buffer.size());
        if (got <= 0) return changed;
        for (const char* at = buffer.data(); at < buffer.data() + got;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            changed = take(*event) || changed;
            at += sizeof(inotify_event) + event->len;
        }
    }
}

/// True when a file came to rest, is no longer the one that was written to, or is to be told of.
bool ManifestWatch::settle() {
    bool changed = false;
    const auto now = Clock::now();
    for (auto at = unsettled_.begin(); at != unsettled_.end();) {
        Unsettled& file = at->second;
        const Stamp found = stamp(at->first);
        const bool same = found != Stamp{} && found.same_file(file.stamp);
        if (same && !file.open && found != file.stamp) file = {now, found};
        if (!same || (!file.open && now - file.since >= kSettling)) {
            at = unsettled_.erase(at);
            changed = true;
            continue;
        }
        if (!file.told && now - file.since >= kWritingTold) changed = file.told = true;
        ++at;
    }
    return changed;
}

std::set<std::string> ManifestWatch::unsettled() const {
    std::set<std::string> files;
    for (const auto& [path, file] : unsettled_) files.insert(path);
    return files;
}

std::vector<Problem> ManifestWatch::problems() const {
    std::vector<Problem> problems;
    for (const auto& [path, file] : unsettled_) {
        if (!file.told) continue;
        problems.push_back({path, "", "", base::Errc::Io,
                            "is still being written; its last good version stays",
                            Severity::Warning});
    }
    if (!health_.ok()) {
        problems.push_back({health_.error().where, "", "", health_.error().code,
                            "changes may go unseen: " + health_.error().what});
    }
    return problems;
}

bool ManifestWatch::wait(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (true) {
        bool changed = drain();
        changed = settle() || changed;
        if (changed) {
            // New folders may have come, and what was watched may be another folder by now.
            health_ = watch_folders();
            return true;
        }
        auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        if (!unsettled_.empty()) left = std::min(left, kSettling / 2);
        pollfd waiting{descriptor_, POLLIN, 0};
        ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    }
}

}  // namespace tierwall::kube
