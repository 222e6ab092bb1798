// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/preload.hpp"

#include <boost/test/unit_test.hpp>

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace tierwall;

std::string word_of(std::uint32_t value, bool swapped) {
    std::string out;
    for (int byte = 0; byte < 4; ++byte) {
        out += static_cast<char>(value >> 8 * (swapped ? 3 - byte : byte));
    }
    return out;
}

struct CaptureFolder {
    CaptureFolder() {
        char name[] = "/tmp/tw_preload_XXXXXX";
        path = ::mkdtemp(name);
    }
    ~CaptureFolder() { std::filesystem::remove_all(path); }
    /// A capture of frames of 60 bytes.
    std::string file(const std::string& name, std::size_t frames, bool swapped = false) const {
        std::ofstream out(path + "/" + name, std::ios::binary);
        out << word_of(0xa1b2c3d4, swapped) << std::string(20, '\0');
        for (std::size_t i = 0; i < frames; ++i) {
            out << std::string(8, '\0') << word_of(60, swapped) << word_of(60, swapped)
                << std::string(60, 'x');
        }
        return path + "/" + name;
    }
    std::string path;
};

BOOST_AUTO_TEST_CASE(frames_are_counted_where_they_are_kept) {
    const CaptureFolder folder;
    const std::string one = folder.file("one.pcap", 1'000);
    const std::string two = folder.file("two.pcap", 70'000, true);
    BOOST_TEST(io::preloaded_frames("net_pcap0,rx_pcap=" + one + ",infinite_rx=1") == 1'000u);
    BOOST_TEST(io::preloaded_frames("net_pcap0,infinite_rx=1,rx_pcap=" + two) == 70'000u);
    BOOST_TEST(io::preloaded_frames("net_pcap0,rx_pcap=" + one + ",rx_pcap=" + two +
                                    ",infinite_rx=1") == 71'000u);
}

BOOST_AUTO_TEST_CASE(other_devices_keep_nothing) {
    const CaptureFolder folder;
    const std::string one = folder.file("one.pcap", 1'000);
    for (const std::string& device :
         {"net_pcap0,rx_pcap=" + one, "net_pcap0,rx_pcap=" + one + ",infinite_rx=0",
          "net_null0,rx_pcap=" + one + ",infinite_rx=1", std::string("net_pcap0,infinite_rx=1"),
          std::string("net_pcap0,rx_pcap=/nowhere/at/all.pcap,infinite_rx=1"), std::string()}) {
        BOOST_TEST(io::preloaded_frames(device) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(damaged_files_are_counted_as_far_as_they_go) {
    const CaptureFolder folder;
    const std::string path = folder.file("cut.pcap", 3);
    std::filesystem::resize_file(path, 24 + 2 * 76 + 10);
    const std::string device = "net_pcap0,rx_pcap=" + path + ",infinite_rx=1";
    BOOST_TEST(io::preloaded_frames(device) == 2u);
    std::filesystem::resize_file(path, 3);
    BOOST_TEST(io::preloaded_frames(device) == 0u);
    // The first record says that it goes on for ever.
    std::ofstream(path, std::ios::binary) << word_of(0xa1b2c3d4, false) << std::string(28, '\0')
                                          << word_of(0xffffffff, false) << std::string(100, 'x');
    BOOST_TEST(io::preloaded_frames(device) == 1u);
}

}  // namespace
