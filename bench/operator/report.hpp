// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Report: figures as JSON with keys that stay, and as lines for people.
///
/// Threads: one.
/// Memory:  small.
/// Cost:    none while something is measured.

#include "bench/operator/dut.hpp"
#include "bench/operator/latency.hpp"
#include "bench/operator/options.hpp"
#include "bench/operator/search.hpp"

#include <cstdint>
#include <string>

namespace tierwall::tester {

/// Tool, command, version and machine: what every report begins with.
Json beginning(const std::string& command);
/// Policies and traffic.
Json conditions(const Scenario& scenario, const Policies& policies);

/// Packets a second of one size: "mpps", "gbit_s" of frames, "line_gbit_s" with preambles and gaps.
Json speed(double pps, double size);
Json json_of(const Trial& trial);
/// Microseconds.
Json json_of(const Latency& latency);
/// Every reason that moved, by its name.
Json reasons_of(const Tally& tally);

/// printf into a string.
std::string line(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace tierwall::tester
