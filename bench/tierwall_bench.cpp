// SPDX-License-Identifier: Apache-2.0
// tierwall-bench: how fast the packet path is.
#include "bench/compare/side_by_side.hpp"
#include "bench/path/core.hpp"
#include "bench/path/heap.hpp"
#include "bench/path/measures.hpp"
#include "bench/spread/workers_sim.hpp"
#include "dataplane/base/version.hpp"
#include "dataplane/io/eal.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace tierwall;

struct Options {
    std::vector<std::string> only;
    std::size_t turns = 15;
    double seconds = 0.4;
};

/// Tables of 100,000 rules, packet buffers and an expansion for raw rte_acl.
constexpr std::uint64_t kHugeBytesNeeded = 900u << 20;

std::vector<std::string> eal_arguments(bool huge_pages) {
    const std::string prefix = "--file-prefix=tierwall-bench-" + std::to_string(getpid());
    if (huge_pages) return {"--in-memory", "--iova-mode=va", "--no-pci", prefix};
    std::fprintf(stderr, "tierwall-bench: too few huge pages are free, measuring without\n");
    return {"--no-huge", "--no-shconf", "-m", "4096", "--no-pci", "--no-telemetry", prefix};
}

int fail(const base::Error& error) {
    std::fprintf(stderr, "tierwall-bench: %s\n", error.text().c_str());
    return 2;
}

int measure_targets(const Options& options) {
    const bool huge_pages = bench::huge_bytes_free() >= kHugeBytesNeeded;
    bench::cores();  // before anything binds this thread
    if (const base::Status started = io::start_eal(eal_arguments(huge_pages)); !started) {
        return fail(started.error());
    }
    bench::sit_on_core(0);
    bench::Results results({.keys = {options.only.begin(), options.only.end()},
                            .schedule = {.turns = options.turns, .seconds = options.seconds}});
    results.note("huge_pages", huge_pages);
    for (const auto measure :
         {bench::measure_established, bench::measure_new_flows, bench::measure_rules,
          bench::measure_second_worker, bench::measure_side_by_side}) {
        if (const base::Status done = measure(results); !done) return fail(done.error());
    }
    std::cout << results.json().dump(2) << std::endl;
    return 0;
}

int simulate(const bench::WorkersSim& wanted) {
    const auto found = bench::simulate_workers(wanted);
    if (!found) return fail(found.error());
    const nlohmann::ordered_json answer{{"notes", {{"workers_sim", *found}}}};
    std::cout << answer.dump(2) << std::endl;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"How fast the packet path of Tierwall is."};
    app.set_version_flag("--version", std::string(base::kVersion));
    app.require_subcommand(1);
    Options options;
    CLI::App* targets = app.add_subcommand("targets", "Measures what the project has targets for");
    targets->add_option("--only", options.only, "Keys to measure, separated by commas")
        ->delimiter(',');
    targets->add_option("--turns", options.turns, "Slices of each thing that is compared")
        ->check(CLI::Range(1, 1000));
    targets->add_option("--slice-s", options.seconds, "Seconds of a slice")
        ->check(CLI::Range(0.01, 1.0));
    bench::WorkersSim sim;
    CLI::App* workers = app.add_subcommand("workers-sim", "How traffic spreads over many workers");
    workers->add_option("--workers", sim.workers)->check(CLI::Range(1, 128))->capture_default_str();
    workers->add_option("--seed", sim.seed, "Of cluster and traffic")->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return problem.get_exit_code() == 0 ? app.exit(problem) : (app.exit(problem), 2);
    }
    return *workers ? simulate(sim) : measure_targets(options);
}
