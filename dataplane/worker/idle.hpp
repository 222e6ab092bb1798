// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Idle: how long a worker that found nothing to do should sleep.
///
/// After a packet it spins for kSpin_us, so that a conversation never waits for a timer. Then it
/// sleeps, first briefly and then longer, up to kSleepMax_us: what the first packet after a silence
/// waits at most. A sleep that a packet was waiting at the end of does not earn a full spin: with
/// sparse traffic the worker would spin most of the time for nothing.
///
/// Threads: one worker.
/// Memory:  a few words.
/// Cost:    a comparison a loop.

#include <algorithm>
#include <cstdint>

namespace tierwall::worker {

class Idle {
public:
    static constexpr std::uint32_t kSpin_us = 200;
    static constexpr std::uint32_t kSpinMin_us = 20;
    static constexpr std::uint32_t kSleepMin_us = 50;
    static constexpr std::uint32_t kSleepMax_us = 250;

    /// After a loop that moved packets.
    void busy(std::uint64_t now_us) noexcept {
        // Packets that come while we spin show a conversation; one that ended a sleep does not yet.
        spin_us_ = slept_ ? std::max(spin_us_ / 2, kSpinMin_us) : std::min(spin_us_ * 2, kSpin_us);
        busy_until_us_ = now_us + spin_us_;
        sleep_us_ = kSleepMin_us;
        slept_ = false;
    }

    /// After a loop that found nothing: how long to sleep, 0 = look again at once.
    std::uint32_t pause_us(std::uint64_t now_us) noexcept {
        if (now_us < busy_until_us_) return 0;
        const std::uint32_t pause_us = sleep_us_;
        sleep_us_ = std::min(sleep_us_ + sleep_us_ / 4, kSleepMax_us);
        slept_ = true;
        return pause_us;
    }

private:
    std::uint64_t busy_until_us_ = 0;
    std::uint32_t spin_us_ = kSpin_us;
    std::uint32_t sleep_us_ = kSleepMin_us;
    bool slept_ = false;
};

}  // namespace tierwall::worker
