// SPDX-License-Identifier: Apache-2.0
#include "control/document/bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

using namespace tierwall;
using namespace tierwall::document;
using namespace std::chrono_literals;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

struct Place {
    Place() {
        std::string name = (fs::temp_directory_path() / "twbytes-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        folder = name;
        path = (folder / "it").string();
    }
    ~Place() { fs::remove_all(folder); }
    void make_pipe() const { BOOST_REQUIRE(mkfifo(path.c_str(), 0600) == 0); }

    fs::path folder;
    std::string path;
};

std::string error_of(const base::Result<std::string>& result) {
    BOOST_REQUIRE(!result.ok());
    return base::name(result.error().code) + " "s + result.error().text();
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_file_is_read_up_to_the_limit_and_not_a_byte_further, Place) {
    std::ofstream(path) << std::string(1000, 'x');
    BOOST_TEST(read_bytes(path, {.bytes_max = 1000})->size() == 1000u);
    BOOST_TEST(error_of(read_bytes(path, {.bytes_max = 999})) ==
               "Limit " + path + ": larger than 999 bytes");
    fs::resize_file(path, std::uintmax_t{1} << 40);
    BOOST_TEST(error_of(read_bytes(path, {.bytes_max = 1000})).starts_with("Limit"));
}

BOOST_FIXTURE_TEST_CASE(what_never_ends_is_refused, Place) {
    BOOST_TEST(error_of(read_bytes("/dev/zero", {.bytes_max = 10})) ==
               "Io /dev/zero: is no regular file");
    BOOST_TEST(error_of(read_bytes("/dev/tty", {.bytes_max = 10})).starts_with("Io"));
    BOOST_TEST(error_of(read_bytes(folder.string(), {.bytes_max = 10})) ==
               "Io " + folder.string() + ": Is a directory");
    BOOST_TEST(error_of(read_bytes(path, {.bytes_max = 10})).starts_with("NotFound"));
    BOOST_TEST(read_bytes("/dev/null", {.bytes_max = 10})->empty());
}

BOOST_FIXTURE_TEST_CASE(a_pipe_is_read_until_its_writer_closes_it, Place) {
    make_pipe();
    std::thread writer([&] {
        std::this_thread::sleep_for(100ms);  // comes later than the reader
        std::ofstream out(path);
        std::this_thread::sleep_for(100ms);
        out << "one " << std::flush;
        std::this_thread::sleep_for(100ms);
        out << std::string(200'000, 'x');
    });
    const auto text = read_bytes(path, {.bytes_max = 1'000'000});
    writer.join();
    BOOST_REQUIRE(text.ok());
    BOOST_TEST(text->size() == 200'004u);
}

BOOST_FIXTURE_TEST_CASE(a_pipe_whose_writer_left_already_still_has_what_he_wrote, Place) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    BOOST_REQUIRE(::write(ends[1], "abc", 3) == 3);
    ::close(ends[1]);
    const auto text = read_bytes("/dev/fd/" + std::to_string(ends[0]), {.bytes_max = 10});
    BOOST_REQUIRE(text.ok());
    BOOST_TEST(*text == "abc");
    const auto nothing_left = read_bytes("/dev/fd/" + std::to_string(ends[0]), {.bytes_max = 10});
    BOOST_TEST((nothing_left.ok() && nothing_left->empty()));
    ::close(ends[0]);
}

BOOST_FIXTURE_TEST_CASE(a_pipe_that_nobody_writes_to_is_not_waited_for_without_end, Place) {
    make_pipe();
    BOOST_TEST(error_of(read_bytes(path, {10, Kinds::Files})) ==
               "Io " + path + ": is no regular file");
    BOOST_TEST(error_of(read_bytes(path, {.bytes_max = 10})) ==
               "Io " + path + ": nobody writes to this pipe");
}

BOOST_FIXTURE_TEST_CASE(a_pipe_without_end_is_read_up_to_the_limit, Place) {
    make_pipe();
    std::signal(SIGPIPE, SIG_IGN);
    std::thread writer([&] {
        const int end = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        const std::string block(4096, 'x');
        for (int i = 0; i < 10'000; ++i) {
            if (::write(end, block.data(), block.size()) < 0) break;
        }
        ::close(end);
    });
    BOOST_TEST(error_of(read_bytes(path, {.bytes_max = 100'000})).starts_with("Limit"));
    writer.join();
}
