// SPDX-License-Identifier: Apache-2.0
// tierwall-bench drive: what a running tierwalld forwards without loss.
#include "bench/operator/exam.hpp"
#include "bench/operator/options.hpp"
#include "bench/operator/report.hpp"
#include "bench/path/core.hpp"

#include <chrono>
#include <memory>
#include <thread>

namespace tierwall::tester {
namespace {

struct DriveOptions {
    Scenario scenario;
    ExamOptions exam;
    double connect_s = 1;
};

base::Result<Report> drive(const DriveOptions& options) {
    const Scenario& scenario = options.scenario;
    TW_TRY(started, start_dpdk(scenario));
    // The daemon's own are what counts; these say which connections it allows.
    TW_TRY(policies, Policies::create(scenario.policies));
    TW_TRY(generator,
           Generator::create({.devices = {scenario.ports[kPods], scenario.ports[kUplink]},
                              .settle_s = options.exam.settle_s}));
    // Devices that meet at a socket or a cable need a moment to notice each other.
    std::this_thread::sleep_for(std::chrono::duration<double>(options.connect_s));
    // The first core: tierwalld's workers take the last ones.
    bench::sit_on_core(bench::cores() - 1);
    Exam exam(*generator, *policies, scenario, options.exam);
    TW_TRY(prepared, exam.prepare());
    Report report;
    report.json = beginning("drive");
    report.json["conditions"] = conditions(scenario, *policies);
    exam.measure(report);
    return report;
}

}  // namespace

void offer_drive(const Offer& offer) {
    CLI::App* command = offer.app.add_subcommand(
        "drive", "The highest rate at which a running tierwalld loses nothing, and latency");
    auto options = std::make_shared<DriveOptions>();
    Scenario& scenario = options->scenario;
    options->exam.settle_s = 0.5;
    options->exam.warmup_pps = 50'000;
    offer_policies(*command, scenario.policies);
    offer_traffic(*command, scenario);
    offer_exam(*command, options->exam);
    command
        ->add_option("--port", scenario.ports,
                     "A DPDK device that is joined to a port of the daemon; twice, pods side first")
        ->expected(2)
        ->allow_extra_args(false)
        ->required();
    command->add_option("--connect-s", options->connect_s, "Seconds that links need to come up")
        ->check(CLI::Range(0.0, 60.0))
        ->capture_default_str();
    offer_eal(*command, scenario);
    offer_output(*command, offer.output);
    command->callback([options, &offer_measure = offer.measure] {
        offer_measure = [options] { return drive(*options); };
    });
}

}  // namespace tierwall::tester
