// SPDX-License-Identifier: Apache-2.0
// tierwall-bench: how fast the packet path is.
#include "bench/compare/side_by_side.hpp"
#include "bench/operator/options.hpp"
#include "bench/path/core.hpp"
#include "bench/path/heap.hpp"
#include "bench/path/measures.hpp"
#include "bench/spread/workers_sim.hpp"
#include "control/document/printable.hpp"
#include "dataplane/base/version.hpp"
#include "dataplane/io/eal.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace tierwall;

constexpr int kExitError = 2;

struct TargetOptions {
    std::vector<std::string> only;
    std::size_t turns = 15;
    double seconds = 0.4;
};

int fail(std::string words) {
    while (!words.empty() && words.back() == '\n') words.pop_back();
    std::fprintf(stderr, "tierwall-bench: %s\n", document::printable(words).c_str());
    return kExitError;
}

/// Tables of 100,000 rules, packet buffers and an expansion for raw rte_acl.
constexpr std::uint64_t kHugeBytesNeeded = 900u << 20;

std::vector<std::string> eal_arguments(bool huge_pages) {
    const std::string prefix = "--file-prefix=tierwall-bench-" + std::to_string(getpid());
    if (huge_pages) return {"--in-memory", "--iova-mode=va", "--no-pci", prefix};
    std::fprintf(stderr, "tierwall-bench: too few huge pages are free, measuring without\n");
    return {"--no-huge", "--no-shconf", "-m", "4096", "--no-pci", "--no-telemetry", prefix};
}

base::Result<tester::Report> measure_targets(const TargetOptions& options) {
    const bool huge_pages = bench::huge_bytes_free() >= kHugeBytesNeeded;
    bench::cores();  // before anything binds this thread
    TW_TRY(started, io::start_eal(eal_arguments(huge_pages)));
    bench::sit_on_core(0);
    bench::Results results({.keys = {options.only.begin(), options.only.end()},
                            .schedule = {.turns = options.turns, .seconds = options.seconds}});
    results.note("huge_pages", huge_pages);
    for (const auto measure :
         {bench::measure_established, bench::measure_new_flows, bench::measure_rules,
          bench::measure_second_worker, bench::measure_side_by_side}) {
        TW_TRY(done, measure(results));
    }
    return tester::Report{results.json(), {}};
}

void offer_targets(const tester::Offer& offer) {
    CLI::App* command =
        offer.app.add_subcommand("targets", "Measures what the project has targets for, as JSON");
    auto options = std::make_shared<TargetOptions>();
    command->add_option("--only", options->only, "Keys to measure, separated by commas")
        ->delimiter(',');
    command->add_option("--turns", options->turns, "Slices of each thing that is compared")
        ->check(CLI::Range(1, 1000));
    command->add_option("--slice-s", options->seconds, "Seconds of a slice")
        ->check(CLI::Range(0.01, 1.0));
    command->callback([options, &offer_measure = offer.measure, &output = offer.output] {
        output = "json";
        offer_measure = [options] { return measure_targets(*options); };
    });
}

void offer_workers_sim(const tester::Offer& offer) {
    CLI::App* command = offer.app.add_subcommand(
        "workers-sim", "How traffic would spread over many workers, as JSON");
    auto wanted = std::make_shared<bench::WorkersSim>();
    command->add_option("--workers", wanted->workers)
        ->check(CLI::Range(1, 128))
        ->capture_default_str();
    command->add_option("--seed", wanted->seed, "Of cluster and traffic")->capture_default_str();
    command->callback([wanted, &offer_measure = offer.measure, &output = offer.output] {
        output = "json";
        offer_measure = [wanted]() -> base::Result<tester::Report> {
            TW_TRY(found, bench::simulate_workers(*wanted));
            return tester::Report{{{"notes", {{"workers_sim", found}}}}, {}};
        };
    });
}

int print(const tester::Report& report, const std::string& output) {
    std::cout << (output == "json" ? report.json.dump(2) + "\n" : report.text) << std::flush;
    return std::cout ? 0 : fail("standard output cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("How fast the packet path of Tierwall is.", "tierwall-bench");
    app.set_version_flag("--version", std::string("tierwall-bench ") + base::kVersion);
    app.require_subcommand(1);
    std::string output = "table";
    tester::Measure measure;
    const tester::Offer offer{app, output, measure};
    offer_targets(offer);
    offer_workers_sim(offer);
    tester::offer_run(offer);
    tester::offer_search(offer);
    tester::offer_drive(offer);
    tester::offer_prepare(offer);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::Error& error) {
        return fail(error.what());
    }
    const base::Result<tester::Report> report = measure();
    return report.ok() ? print(*report, output) : fail(report.error().text());
}
