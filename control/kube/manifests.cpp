// SPDX-License-Identifier: Apache-2.0
#include "control/kube/manifests.hpp"

#include "control/document/parse.hpp"
#include "control/kube/file_time.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

namespace tierwall::kube {
namespace {

namespace fs = std::filesystem;

/// A file changed so lately may change again without its times showing it.
constexpr std::int64_t kClockGrainNs = 20'000'000;

constexpr const char* kNothingThere =
    "holds no object: not mounted, or not written yet? What was in force stays, "
    "unless --allow-empty says that this is meant";

bool has_manifest_suffix(const std::string& name) {
    return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// Something else is there now: a folder, a pipe, a link to nothing.
bool is_replaced(const std::string& file) {
    struct stat info {};
    if (lstat(file.c_str(), &info) != 0) return false;
    return stat(file.c_str(), &info) == 0 ? !S_ISREG(info.st_mode) : errno == ENOENT;
}

bool leads_nowhere(const fs::path& path) {
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return false;
    return stat(path.c_str(), &info) != 0 && errno == ENOENT;
}

/// The link between `root` and the file that leads to a folder no longer; empty: none.
std::string broken_link(const std::string& root, const std::string& file) {
    fs::path path = fs::path(file).parent_path();
    for (; path.string().size() > root.size(); path = path.parent_path()) {
        if (leads_nowhere(path)) return path.string();
    }
    return {};
}

enum class Trouble { Ends, IsLeftOut };

/// Walks one folder tree; symbolic links are followed, but no folder is entered twice.
class Walk {
public:
    explicit Walk(Trouble trouble) : trouble_(trouble) {}

    base::Status enter(const fs::path& folder, int depth) {
        struct stat info {};
        if (stat(folder.c_str(), &info) != 0) {
            const int error = errno;
            if (error == ENOENT) return base::Done{};  // removed since it was listed
            return meet({base::Errc::Io, folder.string(), std::strerror(error)});
        }
        if (!entered_.insert({info.st_dev, info.st_ino}).second) return base::Done{};
        folders.push_back(folder.string());
        std::error_code error;
        fs::directory_iterator entries(folder, error);
        for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
            std::error_code unknown;
            if (entries->is_symlink(unknown)) links.push_back(entries->path().string());
            TW_TRY(added, add(entries->path(), depth));
        }
        if (error) return meet({base::Errc::Io, folder.string(), error.message()});
        return base::Done{};
    }

    std::vector<std::string> files;
    std::vector<std::string> folders;
    std::vector<std::string> links;

private:
    base::Status meet(base::Error error) const {
        if (trouble_ == Trouble::IsLeftOut) return base::Done{};
        return error;
    }

    base::Status add(const fs::path& path, int depth) {
        const std::string name = path.filename().string();
        if (name.starts_with('.')) return base::Done{};
        std::error_code error;
        const fs::file_status status = fs::status(path, error);
        if (fs::is_directory(status)) {
            if (depth >= kFolderDepthMax) {
                return meet({base::Errc::Limit, path.string(), "folders too deep"});
            }
            return enter(path, depth + 1);
        }
        // What cannot be looked at is listed all the same: reading it then says what is wrong.
        const bool may_be_file = error || fs::is_regular_file(status);
        if (!may_be_file || !has_manifest_suffix(name)) {
            // It may be a folder of manifests: taking it for none would withdraw all of them.
            const bool hidden_from_us = status.type() == fs::file_type::none;
            if (hidden_from_us) {
                return meet({base::Errc::Io, path.string(), error.message()});
            }
            return base::Done{};
        }
        if (files.size() >= kManifestFilesMax) {
            return meet({base::Errc::Limit, path.string(), "too many manifest files"});
        }
        files.push_back(path.string());
        return base::Done{};
    }

    const Trouble trouble_;
    std::set<std::pair<dev_t, ino_t>> entered_;
};

}  // namespace

base::Result<std::vector<std::string>> list_manifests(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
        const bool missing = status.type() == fs::file_type::not_found;
        return base::Error{missing ? base::Errc::NotFound : base::Errc::Io, path, error.message()};
    }
    if (!fs::is_directory(status)) return std::vector<std::string>{path};
    Walk walk(Trouble::Ends);
    TW_TRY(walked, walk.enter(path, 0));
    std::sort(walk.files.begin(), walk.files.end());
    return std::move(walk.files);
}

