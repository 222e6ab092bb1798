// SPDX-License-Identifier: Apache-2.0
#include "bench/path/slice.hpp"

#include <algorithm>
#include <ctime>

namespace tierwall::bench {
namespace {

double read_clock(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Fn>
Spread spread_over(const std::vector<Slice>& slices, Fn&& value) {
    std::vector<double> values;
    for (const Slice& slice : slices) values.push_back(value(slice));
    return spread_of(std::move(values));
}

}  // namespace

SliceClock::SliceClock()
    : cpu_s_(read_clock(CLOCK_THREAD_CPUTIME_ID)), wall_s_(read_clock(CLOCK_MONOTONIC)) {}

Slice SliceClock::since(std::uint64_t packets) const {
    return {packets, read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu_s_,
            read_clock(CLOCK_MONOTONIC) - wall_s_};
}

Spread spread_of(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    return {median, values.front(), values.back(), values.size()};
}

Spread Contender::ns() const {
    return spread_over(slices, [](const Slice& slice) { return slice.ns(); });
}

Spread Contender::mpps() const {
    return spread_over(slices, [](const Slice& slice) { return slice.mpps(); });
}

Spread speed_ratio(const Contender& a, const Contender& b) {
    std::vector<double> ratios;
    const std::size_t turns = std::min(a.slices.size(), b.slices.size());
    for (std::size_t i = 0; i < turns; ++i) {
        if (b.slices[i].mpps() > 0) ratios.push_back(a.slices[i].mpps() / b.slices[i].mpps());
    }
    return spread_of(std::move(ratios));
}

void take_turns(std::vector<Contender>& contenders, const Schedule& schedule,
                const std::function<void(std::size_t turn)>& progress) {
    for (Contender& contender : contenders) {
        contender.run(schedule.seconds / 4);
        contender.slices.assign(schedule.turns, {});
    }
    for (std::size_t turn = 0; turn < schedule.turns; ++turn) {
        progress(turn);
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            Contender& contender = contenders[(turn + i) % contenders.size()];
            contender.slices[turn] = contender.run(schedule.seconds);
        }
    }
}

}  // namespace tierwall::bench
