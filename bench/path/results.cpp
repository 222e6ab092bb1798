// SPDX-License-Identifier: Apache-2.0
#include "bench/path/results.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tierwall::bench {
namespace {

/// Four digits that count: more would only be noise.
double rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.4g", value);
    return std::strtod(text, nullptr);
}

}  // namespace

Results::Json json_of(const Spread& spread) {
    return {{"median", rounded(spread.median)},
            {"min", rounded(spread.min)},
            {"max", rounded(spread.max)},
            {"runs", spread.runs}};
}

Results::Json json_of(const Contender& contender) {
    double share = 1;
    for (const Slice& slice : contender.slices) {
        if (slice.wall_s > 0) share = std::min(share, slice.cpu_s / slice.wall_s);
    }
    return {{"ns_per_packet", json_of(contender.ns())},
            {"mpps", json_of(contender.mpps())},
            {"least_share_of_core", rounded(share)}};
}

Results::Json point(std::size_t x, const Contender& contender) {
    return {
        {"x", x}, {"mpps", json_of(contender.mpps())}, {"ns_per_packet", json_of(contender.ns())}};
}

void Results::put(const std::string& key, const Spread& spread, Json figures) {
    Json value = json_of(spread);
    value.update(figures);
    json_[key] = std::move(value);
    char text[128];
    std::snprintf(text, sizeof(text), "%s: %.4g (%.4g to %.4g)", key.c_str(), spread.median,
                  spread.min, spread.max);
    say(text);
}

void Results::say(const std::string& words) const {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    std::fprintf(stderr, "%5.0f s  %s\n", passed.count(), words.c_str());
}

void Results::compare(const std::string& name, std::vector<Contender>& contenders) const {
    const Schedule& schedule = wishes_.schedule;
    const double turn_s = schedule.seconds * static_cast<double>(contenders.size());
    const auto words = [&](std::size_t turn) {
        const double left_s = turn_s * static_cast<double>(schedule.turns - turn);
        return name + ": turn " + std::to_string(turn + 1) + " of " +
               std::to_string(schedule.turns) + ", about " +
               std::to_string(static_cast<int>(left_s + 0.5)) + " s left of it";
    };
    take_turns(contenders, schedule, [&](std::size_t turn) {
        if (turn % 5 == 0) say(words(turn));
    });
    for (const Contender& each : contenders) {
        char text[160];
        std::snprintf(text, sizeof(text), "  %-28s %7.1f ns/packet %8.2f Mpps", each.name.c_str(),
                      each.ns().median, each.mpps().median);
        say(text);
    }
}

}  // namespace tierwall::bench
