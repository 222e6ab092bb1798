// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Figures: what was measured, key by key, as one JSON object; what is wanted; how far it is.
///
/// Threads: one.
/// Memory:  small.
/// Cost:    none while something is measured.

#include <nlohmann/json.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace tierwall::bench {

/// Requires: not empty. `part` 0..1; the value that so many are not above.
double quantile(std::vector<double> values, double part);

class Figures {
public:
    using Json = nlohmann::ordered_json;

    Figures(std::set<std::string> only, bool quick) : only_(std::move(only)), quick_(quick) {}

    bool wants(const std::string& key) const { return only_.empty() || only_.contains(key); }
    bool quick() const { return quick_; }
    int runs() const { return quick_ ? 3 : 5; }

    /// One value a run; `details` are absolute figures and conditions that belong to them.
    void put(const std::string& key, const std::vector<double>& values, Json details);
    const Json& json() const { return json_; }

    /// What all wanted measures will take, as far as one knows.
    void plan(double seconds) { planned_s_ += seconds; }
    /// A line on standard error: how far it is, how long it may still take.
    void say(const std::string& words) const;

private:
    const std::set<std::string> only_;
    const bool quick_;
    Json json_ = Json::object();
    double planned_s_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Median, p90, p99 and the ends, of latencies in milliseconds.
Figures::Json distribution(const std::vector<double>& values_ms);

}  // namespace tierwall::bench
