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
constexpr int kLinksMax = 40;  ///< as the kernel follows
constexpr std::size_t kUnwatchedTold = 5;

}  // namespace

base::Result<ManifestWatch> ManifestWatch::open(std::vector<std::string> paths) {
    const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return base::Error{base::Errc::Io, "inotify", std::strerror(errno)};
    ManifestWatch watch(descriptor, std::move(paths));
    watch.watch_paths();
    return watch;
}

ManifestWatch::ManifestWatch(ManifestWatch&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      paths_(std::move(other.paths_)),
      watched_(std::move(other.watched_)),
      unwatched_(std::move(other.unwatched_)),
      unsettled_(std::move(other.unsettled_)),
      trusted_(std::move(other.trusted_)) {}

ManifestWatch& ManifestWatch::operator=(ManifestWatch&& other) noexcept {
    if (this == &other) return *this;
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    paths_ = std::move(other.paths_);
    watched_ = std::move(other.watched_);
    unwatched_ = std::move(other.unwatched_);
    unsettled_ = std::move(other.unsettled_);
    trusted_ = std::move(other.trusted_);
    return *this;
}

ManifestWatch::~ManifestWatch() { close(); }

void ManifestWatch::close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

/// Nothing for a folder that is gone between being listed and being watched: the folder above has
/// an event about that. Nothing either for one that cannot be watched, which is remembered.
ManifestWatch::Watched* ManifestWatch::add(const std::string& folder, std::uint32_t events) {
    const int watch =
        inotify_add_watch(descriptor_, folder.c_str(), events | IN_ONLYDIR | IN_MASK_ADD);
    if (watch < 0) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR) return nullptr;
        unwatched_.push_back(
            {base::Errc::Io, folder, std::string("inotify: ") + std::strerror(error)});
        return nullptr;
    }
    Watched& watched = watched_[watch];
    watched.path = folder;
    return &watched;
}

/// Watches the names that lead to `path`, and through links to what it stands for: a change of any
/// of them changes what is read. `given`: what a manifest there is called; empty: none is.
void ManifestWatch::watch_way(const std::string& given, const std::string& start, int links) {
    std::error_code error;
    fs::path path = fs::absolute(start, error).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    for (bool is_end = true; path.has_relative_path(); is_end = false) {
        if (!ways_.insert(path.string()).second && !is_end) return;
        const fs::path above = path.parent_path();
        const fs::path target = fs::read_symlink(path, error);
        const bool is_link = !error;
        if (is_link && links > 0) {
            const fs::path from = fs::weakly_canonical(above, error);
            watch_way(is_end ? given : "", (from / target).string(), links - 1);
        }
        const bool is_file = is_end && !is_link && !given.empty() && !fs::is_directory(path, error);
        Watched* watched = add(above.string(), is_file ? kContentEvents : kNameEvents);
        if (watched != nullptr && is_file) {
            watched->files[path.filename().string()].insert(given);
        } else if (watched != nullptr) {
            watched->awaited.insert(path.filename().string());
        }
        path = above;
    }
}

void ManifestWatch::watch_folder(const std::string& folder, std::set<std::string>& trusted) {
    Watched* watched = add(folder, kContentEvents);
    if (watched == nullptr) return;
    watched->folders.insert(folder);
    if (trusted_.count(folder) == 0) distrust(folder);
    trusted.insert(folder);
}

/// Adding a watch that exists already changes nothing, so this may be done at any time.
void ManifestWatch::watch_paths() {
    for (auto& [watch, purpose] : watched_) purpose = {};
    unwatched_.clear();
    ways_.clear();
    std::set<std::string> trusted;
    for (const std::string& path : paths_) {
        const ManifestTree tree = list_tree(path);
        watch_way(path, path, kLinksMax);
        if (tree.folders.empty() && trusted_.count(path) == 0) distrust_file(path);
        trusted.insert(path);
        for (const std::string& folder : tree.folders) watch_folder(folder, trusted);
        for (const std::string& link : tree.links) watch_way(link, link, kLinksMax);
    }
    ways_.clear();
    trusted_ = std::move(trusted);
    std::erase_if(watched_, [&](const auto& each) {
        const auto& [watch, purpose] = each;
        if (!purpose.folders.empty() || !purpose.awaited.empty() || !purpose.files.empty()) {
            return false;
        }
        inotify_rm_watch(descriptor_, watch);
        return true;
    });
}

base::Status ManifestWatch::health() const {
    if (unwatched_.empty()) return base::Done{};
    return unwatched_.front();
}

ManifestWatch::Stamp ManifestWatch::stamp(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
    return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim)};
}

void ManifestWatch::note_writing(const std::string& path) {
    Unsettled& file = unsettled_.try_emplace(path, Unsettled{Clock::now(), {}}).first->second;
    file.stamp = stamp(path);
    file.open = true;
}

/// Whoever created an empty file will write and close it; one with contents may be a link, which
/// nobody has to close.
bool ManifestWatch::take_created(const std::string& real, const std::string& manifest) {
    struct stat info {};
    if (lstat(real.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink > 1) return true;
    unsettled_.insert_or_assign(manifest, Unsettled{Clock::now(), stamp(real), info.st_size == 0});
    return false;
}

/// Leaves files that changed just now alone: the events that belong to that may have been missed.
void ManifestWatch::distrust(const std::string& folder) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        distrust_file(entries->path().string());
    }
}

void ManifestWatch::distrust_file(const std::string& path) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::chrono::nanoseconds since = now - kSettling;
    const Stamp found = stamp(path);
    if (found == Stamp{} || found.modified_ns < since.count()) return;
    unsettled_.try_emplace(path, Unsettled{Clock::now(), found});
}

void ManifestWatch::overflow() {
    trusted_.clear();
    for (auto& [path, file] : unsettled_) file = {Clock::now(), stamp(path)};
}

bool ManifestWatch::take_in_file(const inotify_event& event, const std::string& real,
                                 const std::string& manifest) {
    if ((event.mask & IN_MODIFY) != 0) {
        note_writing(manifest);
        return false;
    }
    if ((event.mask & IN_CREATE) != 0 && (event.mask & IN_ISDIR) == 0) {
        return take_created(real, manifest);
    }
    if ((event.mask & IN_ATTRIB) != 0 && unsettled_.count(manifest) != 0) return false;
    unsettled_.erase(manifest);
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
        const std::string path = (fs::path(folder) / event.name).string();
        changed = take_in_file(event, path, path) || changed;
    }
    const auto file = watched->second.files.find(event.name);
    if (file == watched->second.files.end()) return changed;
    for (const std::string& manifest : file->second) {
        const std::string real = (fs::path(watched->second.path) / event.name).string();
        changed = take_in_file(event, real, manifest) || changed;
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
    const std::size_t told = std::min(unwatched_.size(), kUnwatchedTold);
    for (std::size_t i = 0; i < told; ++i) {
        problems.push_back({unwatched_[i].where, "", "", unwatched_[i].code,
                            "changes are noticed late: " + unwatched_[i].what});
    }
    if (told < unwatched_.size()) {
        problems.push_back({"", "", "", base::Errc::Io,
                            "changes of " + std::to_string(unwatched_.size() - told) +
                                " more folders are noticed late"});
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
            watch_paths();
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
