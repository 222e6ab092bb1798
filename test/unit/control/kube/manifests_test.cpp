// SPDX-License-Identifier: Apache-2.0
#include "control/kube/manifests.hpp"
#include "control/kube/manifest_watch.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/fsuid.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace tierwall;
using namespace tierwall::kube;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

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

std::string node(const std::string& name) {
    return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + name + "}\n";
}

ManifestWatch watch(const Folder& folder) {
    auto opened = ManifestWatch::open({folder.path.string()});
    BOOST_REQUIRE(opened.ok());
    return *std::move(opened);
}

bool changes(ManifestWatch& watching) { return watching.wait(kSoon) && watching.health().ok(); }
bool stays(ManifestWatch& watching) { return !watching.wait(kNothing); }

std::vector<std::string> names(const Store& store) {
    std::vector<std::string> result;
    for (const auto& [name, value] : store.objects().cluster.nodes) result.push_back(name);
    return result;
}

using Names = std::vector<std::string>;

/// Takes root's right to look at everything away from this thread for a while.
struct Unprivileged {
    Unprivileged() { setfsuid(geteuid() == 0 ? 65534 : geteuid()); }
    ~Unprivileged() { setfsuid(geteuid()); }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
};

void allow(const fs::path& path, unsigned mode) { fs::permissions(path, fs::perms(mode)); }

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_folder_is_read_with_its_subfolders_and_without_hidden_files, Folder) {
    fs::create_directories(path / "deep" / "er");
    fs::create_directories(path / ".hidden");
    write("a.yaml", node("a") + node("a2"));
    write("b.yml", node("b"));
    write("deep/er/c.json",
          "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"c\"}}");
    write(".swap.yaml", node("swap"));
    write(".hidden/d.yaml", node("hidden"));
    write("notes.txt", "not: a manifest");
    write("b.yml~", node("backup"));
    const Store store = load_manifests({path.string()});
    BOOST_TEST(names(store) == (Names{"a", "a2", "b", "c"}), boost::test_tools::per_element());
    BOOST_TEST(store.blocked().empty());
}

