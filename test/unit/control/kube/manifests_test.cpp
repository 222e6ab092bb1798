// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/kube/manifest_folder.hpp"

using namespace kube_test;

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
    refresh_twice(manifests, store);
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
    refresh_twice(manifests, store);
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
    refresh_twice(manifests, store);
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

BOOST_FIXTURE_TEST_CASE(a_writer_that_never_closes_is_told_of_and_never_read, Folder) {
    write("a.yaml", node("a") + node("a2"));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    ManifestWatch watching = watch(*this);
    {
        std::ofstream writing(path / "a.yaml");
        std::ofstream other(path / "b.yaml");
        writing << node("a") << std::flush;
        other << node("b") << std::flush;
        BOOST_TEST(changes(watching));
        BOOST_TEST(watching.unsettled().size() == 2u);
        while (watching.problems().size() < 2 && changes(watching)) {
        }
        BOOST_REQUIRE(watching.problems().size() == 2u);
        BOOST_TEST(watching.problems()[0].path == (path / "a.yaml").string());
        BOOST_TEST(stays(watching));
        manifests.refresh(store, watching.unsettled());
        BOOST_TEST(names(store) == (Names{"a", "a2"}), boost::test_tools::per_element());
        BOOST_TEST(store.blocked().empty());
    }
    BOOST_TEST(changes(watching));
    BOOST_TEST(watching.problems().empty());
    manifests.refresh(store, watching.unsettled());
    BOOST_TEST(names(store) == (Names{"a", "b"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_file_written_just_before_the_start_is_read_when_it_is_at_rest, Folder) {
    write("a.yaml", node("a"));
    auto opened = ManifestWatch::open({path.string()});
    BOOST_REQUIRE(opened.ok());
    ManifestWatch& watching = *opened;
    BOOST_TEST(watching.unsettled().size() == 1u);
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store, watching.unsettled());
    BOOST_TEST(store.blocked().size() == 1u);
    BOOST_TEST(changes(watching));
    BOOST_TEST(watching.unsettled().empty());
    manifests.refresh(store, watching.unsettled());
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(names(store).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(removals_take_effect_together_and_not_when_the_folder_goes_too, Folder) {
    for (const char* name : {"a", "b", "c"}) write(std::string(name) + ".yaml", node(name));
    Store store;
    Manifests manifests({path.string()});
    manifests.refresh(store);
    fs::remove(path / "a.yaml");
    manifests.refresh(store);
    std::this_thread::sleep_for(kVanishing * 2 / 3);
    fs::remove(path / "b.yaml");
    write("d.yaml", node("d"));
    manifests.refresh(store);
    std::this_thread::sleep_for(kVanishing * 2 / 3);
    manifests.refresh(store);
    BOOST_TEST(names(store).size() == 4u);
    fs::remove_all(path);
    std::this_thread::sleep_for(kVanishing * 2);
    manifests.refresh(store);
    BOOST_TEST(names(store).size() == 4u);
    BOOST_TEST(store.problems().size() == 1u);
    fs::create_directory(path);
    write("c.yaml", node("c"));
    refresh_twice(manifests, store);
    BOOST_TEST(names(store) == (Names{"c"}), boost::test_tools::per_element());
    BOOST_TEST(store.problems().empty());
}

BOOST_FIXTURE_TEST_CASE(a_manifest_that_became_something_else_is_not_removed, Folder) {
    const std::string file = (path / "a.yaml").string();
    for (const std::string& root : {path.string(), file}) {
        write("a.yaml", node("a"));
        Store store;
        Manifests manifests({root});
        manifests.refresh(store);
        for (int kind = 0; kind < 3; ++kind) {
            fs::remove(file);
            if (kind == 0) fs::create_directory(file);
            if (kind == 1) BOOST_REQUIRE(mkfifo(file.c_str(), 0600) == 0);
            if (kind == 2) fs::create_symlink("nowhere", file);
            manifests.refresh(store);
            std::this_thread::sleep_for(kVanishing + 10ms);
            manifests.refresh(store);
            BOOST_TEST_CONTEXT(root << " " << kind) {
                BOOST_TEST(names(store).size() == 1u);
                BOOST_TEST(store.problems().size() == 1u);
                BOOST_TEST(store.blocked().empty());
            }
        }
        fs::remove(file);
        write("a.yaml", node("b"));
        manifests.refresh(store);
        BOOST_TEST(names(store) == (Names{"b"}), boost::test_tools::per_element());
        BOOST_TEST(store.problems().empty());
    }
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
    refresh_twice(manifests, store);
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
