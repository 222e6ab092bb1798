// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Options: what the commands of an operator's benchmark have in common on their command lines.
///
/// Threads: one.
/// Memory:  values.
/// Cost:    none while something is measured.

#include "bench/operator/policies.hpp"
#include "bench/operator/search.hpp"

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tierwall::tester {

using Json = nlohmann::ordered_json;

/// What is sent, and what judges it.
struct Scenario {
    PolicyOptions policies;
    std::size_t flows = 65'536;
    std::string pcap;  ///< frames of this file instead of generated flows
    double new_percent = 0;
    std::vector<std::string> ports;  ///< the firewall's, pods side first; empty: in memory
    std::uint16_t workers = 1;
    std::uint32_t flows_max = 0;  ///< 0: what the flows need, at least tierwalld's default
    std::vector<std::string> eal;

    std::uint32_t flow_places() const;
};

/// How a firewall is examined from outside.
struct ExamOptions {
    std::vector<std::uint16_t> sizes{64, 128, 256, 512, 1024, 1280, 1518};
    double trial_s = 2;
    double resolution_percent = 1;
    unsigned attempts = 3;
    double rate_max_pps = 0;
    double rate_pps = 0;  ///< only this rate instead of a search
    double warmup_pps = 100'000;
    double settle_s = 0.1;
    std::uint32_t ring = 1024;  ///< places of a queue in memory

    SearchPlan plan() const { return {resolution_percent / 100, attempts, rate_max_pps}; }
};

/// What a command makes: an object for programs, and lines for people.
struct Report {
    Json json;
    std::string text;
};
using Measure = std::function<base::Result<Report>()>;

/// `then` is called when the command is chosen.
struct Offer {
    CLI::App& app;
    std::string& output;
    Measure& measure;
};

// One per subcommand.
void offer_run(const Offer& offer);
void offer_search(const Offer& offer);
void offer_drive(const Offer& offer);
void offer_prepare(const Offer& offer);

void offer_policies(CLI::App& command, PolicyOptions& options);
void offer_traffic(CLI::App& command, Scenario& scenario);
void offer_eal(CLI::App& command, Scenario& scenario);
void offer_exam(CLI::App& command, ExamOptions& options);
/// --output and --version.
void offer_output(CLI::App& command, std::string& output);

/// Starts DPDK: with PCI devices only where a port is one, in hugepages where enough are free.
base::Status start_dpdk(const Scenario& scenario);
/// A line on standard error.
void say(const std::string& words);

}  // namespace tierwall::tester
