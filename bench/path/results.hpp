// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Results: what was measured, key by key, as one JSON object; and which keys are wanted.
///
/// A key's value has median, min, max and runs, and beside them its target and the absolute figures
/// that it comes from.
///
/// Threads: one.
/// Memory:  small.
/// Cost:    none while something is measured.

#include "bench/path/slice.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <set>
#include <string>

namespace tierwall::bench {

struct Wishes {
    std::set<std::string> keys;  ///< empty: all
    Schedule schedule;

    bool wants(const std::string& key) const { return keys.empty() || keys.count(key) != 0; }
};

class Results {
public:
    using Json = nlohmann::ordered_json;

    explicit Results(Wishes wishes) : wishes_(std::move(wishes)) {}

    const Wishes& wishes() const { return wishes_; }
    bool wants(const std::string& key) const { return wishes_.wants(key); }
    void put(const std::string& key, const Spread& spread, Json figures);
    /// Something that is no target's key, for plots and tables.
    void note(const std::string& name, Json figures) { json_["notes"][name] = std::move(figures); }
    const Json& json() const { return json_; }

    /// A line on standard error: how long it took so far and what goes on.
    void say(const std::string& words) const;
    /// Runs all contenders in turns and tells how far it is.
    void compare(const std::string& name, std::vector<Contender>& contenders) const;

private:
    Wishes wishes_;
    Json json_ = Json::object();
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Results::Json json_of(const Spread& spread);
/// Nanoseconds a packet and millions of packets a second.
Results::Json json_of(const Contender& contender);
/// The same as a point of a curve.
Results::Json point(std::size_t x, const Contender& contender);

}  // namespace tierwall::bench
