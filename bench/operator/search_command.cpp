// SPDX-License-Identifier: Apache-2.0
// tierwall-bench search: what a pipeline in this process forwards without loss.
#include "bench/operator/dut.hpp"
#include "bench/operator/exam.hpp"
#include "bench/operator/options.hpp"
#include "bench/operator/report.hpp"
#include "bench/operator/rings.hpp"
#include "bench/path/core.hpp"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace tierwall::tester {
namespace {

struct SearchOptions {
    Scenario scenario;
    ExamOptions exam;
    std::vector<std::string> tester_ports;
};

/// Rings may still hold the tester's mbufs: it goes last. Some drivers notice in a thread of their
/// own that the other end has gone (memif), and must not lose their own device meanwhile.
void part(std::unique_ptr<Dut> dut, std::unique_ptr<Generator> generator, bool in_memory) {
    dut->stop();
    if (in_memory) {
        dut.reset();
        return;
    }
    generator.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

/// Both ends: joined by memory, or by whatever joins the devices.
struct Joined {
    DutOptions firewall;
    GeneratorOptions tester;
};

base::Result<Joined> join(const SearchOptions& options) {
    const Scenario& scenario = options.scenario;
    Joined joined;
    joined.firewall.workers = scenario.workers;
    joined.firewall.flows_max = scenario.flow_places();
    joined.tester.workers = scenario.workers;
    joined.tester.settle_s = options.exam.settle_s;
    joined.tester.firewall_waited_s = Dut::waited_s;
    if (!scenario.ports.empty()) {
        joined.firewall.devices = {scenario.ports[kPods], scenario.ports[kUplink]};
        joined.tester.devices = {options.tester_ports[kPods], options.tester_ports[kUplink]};
        return joined;
    }
    TW_TRY(rings, Rings::create(scenario.workers, options.exam.ring));
    joined.firewall.devices = rings.firewall;
    joined.tester.devices = rings.tester;
    joined.tester.many_queues = true;
    joined.tester.full_is_loss = true;
    joined.tester.mbufs = 4u * scenario.workers * options.exam.ring + 8192;
    return joined;
}

base::Result<Report> find(const SearchOptions& options) {
    const Scenario& scenario = options.scenario;
    if (scenario.ports.empty() != options.tester_ports.empty()) {
        return base::Error{base::Errc::Required, "--port",
                           "the firewall's and the tester's ports are named together"};
    }
    if (bench::cores() < scenario.workers + 1u) {
        return base::Error{
            base::Errc::Limit, "--workers",
            "the tester needs a core of its own; there are " + std::to_string(bench::cores())};
    }
    Scenario all = scenario;
    all.ports.insert(all.ports.end(), options.tester_ports.begin(), options.tester_ports.end());
    TW_TRY(started, start_dpdk(all));
    TW_TRY(policies, Policies::create(scenario.policies));
    TW_TRY(joined, join(options));
    TW_TRY(dut, Dut::create(*policies, joined.firewall));
    TW_TRY(generator, Generator::create(joined.tester));
    dut->start();
    // After the workers, which take the last cores.
    bench::sit_on_core(scenario.workers);
    Exam exam(*generator, *policies, scenario, options.exam);
    const base::Status prepared = exam.prepare();
    if (!prepared.ok()) {
        base::Error error = prepared.error();
        error.what += " (" + Dut::words(dut->tally()) + ")";
        part(std::move(dut), std::move(generator), scenario.ports.empty());
        return error;
    }
    Report report;
    report.json = beginning("search");
    report.json["conditions"] = conditions(scenario, *policies);
    report.json["conditions"]["workers"] = scenario.workers;
    const Tally before = dut->tally();
    exam.measure(report);
    const Tally done = dut->tally() - before;
    report.json["reasons"] = reasons_of(done);
    report.json["changed_workers"] = done.hops;
    part(std::move(dut), std::move(generator), scenario.ports.empty());
    return report;
}

}  // namespace

void offer_search(const Offer& offer) {
    CLI::App* command = offer.app.add_subcommand(
        "search",
        "The highest rate at which a pipeline in this process loses nothing, and latency");
    auto options = std::make_shared<SearchOptions>();
    Scenario& scenario = options->scenario;
    offer_policies(*command, scenario.policies);
    offer_traffic(*command, scenario);
    offer_exam(*command, options->exam);
    command->add_option("--workers", scenario.workers, "Workers of the firewall")
        ->check(CLI::Range(1u, bench::kBenchWorkersMax))
        ->capture_default_str();
    command->add_option("--flows-max", scenario.flows_max, "Connections that can be tracked")
        ->check(CLI::Range(1024, 268'435'456));
    command->add_option("--ring", options->exam.ring, "Places of each queue in memory")
        ->check(CLI::Range(64, 65'536))
        ->capture_default_str();
    command
        ->add_option("--port", scenario.ports,
                     "A DPDK device of the firewall; twice, pods side first")
        ->expected(2)
        ->allow_extra_args(false);
    command
        ->add_option("--tester-port", options->tester_ports,
                     "The DPDK device that is joined to it; twice, pods side first")
        ->expected(2)
        ->allow_extra_args(false);
    offer_eal(*command, scenario);
    offer_output(*command, offer.output);
    command->callback([options, &offer_measure = offer.measure] {
        offer_measure = [options] { return find(*options); };
    });
}

}  // namespace tierwall::tester
