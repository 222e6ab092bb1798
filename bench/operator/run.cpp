// SPDX-License-Identifier: Apache-2.0
// tierwall-bench run: as much as a pipeline in this process can do.
#include "bench/operator/captured.hpp"
#include "bench/operator/dut.hpp"
#include "bench/operator/flows.hpp"
#include "bench/operator/null_source.hpp"
#include "bench/operator/options.hpp"
#include "bench/operator/report.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace tierwall::tester {
namespace {

struct RunOptions {
    Scenario scenario;
    std::uint16_t size = kSizeMin;
    double duration_s = 5;
};

/// Long enough for caches and clocks, and for the workers to have begun.
constexpr double kBeforehand_s = 0.2;
constexpr double kStageMax_s = 120;

void wait(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// Opens every connection, stage by stage.
base::Status establish(const Flows& flows, NullSource& source, Dut& dut) {
    for (const Stage stage : {Stage::Opening, Stage::Answer, Stage::Confirming}) {
        Loads loads = flows.stage_loads(stage);
        const Tally before = dut.tally();
        source.show_once(loads);
        dut.start();
        double waited_s = 0;
        while (waited_s < kStageMax_s &&
               (!source.is_drained() || (dut.tally() - before).received < flows.size())) {
            wait(0.005);
            waited_s += 0.005;
        }
        dut.stop();
        source.hide();
        const Tally done = dut.tally() - before;
        if (done.sent == flows.size()) continue;
        return base::Error{base::Errc::Io, "traffic",
                           "of " + std::to_string(flows.size()) + " connections only " +
                               std::to_string(done.sent) + " could be opened (" + Dut::words(done) +
                               ")"};
    }
    return base::Done{};
}

/// What is sent, in memory; kept until the end.
struct Traffic {
    std::unique_ptr<NullSource> source;
    std::unique_ptr<Loads> loads;
    std::size_t pairs = 0;
};

base::Result<Traffic> make_traffic(const RunOptions& options, const Policies& policies, Dut& dut) {
    const Scenario& scenario = options.scenario;
    Traffic traffic;
    TW_TRY(source, NullSource::attach(scenario.workers));
    traffic.source = std::move(source);
    if (!scenario.pcap.empty()) {
        TW_TRY(captured, Captured::read(scenario.pcap));
        traffic.loads = std::make_unique<Loads>(captured.loads(policies, scenario.workers));
    } else {
        TW_TRY(flows, Flows::plan(policies, {scenario.flows, scenario.workers, std::nullopt}));
        say("opening " + std::to_string(flows.size()) + " connections");
        TW_TRY(established, establish(flows, *traffic.source, dut));
        traffic.pairs = flows.pairs();
        traffic.loads = std::make_unique<Loads>(flows.open_loads(options.size));
        traffic.loads->set_new_share(scenario.new_percent / 100);
    }
    traffic.source->show(*traffic.loads);
    return traffic;
}

Report report_of(const RunOptions& options, const Policies& policies, const Tally& done) {
    const double seconds = done.wall_s;
    const auto per_second = [&](std::uint64_t count) {
        return static_cast<double>(count) / seconds;
    };
    const double size = done.received == 0 ? 0
                                           : static_cast<double>(done.received_bytes) /
                                                     static_cast<double>(done.received) +
                                                 kFrameSum;
    const double packets = static_cast<double>(std::max<std::uint64_t>(done.received, 1));
    const std::uint64_t offered = done.received + done.missed;
    Report report;
    Json& json = report.json = beginning("run");
    json["conditions"] = conditions(options.scenario, policies);
    json["conditions"]["workers"] = options.scenario.workers;
    json["seconds"] = seconds;
    json["frame_bytes"] = size;
    json["received"] = speed(per_second(done.received), size);
    json["forwarded"] = speed(per_second(done.sent), size);
    json["packets"] = {{"received", done.received},
                       {"forwarded", done.sent},
                       {"dropped", done.dropped()},
                       {"lost", done.lost()},
                       {"changed_workers", done.hops}};
    json["loss_percent"] =
        offered == 0 ? 0.0
                     : 100.0 * static_cast<double>(done.lost()) / static_cast<double>(offered);
    json["ns_per_packet"] = done.cpu_s * 1e9 / packets;
    json["share_of_cores"] = done.cpu_s / seconds / options.scenario.workers;
    json["new_connections_per_s"] = per_second(done.created);
    json["reasons"] = reasons_of(done);
    std::string& text = report.text;
    text += line("forwarded         %10.3f Mpps  %8.3f Gbit/s  %8.3f Gbit/s on the line",
                 json["forwarded"]["mpps"].get<double>(), json["forwarded"]["gbit_s"].get<double>(),
                 json["forwarded"]["line_gbit_s"].get<double>());
    text += line("received          %10.3f Mpps", json["received"]["mpps"].get<double>());
    text += line("time              %10.1f ns a packet, of each of %u workers' cores %.0f %%",
                 json["ns_per_packet"].get<double>(), unsigned{options.scenario.workers},
                 json["share_of_cores"].get<double>() * 100);
    text += line("lost              %10.4f %%", json["loss_percent"].get<double>());
    text += line("new connections   %10.0f a second", json["new_connections_per_s"].get<double>());
    for (const auto& [name, count] : json["reasons"].items()) {
        text += line("  %-24s %14llu", name.c_str(), count.get<unsigned long long>());
    }
    return report;
}

base::Result<Report> run(const RunOptions& options) {
    const Scenario& scenario = options.scenario;
    TW_TRY(started, start_dpdk(scenario));
    TW_TRY(policies, Policies::create(scenario.policies));
    const bool in_memory = scenario.ports.empty();
    DutOptions wanted{.devices = NullSource::devices(),
                      .workers = scenario.workers,
                      .flows_max = scenario.flow_places()};
    if (!in_memory) wanted.devices = {scenario.ports[kPods], scenario.ports[kUplink]};
    TW_TRY(dut, Dut::create(*policies, wanted));
    Traffic traffic;
    if (in_memory) {
        TW_TRY(made, make_traffic(options, *policies, *dut));
        traffic = std::move(made);
    }
    say("measuring for " + std::to_string(options.duration_s) + " s");
    dut->start();
    wait(kBeforehand_s);
    const Tally before = dut->tally();
    wait(options.duration_s);
    const Tally done = dut->tally() - before;
    dut->stop();
    return report_of(options, *policies, done);
}

}  // namespace

void offer_run(const Offer& offer) {
    CLI::App* command = offer.app.add_subcommand(
        "run", "A pipeline in this process: as many packets as it can, or as its ports deliver");
    auto options = std::make_shared<RunOptions>();
    Scenario& scenario = options->scenario;
    offer_policies(*command, scenario.policies);
    offer_traffic(*command, scenario);
    command->add_option("--size", options->size, "Frame size on the wire")
        ->check(CLI::Range(unsigned{kSizeMin}, unsigned{kSizeMax}))
        ->capture_default_str();
    command->add_option("--workers", scenario.workers, "Workers")
        ->check(CLI::Range(1u, bench::kBenchWorkersMax))
        ->capture_default_str();
    command->add_option("--flows-max", scenario.flows_max, "Connections that can be tracked")
        ->check(CLI::Range(1024, 268'435'456));
    command->add_option("--duration", options->duration_s, "Seconds")
        ->check(CLI::Range(0.05, 86400.0))
        ->capture_default_str();
    command
        ->add_option("--port", scenario.ports,
                     "A DPDK device that delivers the traffic; twice, pods side first")
        ->expected(2)
        ->allow_extra_args(false);
    offer_eal(*command, scenario);
    offer_output(*command, offer.output);
    command->callback([options, &offer_measure = offer.measure] {
        offer_measure = [options] { return run(*options); };
    });
}

}  // namespace tierwall::tester
