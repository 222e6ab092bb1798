// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/policies.hpp"

#include "bench/path/bed.hpp"
#include "control/agent/store.hpp"
#include "control/compile/compiler.hpp"
#include "control/ctl/judge.hpp"
#include "control/ctl/objects.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tierwall::tester {
namespace {

using bench::Connection;

/// What is tried of each connection that is wanted before there are taken to be no more.
constexpr std::size_t kTriesEach = 50;
constexpr std::uint64_t kTrafficSeed = 7;

base::Result<proto::ResourceSet> compiled(const std::vector<std::string>& manifests) {
    TW_TRY(objects, ctl::read_objects(manifests));
    compile::Input input;
    input.cluster = &objects.cluster;
    input.policies = objects.policies;
    compile::Compiler compiler;
    TW_TRY(output, compiler.compile(input));
    return std::move(output.resources);
}

base::Result<proto::ResourceSet> stored(const std::string& folder) {
    TW_TRY(store, agent::Store::open(folder));
    TW_TRY(found, store.load());
    return std::move(found.resources);
}

}  // namespace

base::Result<std::unique_ptr<Policies>> Policies::create(const PolicyOptions& options) {
    std::unique_ptr<Policies> policies(new Policies);
    policies->seed_ = options.seed;
    if (options.manifests.empty() && options.snapshot.empty()) {
        policies->origin_ = "generated";
        TW_TRY(made, bench::Enforced::create(bench::shape_of_rules(options.rules, options.seed)));
        policies->generated_ = std::move(made);
        policies->rules_ = policies->generated_->rules();
        return policies;
    }
    policies->origin_ = options.snapshot.empty() ? "manifests" : "snapshot";
    TW_TRY(resources,
           options.snapshot.empty() ? compiled(options.manifests) : stored(options.snapshot));
    TW_TRY(enforced, policies->enforce(resources));
    TW_TRY(learned, policies->learn_ends());
    return policies;
}

base::Status Policies::enforce(const proto::ResourceSet& resources) {
    agent::Enforcer::Options options;
    options.workers_max = bench::kBenchWorkersMax;
    TW_TRY(enforcer, agent::Enforcer::create(options));
    enforcer_ = std::move(enforcer);
    std::vector<base::Error> problems;
    const base::Status applied = enforcer_->apply(resources, 1, problems);
    if (!applied.ok()) return problems.empty() ? applied.error() : problems.front();
    resources.for_each(v1::RESOURCE_TYPE_RULE,
                       [&](const proto::Key&, const std::string&) { ++rules_; });
    return base::Done{};
}

base::Status Policies::learn_ends() {
    TW_TRY(model, ctl::model_of(enforcer_->resources()));
    for (const auto& [address, facts] : model.addresses) {
        if (facts.is_pod && address.is_v4()) ends_.push_back(address);
    }
    std::sort(ends_.begin(), ends_.end());
    for (std::size_t i = 0; i < ends_.size(); ++i) {
        sides_.emplace(ends_[i].low(), i % 2 == 0 ? kPods : kUplink);
    }
    std::set<std::pair<std::uint8_t, std::uint16_t>> ports{{base::kIpTcp, std::uint16_t{80}},
                                                           {base::kIpTcp, std::uint16_t{443}},
                                                           {base::kIpUdp, std::uint16_t{53}}};
    for (const auto& [key, table] : model.tables) {
        for (const tier::Row& row : table->rows) {
            const bool is_known = row.protocol == base::kIpTcp || row.protocol == base::kIpUdp;
            if (row.any_protocol || !is_known || row.port_first == 0) continue;
            ports.emplace(row.protocol, row.port_first);
        }
    }
    for (const auto& [protocol, number] : ports) ports_.push_back({protocol, number});
    return base::Done{};
}

agent::Enforcer& Policies::enforcer() const noexcept {
    return generated_ ? generated_->enforcer() : *enforcer_;
}

std::vector<Connection> Policies::allowed(std::size_t count) const {
    if (generated_) return generated_->allowed(count, kTrafficSeed + seed_);
    std::vector<Connection> out;
    if (ends_.size() < 2) return out;
    bench::Random random(kTrafficSeed + seed_);
    std::set<Connection> seen;
    for (std::size_t tries = kTriesEach * count; tries > 0 && out.size() < count; --tries) {
        const Port& port = random.pick(ports_);
        const Connection proposal{random.pick(ends_), random.pick(ends_), port.protocol,
                                  port.number, 0};
        if (side_of(proposal.source) == side_of(proposal.destination)) continue;
        if (!seen.insert(proposal).second) continue;
        const auto answer = enforcer_->ask(proposal.source, proposal.destination, proposal.protocol,
                                           proposal.destination_port);
        if (answer.allowed) out.push_back(proposal);
    }
    return out;
}

std::uint8_t Policies::side_of(const base::Address& address) const {
    if (generated_) return generated_->port_of(address) == bench::kPodsPort ? kPods : kUplink;
    const auto found = sides_.find(address.low());
    return found == sides_.end() ? std::uint8_t{kUplink} : found->second;
}

std::uint8_t Policies::side_of_sender(const base::Address& address) const {
    return enforcer().owner(address) ? kPods : kUplink;
}

}  // namespace tierwall::tester
