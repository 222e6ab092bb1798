// SPDX-License-Identifier: Apache-2.0
// flow::Table: finding flows of a table that is larger than the caches, and making and ending them.
#include "bench/cluster/random.hpp"
#include "bench/micro/ground.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/flow/table.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kNow_s = 100;

parse::Tuple tuple_of(std::uint32_t number, bool v6) {
    const std::array<std::uint8_t, 4> source{10, static_cast<std::uint8_t>(number >> 16),
                                             static_cast<std::uint8_t>(number >> 8),
                                             static_cast<std::uint8_t>(number)};
    base::Address from = base::Address::v4(source.data());
    base::Address to = *base::parse_address("172.16.0.1");
    if (v6) {
        from.bytes[0] = to.bytes[0] = 0xfd;
        from.bytes[10] = from.bytes[11] = to.bytes[10] = to.bytes[11] = 0;
    }
    const auto port = static_cast<std::uint16_t>(1024 + number % 60'000);
    return {from, to, port, 80, base::kIpTcp};
}

/// The last one is kept: a function is called several times until its time is known.
flow::Table* table_with(std::uint32_t flows, bool v6, benchmark::State& state) {
    static std::unique_ptr<flow::Table> kept;
    static std::pair<std::uint32_t, bool> of;
    if (kept != nullptr && of == std::pair(flows, v6)) return kept.get();
    kept.reset();
    auto table = flow::Table::create(flows + flows / 2, {});
    if (!table.ok()) {
        state.SkipWithError(table.error().text().c_str());
        return nullptr;
    }
    for (std::uint32_t i = 0; i < flows; ++i) {
        const parse::Tuple tuple = tuple_of(i, v6);
        (*table)->insert(tuple, (*table)->find(tuple).hash, kNow_s);
    }
    kept = std::move(*table);
    of = {flows, v6};
    return kept.get();
}

void flow_find(benchmark::State& state) {
    const auto flows = static_cast<std::uint32_t>(state.range(0));
    const bool v6 = state.range(1) == 6;
    flow::Table* table = table_with(flows, v6, state);
    if (table == nullptr) return;
    Random random(1);
    std::vector<parse::Tuple> asked;
    // As many as there are, up to what makes every line of the table a stranger to the caches.
    const std::size_t count = std::min<std::size_t>(flows, 1u << 20) / kMicroBurst * kMicroBurst;
    for (std::size_t i = 0; i < count; ++i) {
        const parse::Tuple tuple = tuple_of(random.below(flows), v6);
        asked.push_back(random.chance(50) ? tuple : tuple.reversed());
    }
    std::array<flow::Lookup, kMicroBurst> found;
    std::size_t next = 0;
    for (auto _ : state) {
        table->find(std::span<const parse::Tuple>(asked).subspan(next, kMicroBurst), found);
        next = (next + kMicroBurst) % asked.size();
        if (found[0].index == flow::kNoFlow) return state.SkipWithError("a flow is not there");
        benchmark::DoNotOptimize(found);
    }
    count_items(state, kMicroBurst);
}

/// A connection comes, and goes again: the table stays as full as it is.
void flow_insert_and_erase(benchmark::State& state) {
    const auto flows = static_cast<std::uint32_t>(state.range(0));
    flow::Table* table = table_with(flows, false, state);
    if (table == nullptr) return;
    std::uint32_t number = flows;
    for (auto _ : state) {
        const parse::Tuple tuple = tuple_of(flows + number++ % 4'000'000, false);
        const std::uint32_t index = table->insert(tuple, table->find(tuple).hash, kNow_s);
        if (index == flow::kNoFlow) return state.SkipWithError("the table is full");
        table->erase(index);
    }
    count_items(state, 1);
}

void flow_expire(benchmark::State& state) {
    flow::Table* table = table_with(1u << 20, false, state);
    if (table == nullptr) return;
    constexpr std::uint32_t kLooked = 64;
    for (auto _ : state) benchmark::DoNotOptimize(table->expire(kNow_s, kLooked, 1));
    count_items(state, kLooked);
}

BENCHMARK(flow_find)
    ->ArgNames({"flows", "family"})
    ->ArgsProduct({{1 << 12, 1 << 16, 1 << 20, 10'000'000}, {4, 6}});
BENCHMARK(flow_insert_and_erase)->ArgName("flows")->Arg(1 << 16)->Arg(1 << 20);
BENCHMARK(flow_expire);

}  // namespace
}  // namespace tierwall::bench
