// SPDX-License-Identifier: Apache-2.0
#include "control/agent/store.hpp"

#include "control/agent/keeper.hpp"
#include "test/unit/control/agent/folder.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace tierwall;
using agent::Store;

namespace {

proto::ResourceSet small_set() {
    proto::ResourceSet set;
    set.put({v1::RESOURCE_TYPE_TIER, proto::number_key({1})}, "tier");
    set.put({v1::RESOURCE_TYPE_RULE, proto::number_key({7})}, "");
    set.put({v1::RESOURCE_TYPE_RULE, proto::number_key({8})}, std::string(40, '\0'));
    return set;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_saved_is_loaded) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state/deeper"));
    BOOST_REQUIRE(store.ok());
    BOOST_REQUIRE(store->save(small_set(), 42).ok());
    const auto loaded = store->load();
    BOOST_REQUIRE(loaded.ok());
    BOOST_TEST(loaded->epoch == 42u);
    BOOST_TEST((loaded->resources.hash() == small_set().hash()));
    BOOST_TEST(loaded->resources.size() == 3u);
    struct stat facts {};
    BOOST_REQUIRE_EQUAL(::stat(store->path().c_str(), &facts), 0);
    BOOST_TEST((facts.st_mode & 0777) == 0600);
}

BOOST_AUTO_TEST_CASE(an_empty_snapshot_is_a_snapshot) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    BOOST_REQUIRE(store->save({}, 1).ok());
    BOOST_REQUIRE(store->load().ok());
    BOOST_TEST(store->load()->resources.empty());
}

BOOST_AUTO_TEST_CASE(nothing_saved_is_not_damage) {
    const test::Folder folder;
    const auto loaded = Store::open(folder.at("state"))->load();
    BOOST_REQUIRE(!loaded.ok());
    BOOST_TEST((loaded.error().code == base::Errc::NotFound));
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_noticed) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    BOOST_REQUIRE(store->save(small_set(), 42).ok());
    const std::string good = bytes_of(store->path());
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            write(store->path(), bad);
            const auto loaded = store->load();
            BOOST_REQUIRE_MESSAGE(!loaded.ok(), "byte " << at << " bit " << bit);
            BOOST_REQUIRE((loaded.error().code == base::Errc::Invalid ||
                           loaded.error().code == base::Errc::NotSupported));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_truncation_and_a_longer_file_are_noticed) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    BOOST_REQUIRE(store->save(small_set(), 42).ok());
    const std::string good = bytes_of(store->path());
    for (std::size_t length = 0; length < good.size(); ++length) {
        write(store->path(), good.substr(0, length));
        BOOST_REQUIRE_MESSAGE(!store->load().ok(), "length " << length);
    }
    write(store->path(), good + '\0');
    BOOST_TEST(!store->load().ok());
    write(store->path(), good);
    BOOST_TEST(store->load().ok());
}

BOOST_AUTO_TEST_CASE(a_file_of_another_version_is_named_as_such) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    BOOST_REQUIRE(store->save(small_set(), 42).ok());
    std::string bytes = bytes_of(store->path());
    bytes[8] = 2;
    write(store->path(), bytes);
    const auto loaded = store->load();
    BOOST_REQUIRE(!loaded.ok());
    BOOST_TEST((loaded.error().code == base::Errc::NotSupported));
}

BOOST_AUTO_TEST_CASE(an_interrupted_save_leaves_the_file_before) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    BOOST_REQUIRE(store->save(small_set(), 42).ok());
    write(store->path() + ".next", "half a fi");
    BOOST_TEST(store->load()->epoch == 42u);
    BOOST_REQUIRE(store->save(small_set(), 43).ok());
    BOOST_TEST(store->load()->epoch == 43u);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_is_an_error) {
    const test::Folder folder;
    write(folder.at("file"), "x");
    BOOST_TEST(!Store::open(folder.at("file/state")).ok());
}

BOOST_AUTO_TEST_CASE(of_many_snapshots_the_last_is_kept_at_the_latest_when_the_keeper_goes) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    {
        agent::Keeper keeper(
            *store, [](const std::string&) {}, std::chrono::milliseconds(200));
        for (std::uint64_t epoch = 1; epoch <= 1000; ++epoch) keeper.keep(small_set(), epoch);
        for (int i = 0; i < 300 && keeper.stored_epoch() == 0; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        BOOST_TEST(keeper.stored_epoch() != 0u);
        keeper.keep(small_set(), 1001);
    }
    BOOST_TEST(store->load()->epoch == 1001u);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_is_told_and_changes_nothing_else) {
    const test::Folder folder;
    const auto store = Store::open(folder.at("state"));
    std::filesystem::remove_all(folder.at("state"));
    std::string said;
    {
        agent::Keeper keeper(*store, [&said](const std::string& text) { said = text; });
        keeper.keep(small_set(), 5);
    }
    BOOST_TEST(said.find("could not be stored") != std::string::npos);
}
