// SPDX-License-Identifier: Apache-2.0
// What a new connection costs: whose its addresses are, and what policy says.
#include "bench/cluster/random.hpp"
#include "bench/micro/ground.hpp"

#include <array>
#include <vector>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kRules = 10'000;

std::vector<base::Address> addresses_of(const Enforced& cluster) {
    std::vector<base::Address> out;
    for (const auto& [_, pod] : cluster.generated().objects.cluster.pods) {
        out.insert(out.end(), pod.addresses.begin(), pod.addresses.end());
    }
    Random random(2);
    for (std::size_t left = out.size(); left > 1; --left) {
        std::swap(out[left - 1], out[random.below(static_cast<std::uint32_t>(left))]);
    }
    return out;
}

void address_lookup(benchmark::State& state) {
    Enforced* cluster = cluster_of(kRules, state);
    if (cluster == nullptr) return;
    std::vector<base::Address> asked = addresses_of(*cluster);
    asked.resize(asked.size() / kMicroBurst * kMicroBurst);
    const identity::AddressMap& map = cluster->enforcer().addresses();
    const std::uint32_t generation = cluster->enforcer().generation();
    std::array<identity::Entry, kMicroBurst> entries;
    std::size_t next = 0;
    for (auto _ : state) {
        map.lookup(std::span<const base::Address>(asked).subspan(next, kMicroBurst), generation,
                   entries);
        next = (next + kMicroBurst) % asked.size();
        if (!entries[0].is_known()) return state.SkipWithError("an address is not there");
        benchmark::DoNotOptimize(entries);
    }
    count_items(state, kMicroBurst);
}

void cidr_lookup(benchmark::State& state) {
    const auto blocks = static_cast<std::uint32_t>(state.range(0));
    Random random(3);
    const auto somebody = [&random] {
        const std::uint64_t bits = random.next();
        return base::Address::v4(reinterpret_cast<const std::uint8_t*>(&bits));
    };
    std::vector<identity::CidrIdentity> all;
    for (std::uint32_t i = 0; i < blocks; ++i) {
        const std::string text =
            base::text(somebody()) + "/" + std::to_string(random.between(8, 32));
        all.push_back({*base::parse_prefix(text), i + 1});
    }
    const identity::CidrTable table = identity::CidrTable::build(all);
    std::array<base::Address, 1024> asked;
    for (base::Address& each : asked) each = somebody();
    std::size_t next = 0;
    for (auto _ : state) benchmark::DoNotOptimize(table.find(asked[next++ % asked.size()]));
    count_items(state, 1);
}

/// Both directions of connections that are allowed, as a burst of new ones asks.
void policy_decision(benchmark::State& state) {
    const auto rules = static_cast<std::uint32_t>(state.range(0));
    Enforced* cluster = cluster_of(rules, state);
    if (cluster == nullptr) return;
    const agent::Enforcer& enforcer = cluster->enforcer();
    std::vector<tier::Question> egress;
    std::vector<tier::Question> ingress;
    for (const Connection& each : connections_of(rules, *cluster)) {
        const std::uint32_t from = enforcer.entry(each.source).identity;
        const std::uint32_t to = enforcer.entry(each.destination).identity;
        egress.push_back({from, to, each.destination_port, each.protocol});
        ingress.push_back({to, from, each.destination_port, each.protocol});
    }
    const std::size_t bursts = egress.size() / kMicroBurst;
    if (bursts == 0) return state.SkipWithError("too few connections are allowed");
    std::array<base::Decision, kMicroBurst> decisions;
    std::size_t next = 0;
    const auto ask = [&](base::Direction direction, const std::vector<tier::Question>& questions) {
        const auto burst =
            std::span<const tier::Question>(questions).subspan(next * kMicroBurst, kMicroBurst);
        enforcer.ladder().decide(direction, burst, decisions);
        benchmark::DoNotOptimize(decisions);
    };
    for (auto _ : state) {
        ask(base::Direction::Egress, egress);
        ask(base::Direction::Ingress, ingress);
        next = (next + 1) % bursts;
    }
    count_items(state, kMicroBurst);
}

BENCHMARK(address_lookup);
BENCHMARK(cidr_lookup)->ArgName("blocks")->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(policy_decision)->ArgName("rules")->Arg(100)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace tierwall::bench
