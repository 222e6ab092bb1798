// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/capture.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace {

using namespace tierwall;
using namespace tierwall::tester;

struct Folder {
    Folder() {
        char name[] = "/tmp/tw_capture_XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string file(const std::string& bytes) const {
        const std::string name = path + "/frames.pcap";
        std::ofstream(name, std::ios::binary) << bytes;
        return name;
    }
    std::string path;
};

std::string number(std::uint32_t value) {
    std::string out;
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
    return out;
}
/// Of a file with frames of this kind; 1 is Ethernet.
std::string header(std::uint32_t kind = 1) {
    return number(0xa1b2c3d4) + number(0x00040002) + number(0) + number(0) + number(65'535) +
           number(kind);
}
std::string record(std::uint32_t captured, std::uint32_t length, std::size_t bytes) {
    return number(0) + number(0) + number(captured) + number(length) + std::string(bytes, 'x');
}

struct Hostile {
    const char* name;
    std::string bytes;
    const char* word;
};
std::ostream& operator<<(std::ostream& out, const Hostile& each) { return out << each.name; }

const Hostile kHostile[] = {
    {"empty", "", "truncated"},
    {"text", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n", "unknown file format"},
    {"half_a_header", header().substr(0, 13), "truncated"},
    {"not_ethernet", header(101) + record(60, 60, 60), "not Ethernet"},
    {"no_frames", header(), "holds no frame"},
    {"a_frame_that_is_cut_off", header() + record(60, 60, 60) + record(60, 60, 10),
     "damaged after 1"},
    {"half_a_record", header() + record(60, 60, 60) + number(0), "damaged after 1"},
    {"a_length_beyond_all_measure", header() + record(0xffffffff, 0xffffffff, 60), "damaged"},
    {"a_length_of_two_gigabytes", header() + record(0x7fffffff, 60, 60), "damaged"},
    {"only_frames_that_were_cut", header() + record(60, 1'500, 60), "1 are cut off"},
    {"only_frames_that_are_too_long", header() + record(9'000, 9'000, 9'000), "1 are cut off"},
};

BOOST_DATA_TEST_CASE(hostile_files_are_refused_by_name, boost::unit_test::data::make(kHostile),
                     each) {
    const Folder folder;
    const std::string path = folder.file(each.bytes);
    const auto capture = read_capture(path);
    BOOST_REQUIRE(!capture.ok());
    BOOST_TEST_CONTEXT(capture.error().text()) {
        BOOST_TEST(capture.error().where == path);
        BOOST_TEST(capture.error().what.find(each.word) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
    BOOST_TEST(!read_capture("/nowhere/at/all.pcap").ok());
    BOOST_TEST(!read_capture("/dev/zero").ok());
    BOOST_TEST(!read_capture("/tmp").ok());
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read_again) {
    const Folder folder;
    const std::string path = folder.path + "/made.pcap";
    const auto give = [](std::size_t index, std::vector<std::uint8_t>& bytes) {
        bytes.assign(60 + index, static_cast<std::uint8_t>(index));
    };
    BOOST_REQUIRE(write_capture(path, 100, give).ok());
    const auto capture = read_capture(path);
    BOOST_REQUIRE(capture.ok());
    BOOST_REQUIRE(capture->frames.size() == 100u);
    BOOST_TEST(capture->left_out == 0u);
    BOOST_TEST(capture->frames[99].size() == 159u);
    BOOST_TEST(capture->frames[99].back() == 99);
    BOOST_TEST(!write_capture("/nowhere/at/all.pcap", 1, give).ok());
}

BOOST_AUTO_TEST_CASE(short_frames_are_padded_and_odd_ones_left_out) {
    const Folder folder;
    const std::string path =
        folder.file(header() + record(42, 42, 42) + record(60, 1'000, 60) +
                    record(1'515, 1'515, 1'515) + record(13, 13, 13) + record(1'514, 1'514, 1'514));
    const auto capture = read_capture(path);
    BOOST_REQUIRE(capture.ok());
    BOOST_REQUIRE(capture->frames.size() == 2u);
    BOOST_TEST(capture->frames[0].size() == 60u);
    BOOST_TEST(capture->frames[1].size() == 1'514u);
    BOOST_TEST(capture->left_out == 3u);
}

}  // namespace
