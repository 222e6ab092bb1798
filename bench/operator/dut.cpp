// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/dut.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

namespace tierwall::tester {
namespace {

using base::Reason;

constexpr std::array kLosses{Reason::FlowTableFull, Reason::NoPort, Reason::PortFull,
                             Reason::WorkerFull, Reason::NoMemory};

std::size_t index(Reason reason) { return static_cast<std::size_t>(reason); }

/// Of the workers' threads, which are known by their names.
struct Times {
    double ran_s = 0;
    double waited_s = 0;
};

Times workers_times() {
    Times times;
    std::error_code ignored;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        if (!name.starts_with("worker-")) continue;
        double ran_ns = 0;
        double waited_ns = 0;
        std::ifstream(task.path() / "schedstat") >> ran_ns >> waited_ns;
        times.ran_s += ran_ns * 1e-9;
        times.waited_s += waited_ns * 1e-9;
    }
    return times;
}

}  // namespace

std::uint64_t Tally::dropped() const {
    std::uint64_t sum = 0;
    for (std::size_t i = index(Reason::PolicyDeny); i < base::kReasonCount; ++i) sum += reasons[i];
    return sum;
}

std::uint64_t Tally::lost() const {
    std::uint64_t sum = missed;
    for (const Reason reason : kLosses) sum += reasons[index(reason)];
    return sum;
}

Tally operator-(const Tally& a, const Tally& b) {
    Tally out;
    for (std::size_t i = 0; i < base::kReasonCount; ++i)
        out.reasons[i] = a.reasons[i] - b.reasons[i];
    out.received = a.received - b.received;
    out.received_bytes = a.received_bytes - b.received_bytes;
    out.sent = a.sent - b.sent;
    out.sent_bytes = a.sent_bytes - b.sent_bytes;
    out.created = a.created - b.created;
    out.missed = a.missed - b.missed;
    out.hops = a.hops - b.hops;
    out.cpu_s = a.cpu_s - b.cpu_s;
    out.waited_s = a.waited_s - b.waited_s;
    out.wall_s = a.wall_s - b.wall_s;
    return out;
}

base::Result<std::unique_ptr<Dut>> Dut::create(const Policies& policies,
                                               const DutOptions& options) {
    worker::DataplaneConfig config;
    config.workers = options.workers;
    config.flows_max = options.flows_max;
    // As after the first minute, when connections from before the start are no longer looked for.
    config.pickup_s = 0;
    config.ports.push_back(
        {.name = "pods", .device = options.devices[kPods], .side = worker::Side::Pods, .pod = {}});
    config.ports.push_back({.name = "uplink",
                            .device = options.devices[kUplink],
                            .side = worker::Side::Uplink,
                            .pod = {}});
    agent::Enforcer& enforcer = policies.enforcer();
    TW_TRY(dataplane, worker::Dataplane::create(config, enforcer.published(), enforcer.readers(),
                                                enforcer.addresses()));
    return std::unique_ptr<Dut>(new Dut(std::move(dataplane)));
}

Tally Dut::tally() const {
    Tally out;
    for (std::uint32_t worker = 0; worker < dataplane_->workers(); ++worker) {
        const base::Counters& counters = dataplane_->counters(worker);
        for (std::size_t i = 0; i < base::kReasonCount; ++i) {
            out.reasons[i] += counters.packets_by_reason[i].read();
        }
        out.received += counters.rx_packets.read();
        out.received_bytes += counters.rx_bytes.read();
        out.sent += counters.tx_packets.read();
        out.sent_bytes += counters.tx_bytes.read();
        out.created += counters.flows_created.read();
        out.hops += counters.ring_hops.read();
    }
    for (const worker::PortView& port : dataplane_->ports()) {
        out.missed += port.stats.rx_missed + port.stats.rx_no_memory;
    }
    const Times times = workers_times();
    out.cpu_s = times.ran_s;
    out.waited_s = times.waited_s;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    out.wall_s = std::chrono::duration<double>(now).count();
    return out;
}

double Dut::waited_s() { return workers_times().waited_s; }

std::string Dut::words(const Tally& tally) {
    std::string out;
    for (std::size_t i = index(Reason::PolicyDeny); i < base::kReasonCount; ++i) {
        if (tally.reasons[i] == 0) continue;
        if (!out.empty()) out += ", ";
        out += std::string(base::name(static_cast<Reason>(i))) + ": " +
               std::to_string(tally.reasons[i]);
    }
    return out.empty() ? "nothing was dropped" : out;
}

}  // namespace tierwall::tester
