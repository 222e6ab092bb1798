// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/dataplane.hpp"

#include "dataplane/io/host_interface.hpp"
#include "dataplane/worker/fabric.hpp"
#include "dataplane/worker/loop.hpp"
#include "dataplane/worker/pipeline_config.hpp"
#include "dataplane/worker/port_warnings.hpp"
#include "dataplane/worker/workers.hpp"

#include <utility>

namespace tierwall::worker {

struct Dataplane::State {
    std::unique_ptr<Fabric> fabric;
    std::shared_ptr<Bindings> bindings;
    std::vector<std::unique_ptr<Pipeline>> pipelines;
    std::unique_ptr<Workers> workers;
};

Dataplane::Dataplane(std::unique_ptr<State> state) : state_(std::move(state)) {}

// Members go in reverse: threads first, ports and their memory last.
Dataplane::~Dataplane() = default;

base::Result<std::unique_ptr<Dataplane>> Dataplane::create(const DataplaneConfig& config,
                                                           const Published<Snapshot>& snapshots,
                                                           Readers& readers,
                                                           identity::AddressMap& addresses) {
    TW_TRY(fabric, Fabric::create(config));
    auto state = std::make_unique<State>();
    state->fabric = std::move(fabric);
    const Pipeline::Config wanted = pipeline_config(*state->fabric);
    state->bindings = wanted.bindings;
    const Loop::World world{*state->fabric, snapshots, readers, addresses};
    std::vector<std::unique_ptr<Loop>> loops;
    for (std::uint32_t worker = 0; worker < config.workers; ++worker) {
        TW_TRY(pipeline, Pipeline::create(wanted, addresses));
        state->pipelines.push_back(std::move(pipeline));
        loops.push_back(std::make_unique<Loop>(world, worker, *state->pipelines.back()));
    }
    state->workers = std::make_unique<Workers>(std::move(loops));
    return std::unique_ptr<Dataplane>(new Dataplane(std::move(state)));
}

void Dataplane::start() { state_->workers->start(); }
void Dataplane::stop() { state_->workers->stop(); }
bool Dataplane::running() const noexcept { return state_->workers->running(); }

std::uint32_t Dataplane::workers() const noexcept { return state_->fabric->workers(); }

const base::Counters& Dataplane::counters(std::uint32_t worker) const noexcept {
    return pipeline(worker).counters();
}

const Pipeline& Dataplane::pipeline(std::uint32_t worker) const noexcept {
    return *state_->pipelines[worker];
}

std::size_t Dataplane::take_events(std::uint32_t worker,
                                   std::span<verdict::Event> events) noexcept {
    return state_->pipelines[worker]->events().pop(events);
}

int Dataplane::core(std::uint32_t worker) const noexcept { return state_->workers->core(worker); }

std::vector<PortView> Dataplane::ports() const {
    std::vector<PortView> views;
    for (std::uint16_t number = 0; number < state_->fabric->ports(); ++number) {
        const PortConfig& config = state_->fabric->config().ports[number];
        const io::Port& port = state_->fabric->port(number);
        views.push_back({.name = config.name,
                         .device = config.device,
                         .pod = config.pod,
                         .side = config.side,
                         .number = number,
                         .mac = port.mac(),
                         .link_up = port.link_up(),
                         .mtu = port.mtu(),
                         .stats = port.stats()});
    }
    return views;
}

std::vector<std::string> Dataplane::warnings() const {
    const std::vector<PortConfig>& ports = state_->fabric->config().ports;
    std::vector<std::string> warnings =
        port_warnings(ports, state_->fabric->macs(), *state_->bindings);
    for (const PortConfig& port : ports) {
        const auto interface = io::host_interface(port.device);
        if (!interface) continue;
        const std::string warning = io::host_interface_warning(*interface);
        if (!warning.empty()) warnings.push_back("port " + port.name + ": " + warning);
    }
    return warnings;
}

std::uint64_t Dataplane::now_ms() const noexcept { return state_->fabric->clock().now_us() / 1000; }

}  // namespace tierwall::worker
