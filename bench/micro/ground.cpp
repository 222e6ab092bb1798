// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/ground.hpp"

#include <map>
#include <memory>

namespace tierwall::bench {
namespace {

constexpr std::size_t kConnections = 100'000;
constexpr std::uint64_t kSeed = 11;

}  // namespace

Enforced* cluster_of(std::uint32_t rules, benchmark::State& state) {
    static std::map<std::uint32_t, std::unique_ptr<Enforced>> clusters;
    const auto known = clusters.find(rules);
    if (known != clusters.end()) return known->second.get();
    base::Result<std::unique_ptr<Enforced>> made = Enforced::create(shape_of_rules(rules));
    if (!made.ok()) {
        state.SkipWithError(made.error().text().c_str());
        return nullptr;
    }
    return clusters.emplace(rules, std::move(*made)).first->second.get();
}

const std::vector<Connection>& connections_of(std::uint32_t rules, Enforced& cluster) {
    static std::map<std::uint32_t, std::vector<Connection>> connections;
    std::vector<Connection>& own = connections[rules];
    if (own.empty()) own = cluster.allowed(kConnections, kSeed);
    return own;
}

void count_items(benchmark::State& state, std::size_t a_round) {
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * a_round));
}

}  // namespace tierwall::bench
