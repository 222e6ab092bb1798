// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/capture.hpp"

#include "bench/operator/frame.hpp"

#include <pcap/pcap.h>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace tierwall::tester {
namespace {

using base::Errc;
using base::Error;

struct Close {
    void operator()(pcap_t* file) const { pcap_close(file); }
    void operator()(pcap_dumper_t* file) const { pcap_dump_close(file); }
};
using File = std::unique_ptr<pcap_t, Close>;
using Dump = std::unique_ptr<pcap_dumper_t, Close>;

constexpr std::uint32_t kFrameBytesMin = kSizeMin - kFrameSum;
constexpr std::uint32_t kFrameBytesMax = kSizeMax - kFrameSum;

base::Result<File> open_capture(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return Error{Errc::Io, path, std::strerror(errno)};
    if (!S_ISREG(facts.st_mode)) return Error{Errc::Io, path, "is no regular file"};
    char why[PCAP_ERRBUF_SIZE] = "";
    File file(pcap_open_offline(path.c_str(), why));
    if (!file) return Error{Errc::Invalid, path, why};
    if (pcap_datalink(file.get()) != DLT_EN10MB) {
        const char* kind = pcap_datalink_val_to_name(pcap_datalink(file.get()));
        return Error{Errc::Invalid, path,
                     std::string("holds frames of kind ") + (kind == nullptr ? "unknown" : kind) +
                         ", not Ethernet"};
    }
    return file;
}

}  // namespace

base::Result<Capture> read_capture(const std::string& path) {
    TW_TRY(file, open_capture(path));
    Capture capture;
    std::size_t bytes = 0;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    int answer = 0;
    while ((answer = pcap_next_ex(file.get(), &header, &data)) == 1) {
        if (header->caplen != header->len || header->len > kFrameBytesMax || header->len < 14) {
            ++capture.left_out;
            continue;
        }
        bytes += header->caplen;
        if (capture.frames.size() == kCaptureFramesMax || bytes > kCaptureBytesMax) {
            return Error{Errc::Limit, path, "holds too many frames"};
        }
        std::vector<std::uint8_t>& frame = capture.frames.emplace_back(data, data + header->caplen);
        frame.resize(std::max<std::size_t>(frame.size(), kFrameBytesMin));
    }
    if (answer == PCAP_ERROR) {
        return Error{Errc::Invalid, path,
                     std::string("is damaged after ") + std::to_string(capture.frames.size()) +
                         " frames: " + pcap_geterr(file.get())};
    }
    if (capture.frames.empty()) {
        return Error{Errc::Invalid, path,
                     "holds no frame that can be sent (" + std::to_string(capture.left_out) +
                         " are cut off or longer than 1518 bytes)"};
    }
    return capture;
}

base::Status write_capture(const std::string& path, std::size_t count, const GiveFrame& frame) {
    const File file(pcap_open_dead(DLT_EN10MB, kSizeMax));
    if (!file) return Error{Errc::Limit, path, "no memory"};
    const Dump dump(pcap_dump_open(file.get(), path.c_str()));
    if (!dump) return Error{Errc::Io, path, pcap_geterr(file.get())};
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < count; ++i) {
        frame(i, bytes);
        pcap_pkthdr header{};
        header.ts.tv_usec = static_cast<suseconds_t>(i % 1'000'000);
        header.ts.tv_sec = static_cast<time_t>(i / 1'000'000);
        header.caplen = header.len = static_cast<bpf_u_int32>(bytes.size());
        pcap_dump(reinterpret_cast<u_char*>(dump.get()), &header, bytes.data());
    }
    // What the C library still holds may not fit on the disk.
    if (pcap_dump_flush(dump.get()) != 0 || std::ferror(pcap_dump_file(dump.get())) != 0) {
        return Error{Errc::Io, path, "cannot be written"};
    }
    return base::Done{};
}

}  // namespace tierwall::tester
