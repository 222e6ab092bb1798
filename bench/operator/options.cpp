// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/options.hpp"

#include "bench/operator/frame.hpp"
#include "bench/path/core.hpp"
#include "dataplane/base/version.hpp"
#include "dataplane/io/eal.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tierwall::tester {
namespace {

constexpr std::uint32_t kFlowsMaxLeast = 1u << 18;

/// As DPDK writes them: 0000:3b:00.0 or 3b:00.0.
bool is_pci(const std::string& device) {
    const std::string name = device.substr(0, device.find(','));
    return name.find(':') != std::string::npos && name.find('.') != std::string::npos &&
           name.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
}

/// What tables and packet buffers of a usual run take.
constexpr std::uint64_t kMemory_mb = 400;

std::uint64_t free_hugepages_mb() {
    std::uint64_t megabytes = 0;
    std::error_code ignored;
    for (const auto& size :
         std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", ignored)) {
        // hugepages-2048kB
        const std::string name = size.path().filename();
        const std::uint64_t kilobytes =
            std::strtoull(name.c_str() + name.find('-') + 1, nullptr, 10);
        std::uint64_t pages = 0;
        std::ifstream(size.path() / "free_hugepages") >> pages;
        megabytes += pages * kilobytes / 1024;
    }
    return megabytes;
}

/// Hugepages where enough are free, unless DPDK is told which memory to take.
std::vector<std::string> memory_arguments(const std::vector<std::string>& given) {
    for (const std::string& each : given) {
        for (const char* option : {"--in-memory", "--no-huge", "--huge", "--socket-mem", "-m"}) {
            if (each.starts_with(option)) return {};
        }
    }
    if (free_hugepages_mb() >= kMemory_mb) return {"--in-memory", "--iova-mode=va"};
    return {"--no-huge", "--no-shconf", "-m", "4096"};
}

}  // namespace

std::uint32_t Scenario::flow_places() const {
    if (flows_max != 0) return flows_max;
    return std::max(kFlowsMaxLeast, static_cast<std::uint32_t>(flows + flows / 2));
}

void offer_policies(CLI::App& command, PolicyOptions& options) {
    CLI::Option* rules =
        command.add_option("--rules", options.rules, "Rules of the generated cluster's policies");
    rules->check(CLI::Range(20, 1'000'000))->capture_default_str();
    command.add_option("--seed", options.seed, "Seed of the generated cluster")
        ->capture_default_str();
    CLI::Option* manifests =
        command.add_option("--policies", options.manifests,
                           "Manifests instead of a generated cluster, separated by commas");
    manifests->delimiter(',')->excludes(rules);
    command.add_option("--snapshot", options.snapshot, "state_dir of a tierwalld instead")
        ->excludes(rules)
        ->excludes(manifests);
}

void offer_traffic(CLI::App& command, Scenario& scenario) {
    CLI::Option* flows = command.add_option("--flows", scenario.flows, "Open connections");
    flows->check(CLI::Range(1, 100'000'000))->capture_default_str();
    CLI::Option* fresh = command.add_option("--new-connections-share", scenario.new_percent,
                                            "Percent of the packets that open a connection");
    fresh->check(CLI::Range(0.0, 100.0))->capture_default_str();
    command.add_option("--pcap", scenario.pcap, "Frames of a pcap or pcapng file instead")
        ->excludes(flows)
        ->excludes(fresh);
}

void offer_eal(CLI::App& command, Scenario& scenario) {
    command.add_option("--eal", scenario.eal, "One more argument for DPDK, may be repeated")
        ->allow_extra_args(false);
}

void offer_exam(CLI::App& command, ExamOptions& options) {
    command.add_option("--size", options.sizes, "Frame sizes on the wire, separated by commas")
        ->delimiter(',')
        ->check(CLI::Range(unsigned{kSizeMin}, unsigned{kSizeMax}))
        ->capture_default_str();
    command.add_option("--trial-s", options.trial_s, "Seconds of a trial (RFC 2544: 60)")
        ->check(CLI::Range(0.05, 3600.0))
        ->capture_default_str();
    command
        .add_option("--resolution", options.resolution_percent,
                    "Percent to which the rate is found")
        ->check(CLI::Range(0.1, 50.0))
        ->capture_default_str();
    command
        .add_option("--attempts", options.attempts, "Trials of a rate before it counts as lossy")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    CLI::Option* most = command.add_option("--max-rate", options.rate_max_pps,
                                           "Packets a second that are offered at most");
    most->check(CLI::PositiveNumber);
    command
        .add_option("--rate", options.rate_pps,
                    "Packets a second; nothing is searched, this rate is measured")
        ->check(CLI::PositiveNumber)
        ->excludes(most);
    command
        .add_option("--warmup-rate", options.warmup_pps,
                    "Packets a second while connections are opened")
        ->check(CLI::Range(1'000.0, 1e8))
        ->capture_default_str();
    command.add_option("--settle-s", options.settle_s, "Seconds that last packets are waited for")
        ->check(CLI::Range(0.01, 60.0))
        ->capture_default_str();
}

void offer_output(CLI::App& command, std::string& output) {
    command.add_option("--output", output, "table, for people, or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    command.set_version_flag("--version", std::string("tierwall-bench ") + base::kVersion);
}

base::Status start_dpdk(const Scenario& scenario) {
    bench::cores();  // before anything binds this thread
    std::vector<std::string> arguments = memory_arguments(scenario.eal);
    arguments.push_back("--no-telemetry");
    if (std::none_of(scenario.ports.begin(), scenario.ports.end(), is_pci)) {
        arguments.push_back("--no-pci");
    }
    arguments.push_back("--file-prefix=tierwall-bench-" + std::to_string(getpid()));
    arguments.insert(arguments.end(), scenario.eal.begin(), scenario.eal.end());
    return io::start_eal(arguments);
}

void say(const std::string& words) { std::fprintf(stderr, "%s\n", words.c_str()); }

}  // namespace tierwall::tester
