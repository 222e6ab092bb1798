// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Rings: how deep the rings between workers get when one of them receives everything.
///
/// That is so with a device that cannot spread: whoever has its queue hands each frame to the
/// worker that owns its connection. Time is simulated. The receiver is as fast as the wire, which
/// is the worst for the rings; a worker takes up to a burst at a time and needs one unit of time a
/// packet.
///
/// Threads: one.
/// Memory:  a few kilobytes.
/// Cost:    about 30 ns a packet.

#include "bench/spread/deal.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tierwall::bench {

/// One ring and the worker that empties it.
class RingModel {
public:
    RingModel(std::uint32_t places, std::uint32_t burst) : places_(places), burst_(burst) {}

    /// `count` packets come at `now`, never earlier than before; how many did not fit.
    std::uint32_t push(double now, std::uint32_t count);
    std::uint32_t depth() const { return depth_; }

private:
    void work_until(double now);

    const std::uint32_t places_;
    const std::uint32_t burst_;
    std::uint32_t depth_ = 0;
    double free_at_ = 0;
};

struct RingLoad {
    double busiest = 0.7;       ///< part of its time that the busiest worker would need
    double train_packets = 1;   ///< packets of a connection that come one behind the other, mean
    double line_over_mean = 4;  ///< how much faster than on average they come in a train
    std::size_t packets = 2'000'000;
    std::uint64_t seed = 1;
};

struct RingDepths {
    double mean_load = 0;
    std::uint32_t depth_max = 0;
    std::uint32_t depth_p999 = 0;  ///< of what packets find
    std::size_t refused = 0;
    std::size_t packets = 0;
};
RingDepths simulate_rings(const Deal& deal, std::span<const double> weights, const RingLoad& load);

}  // namespace tierwall::bench
