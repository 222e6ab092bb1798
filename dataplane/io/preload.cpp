// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/preload.hpp"

#include "dataplane/io/host_interface.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace tierwall::io {

namespace {

constexpr std::uint64_t kFramesMax = UINT32_MAX / 2;
constexpr std::uint64_t kFileHeader = 24;
constexpr std::uint64_t kRecordHeader = 16;
/// The least that a frame takes in a file of another format.
constexpr std::uint64_t kOtherRecord = 32;

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

/// The magic numbers of classic files, with times in microseconds or nanoseconds.
bool is_classic(std::uint32_t magic) { return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d; }

std::uint64_t count_frames(std::FILE* file, std::uint64_t bytes) {
    std::uint32_t magic = 0;
    if (std::fread(&magic, sizeof(magic), 1, file) != 1) return 0;
    const bool swapped = is_classic(__builtin_bswap32(magic));
    if (!swapped && !is_classic(magic)) return bytes / kOtherRecord;
    std::uint64_t frames = 0;
    for (std::uint64_t at = kFileHeader; at + kRecordHeader <= bytes; ++frames) {
        std::uint32_t captured = 0;
        if (std::fseek(file, static_cast<long>(at + 8), SEEK_SET) != 0) break;
        if (std::fread(&captured, sizeof(captured), 1, file) != 1) break;
        at += kRecordHeader + (swapped ? __builtin_bswap32(captured) : captured);
    }
    return frames;
}

std::uint64_t count_frames(const std::string& path) {
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
    if (!file || std::fseek(file.get(), 0, SEEK_END) != 0) return 0;
    const long bytes = std::ftell(file.get());
    if (bytes <= 0 || std::fseek(file.get(), 0, SEEK_SET) != 0) return 0;
    return count_frames(file.get(), static_cast<std::uint64_t>(bytes));
}

}  // namespace

std::uint32_t preloaded_frames(std::string_view device) noexcept {
    if (!device.starts_with("net_pcap") || device_argument(device, "infinite_rx") != "1") return 0;
    // A file for each queue.
    constexpr std::string_view kKey = ",rx_pcap=";
    std::uint64_t frames = 0;
    for (std::size_t at = device.find(kKey); at != std::string_view::npos;
         at = device.find(kKey, at + 1)) {
        const std::string_view rest = device.substr(at + kKey.size());
        frames += count_frames(std::string(rest.substr(0, rest.find(','))));
    }
    return static_cast<std::uint32_t>(std::min(frames, kFramesMax));
}

}  // namespace tierwall::io
