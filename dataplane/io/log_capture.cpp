// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/log_capture.hpp"

#include <rte_log.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace tierwall::io {

namespace {

// Lines that DPDK prints on every start and that explain no failure.
bool is_chatter(std::string_view line) {
    constexpr std::array<std::string_view, 12> kChatter{
        "Detected",   "Static memory", "Multi-process", "Selected IOVA", "Probe PCI",  "No legacy",
        "VFIO support", "TSC frequency", "No available", "No free",      "Using IOMMU", "TELEMETRY"};
    for (const std::string_view start : kChatter) {
        if (line.substr(0, start.size()) == start) return true;
    }
    return line.empty();
}

std::string_view without_prefix(std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos || colon > 24) return line;
    return line.substr(colon + 2);
}

}  // namespace

LogCapture::LogCapture() : stream_(open_memstream(&text_, &size_)) {
    if (stream_ != nullptr) rte_openlog_stream(stream_);
}

LogCapture::~LogCapture() {
    rte_openlog_stream(nullptr);
    if (stream_ != nullptr) std::fclose(stream_);
    std::free(text_);
}

std::string LogCapture::complaint() {
    if (stream_ == nullptr || std::fflush(stream_) != 0 || text_ == nullptr) return {};
    std::string_view rest(text_, size_);
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