ManifestTree list_tree(const std::string& path) {
    std::error_code error;
    Walk walk(Trouble::IsLeftOut);
    if (fs::is_directory(path, error)) (void)walk.enter(path, 0).ok();
    return {std::move(walk.folders), std::move(walk.links)};
}

base::Result<Contents> read_manifest(const std::string& path, document::Kinds kinds) {
    TW_TRY(documents, document::read_file(path, kinds));
    std::vector<Decoded> objects;
    for (const document::Value& root : documents.roots()) decode(root, path, objects);
    Contents contents;
    contents.reserve(objects.size());
    for (Decoded& object : objects) {
        contents.push_back(std::make_shared<const Decoded>(std::move(object)));
    }
    return contents;
}

Manifests::Fingerprint Manifests::fingerprint(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return {};
    const std::int64_t changed = nanoseconds(info.st_ctim);
    if (now_ns() - changed < kClockGrainNs) return {};
    return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim), changed};
}

Manifests::Place Manifests::place(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino};
}

bool Manifests::refresh(Store& store, const std::set<std::string>& unsettled) {
    bool changed = false;
    for (const std::string& path : paths_) {
        changed = refresh_path(store, path, unsettled) || changed;
    }
    return remove_vanished(store) || changed;
}

bool Manifests::refresh_path(Store& store, const std::string& path,
                             const std::set<std::string>& unsettled) {
    const auto listed = list_manifests(path);
    if (!listed.ok()) {
        keep_listed(store, path, listed.error());
        return true;
    }
    bool changed = false;
    const bool held = rules_.may_be_empty || homes_.count(path) != 0;
    const bool first = files_.count(path) == 0 || !held;
    std::set<std::string>& known = files_[path];
    const std::set<std::string> files(listed->begin(), listed->end());
    // A path that could not be listed before is a source of its own: its problem is over.
    if (files.count(path) == 0 && known.count(path) == 0) store.forget(path);
    if (is_empty_elsewhere(path, files)) {
        keep_listed(store, path, {base::Errc::NotFound, path, kNothingThere});
        return true;
    }
    note_missing(store, path, files);
    known.insert(files.begin(), files.end());
    for (const std::string& file : files) {
        const bool was_read = seen_.count(file) != 0;
        if (unsettled.count(file) != 0) {
            if (!was_read && first) {
                store.mark_unreadable(file, {base::Errc::Io, file, "is still being written"});
            }
        } else if (was_read && is_replaced(file)) {
            keep_replaced(store, file);
        } else {
            changed = refresh_file(store, file) || changed;
        }
    }
    look_for_objects(store, path, files);
    return changed;
}

/// What was read below the path stays, and so does what it was itself.
void Manifests::keep_listed(Store& store, const std::string& path, const base::Error& why) {
    // A folder holds nothing itself; listed once, it keeps its files and does not block.
    const auto before = files_.find(path);
    const bool was_folder = before != files_.end() && before->second.count(path) == 0;
    const bool held = rules_.may_be_empty || homes_.count(path) != 0;
    if (was_folder && held) store.replace(path, {});
    store.mark_unreadable(path, why);
    vanished_.erase(path);
}

/// Without a file, and not the folder from which somebody may have removed them.
bool Manifests::is_empty_elsewhere(const std::string& path,
                                   const std::set<std::string>& files) const {
    if (rules_.may_be_empty || !files.empty()) return false;
    const auto home = homes_.find(path);
    return home == homes_.end() || home->second != place(path);
}

