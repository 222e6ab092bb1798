// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Capture: the frames of a pcap or pcapng file, and files made of frames; the owner of libpcap.
///
/// Threads: one.
/// Memory:  the frames; at most kCaptureBytesMax.
/// Cost:    reading the file once.

#include "dataplane/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tierwall::tester {

inline constexpr std::size_t kCaptureFramesMax = 16'000'000;
inline constexpr std::size_t kCaptureBytesMax = std::size_t{2} << 30;

struct Capture {
    std::vector<std::vector<std::uint8_t>> frames;
    /// Not read: cut off when they were captured, or longer than a frame of 1518 bytes.
    std::size_t left_out = 0;
};

/// Short frames are padded, as a network card would. Fails: Io when the file cannot be read,
/// Invalid when it is no capture of Ethernet frames, is damaged, or has none that can be sent;
/// Limit above the limits.
base::Result<Capture> read_capture(const std::string& path);

/// Writes `count` frames; `frame(i, bytes)` gives each, at most kSizeMax bytes. Fails: Io.
using GiveFrame = std::function<void(std::size_t number, std::vector<std::uint8_t>& bytes)>;
base::Status write_capture(const std::string& path, std::size_t count, const GiveFrame& frame);

}  // namespace tierwall::tester
