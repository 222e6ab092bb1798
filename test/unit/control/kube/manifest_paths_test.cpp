// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/kube/manifest_folder.hpp"

using namespace kube_test;

BOOST_FIXTURE_TEST_CASE(a_folder_that_cannot_be_watched_leaves_the_others_watched, Folder) {
    allow(above, 0755);
    for (const char* name : {"1", "2", "3"}) fs::create_directory(path / name);
    write("3/a.yaml", node("a"));
    if (geteuid() != 0) return;
    allow(path / "2", 0);
    const Unprivileged as_nobody;
    auto opened = ManifestWatch::open({path.string()});
    BOOST_REQUIRE(opened.ok());
    while (!opened->unsettled().empty()) opened->wait(kSettling);
    BOOST_TEST(!opened->health().ok());
    BOOST_REQUIRE(opened->problems().size() == 1u);
    BOOST_TEST(opened->problems()[0].path == (path / "2").string());
    while (opened->wait(kNothing)) {
    }
    for (const char* name : {"1", "3"}) {
        setfsuid(0);
        write(fs::path(name) / "b.yaml", node("b"));
        setfsuid(65534);
        BOOST_TEST(opened->wait(kSoon));
    }
    setfsuid(0);
    allow(path / "2", 0755);
    opened->look_again();
    BOOST_TEST(opened->health().ok());
    BOOST_TEST(opened->problems().empty());
}

BOOST_FIXTURE_TEST_CASE(a_file_given_by_name_is_watched_however_it_is_written, Folder) {
    const fs::path file = path / "all.txt";
    write("all.txt", node("a"));
    fs::create_symlink("manifests/all.txt", above / "link");
    fs::create_symlink("link", above / "link2");
    for (const fs::path& given : {file, above / "link2"}) {
        auto opened = ManifestWatch::open({given.string()});
        BOOST_REQUIRE(opened.ok());
        ManifestWatch& watching = *opened;
        while (!watching.unsettled().empty()) watching.wait(kSettling);
        BOOST_TEST_CONTEXT(given) {
            {
                std::ofstream writing(file);
                writing << node("b") << std::flush;
                BOOST_TEST(stays(watching));
                BOOST_TEST(watching.unsettled().count(given.string()) == 1u);
            }
            BOOST_TEST(changes(watching));
            BOOST_TEST(watching.unsettled().empty());
            write("beside.yaml", node("x"));
            BOOST_TEST(stays(watching));
            std::ofstream(above / "new") << node("c");
            fs::rename(above / "new", file);
            BOOST_TEST(changes(watching));
            fs::remove(file);
            BOOST_TEST(changes(watching));
            {
                std::ofstream writing(file);
                writing << node("d") << std::flush;
                BOOST_TEST(stays(watching));
            }
            BOOST_TEST(changes(watching));
        }
    }
}

BOOST_FIXTURE_TEST_CASE(the_watch_follows_links_out_of_the_folder, Folder) {
    fs::create_directory(above / "other");
    std::ofstream(above / "other" / "a.yaml") << node("a");
    fs::create_symlink("../other/a.yaml", path / "a.yaml");
    fs::create_directory_symlink("../later", path / "later");
    ManifestWatch watching = watch(*this);
    std::ofstream(above / "other" / "a.yaml") << node("b");
    BOOST_TEST(changes(watching));
    fs::create_directory(above / "later");
    BOOST_TEST(changes(watching));
    std::ofstream(above / "later" / "b.yaml") << node("b");
    BOOST_TEST(changes(watching));
}

BOOST_FIXTURE_TEST_CASE(a_link_to_a_folder_that_is_gone_keeps_what_was_below_it, Folder) {
    fs::create_directories(above / "team" / "deep");
    std::ofstream(above / "team" / "a.yaml") << node("a");
    std::ofstream(above / "team" / "deep" / "b.yaml") << node("b");
    fs::create_directory_symlink(above / "team", path / "team");
    write("c.yaml", node("c"));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    BOOST_TEST(names(store).size() == 3u);
    fs::rename(above / "team", above / "away");
    for (int i = 0; i < 2; ++i) {
        manifests.refresh(store);
        std::this_thread::sleep_for(kVanishing + 10ms);
    }
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"a", "b", "c"}), boost::test_tools::per_element());
    BOOST_REQUIRE(store.problems().size() == 1u);
    BOOST_TEST(store.problems()[0].path == (path / "team").string());
    BOOST_TEST(store.blocked().empty());
    fs::rename(above / "away", above / "team");
    manifests.refresh(store);
    BOOST_TEST(store.problems().empty());
    fs::remove(path / "team");
    refresh_twice(manifests, store);
    BOOST_TEST(names(store) == (Names{"c"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().empty());
}

BOOST_FIXTURE_TEST_CASE(a_path_without_any_object_blocks_until_it_has_one_unless_allowed, Folder) {
    write("other.txt", "no manifest");
    const ManifestRules careful{.may_be_empty = false, .pipes = false};
    for (const char* content : {"", "---\n", "# nothing yet\n"}) {
        write("list.txt", content);
        for (const std::string& given : {path.string(), (path / "list.txt").string()}) {
            Store store;
            Manifests manifests({given}, careful);
            manifests.refresh(store);
            manifests.refresh(store);
            BOOST_REQUIRE(store.blocked().size() == 1u);
            BOOST_TEST(store.blocked()[0].find("--allow-empty") != std::string::npos);
            Store trusting;
            Manifests({given}).refresh(trusting);
            BOOST_TEST(trusting.blocked().empty());
        }
    }
    Store store;
    Manifests manifests({path.string()}, careful);
    manifests.refresh(store);
    write("a.yaml", "# still nothing\n");
    manifests.refresh(store);
    BOOST_TEST(store.blocked().size() == 1u);
    write("a.yaml", node("a"));
    manifests.refresh(store);
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(store.problems().empty());
    fs::remove(path / "a.yaml");  // by somebody who removes what is there: that counts
    refresh_twice(manifests, store);
    BOOST_TEST(names(store).empty());
    BOOST_TEST(store.blocked().empty());
}

BOOST_FIXTURE_TEST_CASE(a_path_that_lost_everything_at_once_keeps_what_it_held, Folder) {
    const ManifestRules careful{.may_be_empty = false, .pipes = false};
    write("a.yaml", node("a"));
    const std::string file = (above / "all.yaml").string();
    std::ofstream(file) << node("b");
    Store store;
    Manifests manifests({path.string(), file}, careful);
    manifests.refresh(store);
    BOOST_TEST(names(store).size() == 2u);
    fs::rename(path, above / "mounted");  // what a mount point is when nothing is mounted
    fs::create_directory(path);
    std::ofstream{file};
    for (int i = 0; i < 2; ++i) {
        manifests.refresh(store);
        std::this_thread::sleep_for(kVanishing + 10ms);
    }
    manifests.refresh(store);
    BOOST_TEST(names(store) == (Names{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().size() == 2u);
    BOOST_TEST(store.blocked().empty());
    write("c.yaml", node("c"));
    std::ofstream(file) << node("d");
    refresh_twice(manifests, store);
    BOOST_TEST(names(store) == (Names{"c", "d"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().empty());
}

BOOST_FIXTURE_TEST_CASE(a_pipe_is_no_manifest_to_come_back_to, Folder) {
    const std::string pipe = (path / "pipe").string();
    BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    Store store;
    Manifests({pipe}).refresh(store);
    BOOST_REQUIRE(store.blocked().size() == 1u);
    BOOST_TEST(store.blocked()[0] == pipe + ": is no regular file");
}
