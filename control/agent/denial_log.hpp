// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// DenialLog: lines about denied packets, so many a second and no more.
///
/// A second begins with the first denied packet after the one before. What finds no room in it is
/// counted, and told in one line when the second is over.
///
/// Threads: the control thread.
/// Memory:  some numbers.
/// Cost:    a text is made only when it is written.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace tierwall::agent {

class DenialLog {
public:
    using Clock = std::chrono::steady_clock;
    using Log = std::function<void(const std::string&)>;

    /// 0 lines: nothing is ever told. `what` is told of, as the sum of a second calls it.
    DenialLog(std::uint32_t lines_per_s, Log log, std::string what = "denied packets")
        : lines_per_s_(lines_per_s), log_(std::move(log)), what_(std::move(what)) {}

    /// One denied packet.
    void add(Clock::time_point now, const std::function<std::string()>& text);
    /// So many denied packets of which nothing is known.
    void add_unknown(Clock::time_point now, std::uint64_t packets);
    /// Ends the second when it is over. Call a few times a second.
    void tick(Clock::time_point now);

private:
    void begin(Clock::time_point now);

    const std::uint32_t lines_per_s_;
    const Log log_;
    const std::string what_;
    Clock::time_point began_;
    bool running_ = false;  ///< a second has begun
    std::uint32_t lines_ = 0;
    std::uint64_t untold_ = 0;
};

}  // namespace tierwall::agent
