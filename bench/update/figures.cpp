// SPDX-License-Identifier: Apache-2.0
#include "bench/update/figures.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>

namespace tierwall::bench {

double quantile(std::vector<double> values, double part) {
    assert(!values.empty());
    std::sort(values.begin(), values.end());
    const double place = std::ceil(part * static_cast<double>(values.size())) - 1;
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::clamp(place, 0.0, last))];
}

Figures::Json distribution(const std::vector<double>& values_ms) {
    if (values_ms.empty()) return {};
    Figures::Json out;
    out["count"] = values_ms.size();
    for (const auto& [name, part] :
         {std::pair{"min", 0.0}, {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1.0}}) {
        out[name] = quantile(values_ms, part);
    }
    return out;
}

void Figures::put(const std::string& key, const std::vector<double>& values, Json details) {
    if (!wants(key) || values.empty()) return;
    Json& entry = json_[key];
    entry["median"] = quantile(values, 0.5);
    entry["min"] = quantile(values, 0);
    entry["max"] = quantile(values, 1);
    entry["runs"] = values.size();
    entry["values"] = values;
    entry["figures"] = std::move(details);
    say(key + ": " + std::to_string(entry["median"].get<double>()));
}

void Figures::say(const std::string& words) const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    const double left = std::max(planned_s_ - elapsed.count(), 0.0);
    std::fprintf(stderr, "[%4.0f s, about %.0f s left] %s\n", elapsed.count(), left, words.c_str());
}

}  // namespace tierwall::bench
