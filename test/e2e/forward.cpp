// SPDX-License-Identifier: Apache-2.0

/// \file
/// forward: the real dataplane over any devices, with nothing to enforce and boot: open.
///
/// For tests of devices and of the worker loop that need no policy: everything that is well formed
/// passes. It prints "ready", answers each line of its input with one JSON object of figures, and
/// ends with its input.
///
///     forward wire|switch WORKERS EAL_ARGUMENT... -- DEVICE...

#include "dataplane/io/eal.hpp"
#include "dataplane/worker/dataplane.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace tierwall;

template <typename T>
T must(base::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    return std::move(*result);
}

void count(const char* name, std::uint64_t value) {
    if (value != 0) std::printf("\"%s\": %llu, ", name, static_cast<unsigned long long>(value));
}

void print_figures(const worker::Dataplane& plane) {
    std::printf("{");
    for (std::uint32_t worker = 0; worker < plane.workers(); ++worker) {
        const base::Counters& counters = plane.counters(worker);
        std::printf("\"worker%u\": {", worker);
        for (std::size_t i = 0; i < base::kReasonCount; ++i) {
            const auto reason = static_cast<base::Reason>(i);
            count(base::name(reason), counters.of(reason).read());
        }
        count("rx_packets", counters.rx_packets.read());
        count("tx_packets", counters.tx_packets.read());
        count("rx_bytes", counters.rx_bytes.read());
        count("tx_bytes", counters.tx_bytes.read());
        count("flood_copies", counters.flood_copies.read());
        count("ring_hops", counters.ring_hops.read());
        std::printf("\"sleeps\": %llu, \"core\": %d}, ",
                    static_cast<unsigned long long>(counters.sleeps.read()), plane.core(worker));
    }
    std::printf("\"warnings\": %zu, \"mtu\": %u}\n", plane.warnings().size(),
                plane.ports().front().mtu);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    worker::DataplaneConfig config;
    config.flows_max = 1u << 14;
    config.boot_open = true;
    config.pass_non_ip = true;
    std::vector<std::string> eal;
    bool is_device = false;
    if (argc < 4) return 2;
    config.mode = std::string(argv[1]) == "wire" ? worker::DataplaneConfig::Mode::Wire
                                                 : worker::DataplaneConfig::Mode::Switch;
    config.workers = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
    for (int i = 3; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--") {
            is_device = true;
        } else if (is_device) {
            config.ports.push_back({.name = "p" + std::to_string(config.ports.size()),
                                    .device = argument,
                                    .side = worker::Side::Uplink,
                                    .pod = ""});
        } else {
            eal.push_back(argument);
        }
    }
    must(io::start_eal(eal));
    {
        const auto readers = must(worker::Readers::create(config.workers));
        const auto addresses = must(identity::AddressMap::create({.addresses_max = 1024}));
        worker::Published<worker::Snapshot> snapshots(*readers);
        const auto plane = must(worker::Dataplane::create(config, snapshots, *readers, *addresses));
        plane->start();
        std::printf("ready\n");
        std::fflush(stdout);
        for (std::string line; std::getline(std::cin, line);) print_figures(*plane);
        plane->stop();
    }
    io::stop_eal();
    return 0;
}
