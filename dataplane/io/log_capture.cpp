// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/log_capture.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace tierwall::io {

namespace {

// What DPDK prints on every start and what explains no failure: after the first line of a refused
// argument comes a page of usage.
bool is_chatter(std::string_view line) {
    constexpr std::array<std::string_view, 11> kChatter{
        "Detected",     "Static memory", "Multi-process", "Selected IOVA", "Probe PCI", "No legacy",
        "VFIO support", "TSC frequency", "Using IOMMU",   "TELEMETRY",     "Usage"};
    for (const std::string_view start : kChatter) {
        if (line.substr(0, start.size()) == start) return true;
    }
    return line.empty();
}

std::string_view without_prefix(std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon > 24) return line;  // none at all is the largest number
    return line.substr(colon + 2);
}

}  // namespace

LogCapture::LogCapture() : file_(memfd_create("log", MFD_CLOEXEC)) {
    if (file_ < 0) return;
    std::fflush(stdout);
    output_ = dup(STDOUT_FILENO);
    error_ = dup(STDERR_FILENO);
    dup2(file_, STDOUT_FILENO);
    dup2(file_, STDERR_FILENO);
}

LogCapture::~LogCapture() {
    if (file_ < 0) return;
    std::fflush(stdout);
    for (const auto& [kept, stream] :
         {std::pair(output_, STDOUT_FILENO), std::pair(error_, STDERR_FILENO)}) {
        if (kept < 0) continue;
        dup2(kept, stream);
        close(kept);
    }
    close(file_);
}

std::string LogCapture::complaint() const {
    constexpr std::size_t kEnough = 16384;
    std::string text(kEnough, '\0');
    const ssize_t size = pread(file_, text.data(), text.size(), 0);
    std::string_view rest(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        std::string_view line = without_prefix(rest.substr(0, end));
        while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
        if (!is_chatter(line)) return std::string(line);
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return {};
}

}  // namespace tierwall::io
