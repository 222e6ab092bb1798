// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/report.hpp"

#include "bench/path/core.hpp"
#include "dataplane/base/version.hpp"

#include <rte_version.h>

#include <sys/utsname.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace tierwall::tester {
namespace {

/// Four digits that count: more would only be noise.
double rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.4g", value);
    return std::strtod(text, nullptr);
}

std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string text; std::getline(file, text);) {
        if (!text.starts_with("model name")) continue;
        const std::size_t colon = text.find(": ");
        return colon == std::string::npos ? "unknown" : text.substr(colon + 2);
    }
    return "unknown";
}

}  // namespace

Json beginning(const std::string& command) {
    utsname host{};
    ::uname(&host);
    return {{"tool", "tierwall-bench"},
            {"command", command},
            {"version", base::kVersion},
            {"machine",
             {{"cpu", processor()},
              {"cores", bench::cores()},
              {"kernel", host.release},
              {"dpdk", rte_version()}}}};
}

Json conditions(const Scenario& scenario, const Policies& policies) {
    const tier::Ladder& ladder = policies.enforcer().ladder();
    Json json{{"policies", policies.origin()},
              {"rules", policies.rules()},
              {"rows", ladder.rows()},
              {"tables", ladder.tables()}};
    if (policies.origin() == "generated") json["seed"] = scenario.policies.seed;
    if (scenario.pcap.empty()) {
        json["flows"] = scenario.flows;
        json["new_connections_percent"] = scenario.new_percent;
    } else {
        json["pcap"] = scenario.pcap;
    }
    json["ports"] = scenario.ports.empty() ? Json("memory") : Json(scenario.ports);
    return json;
}

Json speed(double pps, double size) {
    return {{"mpps", rounded(pps / 1e6)},
            {"gbit_s", rounded(pps * size * 8 / 1e9)},
            {"line_gbit_s", rounded(pps * (size + kWireOverhead) * 8 / 1e9)}};
}

Json json_of(const Trial& trial) {
    return {{"wanted_mpps", trial.wanted_pps == 0 ? Json() : Json(rounded(trial.wanted_pps / 1e6))},
            {"offered_mpps", rounded(trial.offered_pps / 1e6)},
            {"received_mpps", rounded(trial.received_pps() / 1e6)},
            {"seconds", rounded(trial.seconds)},
            {"offered", trial.offered},
            {"received", trial.received},
            {"lost", trial.lost()},
            {"not_offered", trial.not_offered},
            {"tester_waited_ms", rounded(trial.tester_waited_s * 1e3)},
            {"firewall_waited_ms", rounded(trial.firewall_waited_s * 1e3)}};
}

Json json_of(const Latency& latency) {
    const auto us = [](std::uint64_t ns) { return rounded(static_cast<double>(ns) / 1000); };
    return {{"p50", us(latency.at_share(0.50))}, {"p90", us(latency.at_share(0.90))},
            {"p99", us(latency.at_share(0.99))}, {"p99_9", us(latency.at_share(0.999))},
            {"max", us(latency.max())},          {"packets", latency.count()}};
}

Json reasons_of(const Tally& tally) {
    Json json = Json::object();
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        if (tally.reasons[i] == 0) continue;
        json[base::name(static_cast<base::Reason>(i))] = tally.reasons[i];
    }
    return json;
}

std::string line(const char* format, ...) {
    char text[512];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    return std::string(text) + "\n";
}

}  // namespace tierwall::tester
