// SPDX-License-Identifier: Apache-2.0
// tierwall-bench prepare: what a tierwalld needs in order to be driven: a snapshot, and a capture.
#include "bench/operator/capture.hpp"
#include "bench/operator/flows.hpp"
#include "bench/operator/options.hpp"
#include "bench/operator/report.hpp"
#include "control/agent/store.hpp"

#include <array>
#include <memory>

namespace tierwall::tester {
namespace {

struct PrepareOptions {
    Scenario scenario;
    std::uint16_t size = kSizeMin;
    std::string state_dir;
    std::string pcap;
    bool both_ways = false;
};

/// One packet of each connection, as if it had been opened before: what its originator sends. With
/// both ways another one, what the other end answers.
base::Status write_packets(const PrepareOptions& options, const Policies& policies) {
    const std::size_t ways = options.both_ways ? 2 : 1;
    TW_TRY(flows, Flows::plan(policies, {.count = options.scenario.flows,
                                         .from = std::uint8_t{kPods},
                                         .between_pods = options.both_ways}));
    const auto give = [&](std::size_t number, std::vector<std::uint8_t>& bytes) {
        std::array<std::uint8_t, kHeadBytes> head;
        const Stage stage = number % ways == 0 ? Stage::OpenForth : Stage::OpenBack;
        const Draft draft = flows.frame(number / ways, stage, options.size, head).draft;
        bytes.assign(draft.head.begin(), draft.head.end());
        bytes.resize(draft.length);
    };
    return write_capture(options.pcap, ways * flows.size(), give);
}

base::Result<Report> prepare(const PrepareOptions& options) {
    TW_TRY(started, start_dpdk(options.scenario));
    TW_TRY(policies, Policies::create(options.scenario.policies));
    Report report;
    report.json = beginning("prepare");
    report.json["conditions"] = conditions(options.scenario, *policies);
    if (!options.state_dir.empty()) {
        TW_TRY(store, agent::Store::open(options.state_dir));
        TW_TRY(saved, store.save(policies->enforcer().resources(), 1));
        report.json["snapshot"] = store.path();
        report.text += line("%s: a snapshot of %zu rules", store.path().c_str(), policies->rules());
    }
    if (!options.pcap.empty()) {
        TW_TRY(written, write_packets(options, *policies));
        report.json["pcap"] = options.pcap;
        report.text += line("%s: %zu connections from the pods side", options.pcap.c_str(),
                            options.scenario.flows);
    }
    return report;
}

}  // namespace

void offer_prepare(const Offer& offer) {
    CLI::App* command = offer.app.add_subcommand(
        "prepare", "Writes a snapshot for a tierwalld, and a capture of traffic that it allows");
    auto options = std::make_shared<PrepareOptions>();
    offer_policies(*command, options->scenario.policies);
    command->add_option("--flows", options->scenario.flows, "Connections in the capture")
        ->check(CLI::Range(1, 16'000'000))
        ->capture_default_str();
    command->add_option("--size", options->size, "Frame size on the wire")
        ->check(CLI::Range(unsigned{kSizeMin}, unsigned{kSizeMax}))
        ->capture_default_str();
    command->add_option("--state-dir", options->state_dir,
                        "Where to write snapshot.bin: the state_dir of a tierwalld");
    command->add_option("--write-pcap", options->pcap, "The capture to write");
    command->add_flag("--both-ways", options->both_ways,
                      "Answers too, so that the other pods are behind the same port");
    offer_eal(*command, options->scenario);
    offer_output(*command, offer.output);
    command->callback([options, &offer_measure = offer.measure] {
        offer_measure = [options] { return prepare(*options); };
    });
}

}  // namespace tierwall::tester
