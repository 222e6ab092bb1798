// SPDX-License-Identifier: Apache-2.0
#include "bench/spread/rings.hpp"

#include "bench/cluster/random.hpp"
#include "dataplane/worker/fabric.hpp"
#include "dataplane/worker/pipeline.hpp"

#include <algorithm>
#include <cmath>

namespace tierwall::bench {
namespace {

double unit(Random& random) { return static_cast<double>(random.next() >> 11) * 0x1p-53; }

/// Draws connections by their weights.
class Lottery {
public:
    explicit Lottery(std::span<const double> weights) {
        double sum = 0;
        for (const double weight : weights) sums_.push_back(sum += weight);
    }
    std::size_t draw(Random& random) const {
        const double ticket = unit(random) * sums_.back();
        const auto found = std::upper_bound(sums_.begin(), sums_.end(), ticket);
        return std::min(static_cast<std::size_t>(found - sums_.begin()), sums_.size() - 1);
    }

private:
    std::vector<double> sums_;
};

/// Gathers what the receiver hands over after each poll, and what became of it.
class Receiver {
public:
    explicit Receiver(std::uint32_t workers)
        : rings_(workers, RingModel(worker::kRingPlaces, worker::kBurst)),
          waiting_(workers),
          seen_(worker::kRingPlaces + 1) {}

    void take(double now, std::uint32_t owner) {
        ++waiting_[owner];
        if (++polled_ == worker::kBurst) hand_over(now);
    }

    RingDepths depths(std::size_t packets) const {
        RingDepths out;
        out.packets = packets;
        out.refused = refused_;
        std::size_t above = packets / 1000;
        for (std::size_t depth = seen_.size(); depth-- > 0;) {
            if (seen_[depth] == 0) continue;
            const auto here = static_cast<std::uint32_t>(depth);
            if (out.depth_max == 0) out.depth_max = here;
            out.depth_p999 = here;
            if (seen_[depth] > above) break;
            above -= seen_[depth];
        }
        return out;
    }

private:
    void hand_over(double now) {
        for (std::size_t worker = 0; worker < rings_.size(); ++worker) {
            if (waiting_[worker] == 0) continue;
            refused_ += rings_[worker].push(now, waiting_[worker]);
            seen_[rings_[worker].depth()] += waiting_[worker];
            waiting_[worker] = 0;
        }
        polled_ = 0;
    }

    std::vector<RingModel> rings_;
    std::vector<std::uint32_t> waiting_;
    std::vector<std::size_t> seen_;
    std::uint32_t polled_ = 0;
    std::size_t refused_ = 0;
};

}  // namespace

std::uint32_t RingModel::push(double now, std::uint32_t count) {
    work_until(now);
    if (depth_ == 0) free_at_ = std::max(free_at_, now);
    const std::uint32_t taken = std::min(count, places_ - depth_);
    depth_ += taken;
    return count - taken;
}

void RingModel::work_until(double now) {
    while (depth_ != 0 && free_at_ < now) {
        const std::uint32_t taken = std::min(depth_, burst_);
        depth_ -= taken;
        free_at_ += taken;
    }
}

RingDepths simulate_rings(const Deal& deal, std::span<const double> weights, const RingLoad& load) {
    const Lottery lottery(weights);
    const double worst = balance(deal, weights).max_over_mean;
    const double mean_load = load.busiest / worst;
    // A unit of time is what a worker needs for a packet.
    const double mean_gap = 1 / (mean_load * deal.workers);
    const double line_gap = mean_gap / load.line_over_mean;
    Random random(load.seed);
    Receiver receiver(deal.workers);
    double now = 0;
    std::size_t packets = 0;
    while (packets < load.packets) {
        const std::uint32_t owner = deal.owner[lottery.draw(random)];
        const double tail = -std::log1p(-unit(random)) * load.train_packets;
        const auto train = std::max<std::size_t>(static_cast<std::size_t>(std::lround(tail)), 1);
        for (std::size_t i = 0; i < train; ++i) receiver.take(now += line_gap, owner);
        packets += train;
        // Silence behind a train, so that the mean comes out.
        const double silence = (mean_gap - line_gap) * static_cast<double>(train);
        now -= std::log1p(-unit(random)) * silence;
    }
    RingDepths out = receiver.depths(packets);
    out.mean_load = mean_load;
    return out;
}

}  // namespace tierwall::bench
