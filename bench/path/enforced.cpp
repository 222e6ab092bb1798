// SPDX-License-Identifier: Apache-2.0
#include "bench/path/enforced.hpp"

#include "bench/path/bed.hpp"
#include "bench/path/row_builders.hpp"
#include "control/compile/compiler.hpp"
#include "control/dialect/translate.hpp"

#include <string>
#include <utility>

namespace tierwall::bench {
namespace {

base::Result<proto::ResourceSet> compiled(const kube::Objects& objects) {
    std::vector<kube::Problem> problems;
    const std::vector<policy::Policy> policies = dialect::translate(objects, problems);
    for (const kube::Problem& problem : problems) {
        if (!kube::is_error(problem)) continue;
        return base::Error{problem.error, problem.object + " " + problem.field, problem.message};
    }
    compile::Input input;
    input.cluster = &objects.cluster;
    input.policies = policies;
    compile::Compiler compiler;
    TW_TRY(output, compiler.compile(input));
    return std::move(output.resources);
}

}  // namespace

base::Result<std::unique_ptr<Enforced>> Enforced::create(Generated generated) {
    std::unique_ptr<Enforced> enforced(new Enforced);
    enforced->generated_ = std::move(generated);
    const kube::Objects& objects = enforced->generated_.objects;
    enforced->rules_ = bench::rules(objects);
    TW_TRY(resources, compiled(objects));
    agent::Enforcer::Options options;
    options.workers_max = kBenchWorkersMax;
    TW_TRY(enforcer, agent::Enforcer::create(options));
    enforced->enforcer_ = std::move(enforcer);
    std::vector<base::Error> problems;
    const base::Status applied =
        enforced->enforcer_->apply(resources, 1, problems, build_on_all_cores(resources));
    if (!applied.ok()) return problems.empty() ? applied.error() : problems.front();
    std::unordered_map<std::string, std::uint16_t> ports;
    for (const auto& [name, _] : objects.cluster.nodes) {
        ports.emplace(name, ports.size() % 2 == 0 ? kPodsPort : kUplinkPort);
    }
    for (const auto& [_, pod] : objects.cluster.pods) {
        for (const base::Address& address : pod.addresses) {
            if (address.is_v4()) enforced->ports_[address.low()] = ports[pod.node];
        }
    }
    return enforced;
}

std::uint16_t Enforced::port_of(const base::Address& address) const {
    const auto found = ports_.find(address.low());
    return found == ports_.end() ? kUplinkPort : found->second;
}

std::vector<Connection> Enforced::allowed(std::size_t count, std::uint64_t seed) const {
    Traffic traffic(generated_, seed);
    return traffic.pick(count, [this](const Connection& connection) {
        if (!connection.source.is_v4() || !connection.destination.is_v4()) return false;
        if (connection.protocol != base::kIpTcp && connection.protocol != base::kIpUdp) {
            return false;
        }
        if (port_of(connection.source) == port_of(connection.destination)) return false;
        return enforcer_
            ->ask(connection.source, connection.destination, connection.protocol,
                  connection.destination_port)
            .allowed;
    });
}

}  // namespace tierwall::bench