/// Until the first object is found in a path, it blocks; files that cannot be read do that alone.
void Manifests::look_for_objects(Store& store, const std::string& path,
                                 const std::set<std::string>& files) {
    if (rules_.may_be_empty) return;
    bool all_read = true;
    for (const std::string& file : files) {
        const auto held = held_.find(file);
        if (held == held_.end()) {
            all_read = false;
        } else if (held->second != 0) {
            homes_[path] = place(path);
            return;
        }
    }
    if (!all_read || homes_.count(path) != 0 || files.count(path) != 0) return;
    store.mark_unreadable(path, {base::Errc::NotFound, path, kNothingThere});
}

void Manifests::note_missing(Store& store, const std::string& path,
                             const std::set<std::string>& files) {
    std::set<std::string> missing;
    std::set<std::string> broken;
    std::set<std::string>& before = vanished_[path];
    for (const std::string& file : files_[path]) {
        if (files.count(file) != 0) continue;
        if (is_replaced(file)) {
            keep_replaced(store, file);
            continue;
        }
        if (const std::string link = broken_link(path, file); !link.empty()) {
            broken.insert(link);
            continue;
        }
        if (before.count(file) == 0) last_vanished_ = Clock::now();
        missing.insert(file);
    }
    before = std::move(missing);
    note_broken_links(store, path, std::move(broken));
}

void Manifests::note_broken_links(Store& store, const std::string& path,
                                  std::set<std::string> now) {
    for (const std::string& link : broken_[path]) {
        if (now.count(link) == 0) store.forget(link);
    }
    for (const std::string& link : now) {
        store.replace(link, {});
        store.mark_unreadable(
            link, {base::Errc::NotFound, link, "leads nowhere; what was last read below it stays"});
    }
    broken_[path] = std::move(now);
}

void Manifests::keep_replaced(Store& store, const std::string& file) {
    store.mark_unreadable(
        file, {base::Errc::Io, file, "is no regular file any more; its last good version stays"});
    seen_[file] = {};
}

std::optional<Manifests::Clock::time_point> Manifests::due() const {
    for (const auto& [path, files] : vanished_) {
        if (!files.empty()) return last_vanished_ + kVanishing;
    }
    return std::nullopt;
}

bool Manifests::remove_vanished(Store& store) {
    const auto when = due();
    if (!when || Clock::now() < *when) return false;
    for (const auto& [path, files] : vanished_) {
        for (const std::string& file : files) {
            store.forget(file);
            seen_.erase(file);
            held_.erase(file);
            files_[path].erase(file);
        }
    }
    vanished_.clear();
    return true;
}

bool Manifests::refresh_file(Store& store, const std::string& file) {
    const Fingerprint current = fingerprint(file);
    const auto known = seen_.find(file);
    if (known != seen_.end() && known->second == current && current != Fingerprint{}) return false;
    seen_[file] = current;
    const auto kinds = rules_.pipes ? document::Kinds::FilesAndPipes : document::Kinds::Files;
    auto contents = read_manifest(file, kinds);
    const bool is_path = std::find(paths_.begin(), paths_.end(), file) != paths_.end();
    if (contents.ok() && contents->empty() && is_path && !rules_.may_be_empty) {
        contents = base::Error{base::Errc::NotFound, file, kNothingThere};
    }
    if (contents.ok()) {
        held_[file] = contents->size();
        store.replace(file, *std::move(contents));
    } else {
        store.mark_unreadable(file, contents.error());
        // It may become readable again with nothing about it changed.
        if (contents.error().code == base::Errc::Io) seen_[file] = {};
    }
    return true;
}

Store load_manifests(const std::vector<std::string>& paths) {
    Store store;
    Manifests(paths, {.may_be_empty = true, .pipes = true}).refresh(store);
    return store;
}

}  // namespace tierwall::kube
