// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Exam: a firewall, wherever it runs, between the two ports of a Generator: connections are
/// opened through it, then its loss-free rate and its latency are found for each frame size.
///
/// Frames that do not come out even slowly are left out: policy denies them. What is left must all
/// come out; a frame that does not is lost.
///
/// Threads: one, which is the tester's.
/// Memory:  flows or captured frames, and the load of one size.
/// Cost:    for each size about ten trials.

#include "bench/operator/captured.hpp"
#include "bench/operator/flows.hpp"
#include "bench/operator/generator.hpp"
#include "bench/operator/options.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <optional>

namespace tierwall::tester {

class Exam {
public:
    /// Requires: the references outlive the object.
    Exam(Generator& generator, const Policies& policies, const Scenario& scenario,
         const ExamOptions& options)
        : generator_(generator), policies_(policies), scenario_(scenario), options_(options) {}

    /// Makes the traffic and opens its connections. Fails: Io when nothing comes out.
    base::Status prepare();
    /// Adds "traffic" and "sizes" to the report.
    void measure(Report& report);

private:
    base::Status open_connections();
    base::Status survey_capture();
    Loads loads_of(std::uint16_t size) const;
    Json measure_size(std::uint16_t size, std::string& text);
    Json measure_rate(Loads& loads, double size, std::string& text);
    /// A trial with latencies at the rate that was found, or a little below when that loses.
    Trial confirm(Loads& loads, Found& found, Latency& latency);
    Trial trial(Loads& loads, double rate_pps, Latency* latency);

    Generator& generator_;
    const Policies& policies_;
    const Scenario& scenario_;
    const ExamOptions& options_;
    std::optional<Flows> flows_;
    std::optional<Captured> captured_;
    std::size_t refused_ = 0;      ///< frames or connections that do not come out
    std::size_t unstampable_ = 0;  ///< captured frames that cannot be told when they come out
};

}  // namespace tierwall::tester
