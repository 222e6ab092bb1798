// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A folder of manifests that a test writes to, and what is in force then.
///
/// Threads: one.
/// Memory:  a temporary folder.
/// Cost:    files.

#include "control/kube/manifest_watch.hpp"
#include "control/kube/manifests.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace kube_test {

using namespace tierwall;
using namespace tierwall::kube;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Long enough for any machine; a test that passes never waits for it.
constexpr auto kSoon = 5000ms;
constexpr auto kNothing = 50ms;

struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "twkube-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        above = name;
        path = above / "manifests";
        fs::create_directory(path);
    }
    ~Folder() { fs::remove_all(above); }

    void write(const fs::path& file, const std::string& text) const {
        std::ofstream(path / file) << text;
    }
    fs::path above;
    fs::path path;
};

inline std::string node(const std::string& name) {
    return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name + "}\n";
}

inline ManifestWatch watch(const Folder& folder) {
    auto opened = ManifestWatch::open({folder.path.string()});
    BOOST_REQUIRE(opened.ok());
    // What was written before has come to rest, unless a case is about that.
    while (!opened->unsettled().empty()) opened->wait(kSettling);
    return *std::move(opened);
}

inline bool changes(ManifestWatch& watching) {
    return watching.wait(kSoon) && watching.health().ok();
}
inline bool stays(ManifestWatch& watching) { return !watching.wait(kNothing); }

inline std::vector<std::string> names(const Store& store) {
    std::vector<std::string> result;
    for (const auto& [name, value] : store.objects().cluster.nodes) result.push_back(name);
    return result;
}

/// Reads now, and again when what is gone by now is removed.
inline void refresh_twice(Manifests& manifests, Store& store) {
    manifests.refresh(store);
    BOOST_TEST(manifests.due().has_value());
    std::this_thread::sleep_for(kVanishing + 10ms);
    manifests.refresh(store);
    BOOST_TEST(!manifests.due().has_value());
}

using Names = std::vector<std::string>;

/// Takes root's right to look at everything away from this thread for a while.
struct Unprivileged {
    Unprivileged() { setfsuid(geteuid() == 0 ? 65534 : geteuid()); }
    ~Unprivileged() { setfsuid(geteuid()); }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
};

inline void allow(const fs::path& path, unsigned mode) { fs::permissions(path, fs::perms(mode)); }

}  // namespace kube_test
