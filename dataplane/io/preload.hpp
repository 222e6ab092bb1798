// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// preloaded_frames(): how many mbufs a pcap device keeps for itself.
///
/// With infinite_rx the driver reads its file into mbufs when the queue is set up, and delivers
/// copies of them for ever. It refuses a pool that is smaller than its file.
///
/// Threads: boot only.
/// Memory:  none.
/// Cost:    reads the headers in the file.

#include <cstdint>
#include <string_view>

namespace tierwall::io {

/// Of a device's arguments; 0 for every other device, and when the file cannot be read: opening it
/// is the driver's, which then says why. At most UINT32_MAX / 2.
std::uint32_t preloaded_frames(std::string_view device) noexcept;

}  // namespace tierwall::io