BOOST_FIXTURE_TEST_CASE(a_file_given_by_name_is_read_whatever_it_is_called, Folder) {
    write("dump.txt", node("a"));
    BOOST_TEST(names(load_manifests({(path / "dump.txt").string()})).size() == 1u);
    const Store missing = load_manifests({(path / "nowhere").string()});
    BOOST_TEST(missing.blocked().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_loop_of_links_is_walked_once, Folder) {
    fs::create_directory_symlink(path, path / "loop");
    write("a.yaml", node("a"));
    const Store store = load_manifests({path.string()});
    BOOST_TEST(store.problems().empty());
    BOOST_TEST(names(store).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(only_what_changed_is_read_again, Folder) {
    write("a.yaml", node("a"));
    write("b.yaml", node("b"));
    usleep(30'000);
    Store store;
    Manifests manifests({path.string()});
    BOOST_TEST(manifests.refresh(store));
    BOOST_TEST(!manifests.refresh(store));
    write("b.yaml", node("b2"));
    BOOST_TEST(manifests.refresh(store));
    BOOST_TEST(names(store) == (Names{"a", "b2"}), boost::test_tools::per_element());
    fs::remove(path / "a.yaml");
    BOOST_TEST(manifests.refresh(store));
    BOOST_TEST(names(store) == (Names{"b2"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_does_not_parse_keeps_what_it_held, Folder) {
    write("a.yaml", node("a"));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    write("a.yaml", "apiVersion: v1\nkind: [");
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"a"}), boost::test_tools::per_element());
    BOOST_TEST(store.blocked().empty());
    BOOST_REQUIRE(store.problems().size() == 1u);
    BOOST_TEST(store.problems()[0].path == (path / "a.yaml").string());
    fs::remove(path / "a.yaml");
    manifests.refresh(store);
    BOOST_TEST(names(store).empty());
    BOOST_TEST(store.problems().empty());
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_is_gone_keeps_what_it_held_until_it_is_back, Folder) {
    write("a.yaml", node("a"));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    fs::remove_all(path);
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"a"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().size() == 1u);
    fs::create_directory(path);
    write("b.yaml", node("b"));
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"b"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().empty());
    BOOST_TEST(store.blocked().empty());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_being_written_keeps_what_it_held, Folder) {
    write("a.yaml", node("a") + node("a2"));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    write("a.yaml", node("a"));
    manifests.refresh(store, {(path / "a.yaml").string()});
    BOOST_TEST(names(store).size() == 2u);
    manifests.refresh(store);
    BOOST_TEST(names(store).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(the_watch_sees_writes_renames_and_removals, Folder) {
    write("a.yaml", node("a"));
    ManifestWatch watching = watch(*this);
    BOOST_TEST(stays(watching));
    write("a.yaml", node("b"));
    BOOST_TEST(changes(watching));
    BOOST_TEST(stays(watching));
    std::ofstream(above / "new.yaml") << node("c");
    fs::rename(above / "new.yaml", path / "a.yaml");
    BOOST_TEST(changes(watching));
    fs::remove(path / "a.yaml");
    BOOST_TEST(changes(watching));
    BOOST_TEST(stays(watching));
}

BOOST_FIXTURE_TEST_CASE(what_happens_beside_the_folder_is_not_a_change, Folder) {
    ManifestWatch watching = watch(*this);
    std::ofstream(above / "beside.yaml") << node("a");
    fs::create_directory(above / "other");
    BOOST_TEST(stays(watching));
}

BOOST_FIXTURE_TEST_CASE(the_watch_waits_for_a_file_to_be_closed_and_names_it_meanwhile, Folder) {
    write("a.yaml", node("a"));
    ManifestWatch watching = watch(*this);
    {
        std::ofstream writing(path / "a.yaml");
        writing << node("b") << std::flush;
        BOOST_TEST(stays(watching));
        BOOST_TEST(watching.unsettled().count((path / "a.yaml").string()) == 1u);
        write("b.yaml", node("c"));
        BOOST_TEST(changes(watching));
        BOOST_TEST(watching.unsettled().size() == 1u);
    }
    BOOST_TEST(changes(watching));
    BOOST_TEST(watching.unsettled().empty());
}

BOOST_FIXTURE_TEST_CASE(a_writer_that_never_closes_is_not_waited_for, Folder) {
    ManifestWatch watching = watch(*this);
    std::ofstream writing(path / "a.yaml");
    writing << node("b") << std::flush;
    BOOST_TEST(changes(watching));
    BOOST_TEST(watching.unsettled().empty());
}

BOOST_FIXTURE_TEST_CASE(the_watch_sees_a_config_map_swap_its_data, Folder) {
    fs::create_directory(path / "..1");
    write("..1/a.yaml", node("old"));
    fs::create_directory_symlink("..1", path / "..data");
    fs::create_symlink("..data/a.yaml", path / "a.yaml");
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"old"}), boost::test_tools::per_element());
    ManifestWatch watching = watch(*this);
    fs::create_directory(path / "..2");
    write("..2/a.yaml", node("new"));
    fs::create_directory_symlink("..2", path / "..tmp");
    fs::rename(path / "..tmp", path / "..data");
    BOOST_TEST(changes(watching));
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"new"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_watch_follows_new_and_replaced_folders, Folder) {
    ManifestWatch watching = watch(*this);
    fs::create_directory(path / "team");
    BOOST_TEST(changes(watching));
    write("team/a.yaml", node("a"));
    BOOST_TEST(changes(watching));
    fs::remove_all(path);
    BOOST_TEST(changes(watching));
    while (watching.wait(kNothing)) {
    }
    fs::create_directory(path);
    BOOST_TEST(changes(watching));
    write("b.yaml", node("b"));
    BOOST_TEST(changes(watching));
    fs::create_directory(above / "next");
    std::ofstream(above / "next" / "c.yaml") << node("c");
    fs::rename(path, above / "before");
    fs::rename(above / "next", path);
    BOOST_TEST(changes(watching));
    while (watching.wait(kNothing)) {
    }
    write("c.yaml", node("d"));
    BOOST_TEST(changes(watching));
    std::ofstream(above / "before" / "b.yaml") << node("x");
    BOOST_TEST(stays(watching));
}

BOOST_FIXTURE_TEST_CASE(a_subfolder_that_cannot_be_looked_at_keeps_what_it_held, Folder) {
    allow(above, 0755);
    for (const char* folder : {"team", "team/sub"}) fs::create_directory(path / folder);
    write("a.yaml", node("a"));
    write("team/b.yaml", node("b"));
    write("team/sub/c.yaml", node("c"));
    // What is closed, and to what: a folder that cannot be read, one whose entries cannot be
    // looked at, and a file.
    const std::pair<const char*, unsigned> closings[] = {
        {"team", 0}, {"team", 0444}, {"team/sub", 0}, {"team/sub", 0444}, {"team/b.yaml", 0}};
    for (const auto& [closed, mode] : closings) {
        Store store;
        Manifests manifests({path.string()});
        manifests.refresh(store);
        BOOST_REQUIRE(names(store).size() == 3u);
        const auto open_mode = static_cast<unsigned>(fs::status(path / closed).permissions());
        allow(path / closed, mode);
        {
            const Unprivileged as_nobody;
            manifests.refresh(store);
        }
        allow(path / closed, open_mode);
        BOOST_TEST_CONTEXT(closed << " " << mode) {
            BOOST_TEST(names(store) == (Names{"a", "b", "c"}), boost::test_tools::per_element());
            BOOST_TEST(!store.problems().empty());
            BOOST_TEST(store.blocked().empty());
            manifests.refresh(store);
            BOOST_TEST(store.problems().empty());
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_became_a_link_to_nowhere_readable_keeps_what_it_held,
                        Folder) {
    fs::create_directory(path / "team");
    write("team/a.yaml", node("a"));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    fs::rename(path / "team", above / "team");
    fs::create_symlink("team", path / "team");
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"a"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().size() == 1u);
    fs::remove(path / "team");
    manifests.refresh(store);
    BOOST_TEST(names(store).empty());
    BOOST_TEST(store.problems().empty());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_could_not_be_read_is_tried_again_though_it_did_not_change,
                        Folder) {
    allow(above, 0755);
    write("a.yaml", node("a"));
    write("b.yaml", node("b"));
    allow(path / "a.yaml", 0600);
    usleep(30'000);
    Store store;
    Manifests manifests({path.string()});
    if (geteuid() != 0) return;  // an owner is not kept out of the same file for a while
    {
        const Unprivileged as_nobody;
        manifests.refresh(store);
    }
    BOOST_TEST(names(store) == (Names{"b"}), boost::test_tools::per_element());
    BOOST_TEST(store.blocked().size() == 1u);
    BOOST_TEST(manifests.refresh(store));
    BOOST_TEST(names(store) == (Names{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(!manifests.refresh(store));
}
