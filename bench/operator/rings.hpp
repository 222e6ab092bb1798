// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Rings: two cables made of memory. Each joins a ring device of the firewall with one of the
/// tester, queue by queue, and loses what it has no room for, as a network card does.
///
/// Threads: created on a control thread; each end of a queue is used by one thread.
/// Memory:  8 bytes a place, and the mbufs inside; lives as long as the process, because devices
///          are closed when DPDK ends at the latest.
/// Cost:    about 5 ns an end for a packet alone, less in bursts.

#include "bench/operator/load.hpp"
#include "dataplane/base/result.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace tierwall::tester {

struct Rings {
    std::array<std::string, kSides> firewall;  ///< devices, by side
    std::array<std::string, kSides> tester;

    /// Once in a process. `places` of each queue: a power of two.
    static base::Result<Rings> create(std::uint16_t queues, std::uint32_t places);
    /// The queue of the firewall's port that its worker polls.
    static std::uint16_t queue_of(std::uint8_t side, std::uint16_t worker, std::uint16_t workers) {
        return static_cast<std::uint16_t>((worker + workers - side % workers) % workers);
    }
};

}  // namespace tierwall::tester
