// SPDX-License-Identifier: Apache-2.0
// Pipeline::judge(): bursts of packets of open connections, from bytes to verdicts, without ports.
#include "dataplane/worker/pipeline.hpp"
#include "bench/micro/ground.hpp"
#include "bench/path/bed.hpp"
#include "bench/path/frames.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kFewRules = 100;
constexpr std::uint64_t kNow_ms = 100'000;

/// A pipeline and one frame of either end of each of its open connections.
struct Open {
    std::unique_ptr<worker::Pipeline> pipeline;
    std::vector<FrameBytes> bytes;
    std::vector<worker::Frame> frames;
};

struct Answers {
    std::array<parse::Headers, kMicroBurst> headers;
    std::array<worker::Outcome, kMicroBurst> outcomes;
};

void judge(Open& open, Enforced& cluster, std::size_t first, Answers& answers) {
    open.pipeline->judge(std::span(open.frames).subspan(first, kMicroBurst),
                         {cluster.enforcer().published().load(), kNow_ms}, answers.headers,
                         answers.outcomes);
}

void add(Open& open, const Enforced& cluster, const Connection& each, std::uint16_t source_port) {
    const parse::Tuple tuple{each.source, each.destination, source_port, each.destination_port,
                             each.protocol};
    for (const parse::Tuple& way : {tuple, tuple.reversed()}) {
        FrameBytes& bytes = open.bytes[open.frames.size()];
        write_frame(way, parse::tcp_flag::kAck, bytes);
        open.frames.push_back(
            {bytes.bytes.data(), kSmallest, kSmallest, cluster.port_of(way.source)});
    }
}

/// SYN, the answer, and what follows: three times round, with other flags.
void open_all(Open& open, Enforced& cluster) {
    using namespace parse::tcp_flag;
    Answers answers;
    for (const auto& [source, destination] :
         {std::pair{kSyn, std::uint8_t{kSyn | kAck}}, std::pair{kAck, kAck}}) {
        for (std::size_t i = 0; i < open.frames.size(); ++i) {
            set_tcp_flags(open.bytes[i], i % 2 == 0 ? source : destination);
        }
        for (std::size_t i = 0; i < open.frames.size(); i += kMicroBurst) {
            judge(open, cluster, i, answers);
        }
    }
}

Open* open_flows(std::size_t flows, Enforced& cluster, benchmark::State& state) {
    static Open kept;
    if (kept.frames.size() == 2 * flows) return &kept;
    kept = {};
    worker::Pipeline::Config config;
    config.ports = {{.side = worker::Side::Uplink, .wire = true},
                    {.side = worker::Side::Pods, .wire = true}};
    config.flows_max = static_cast<std::uint32_t>(flows + flows / 2);
    config.pickup_s = 0;
    auto pipeline = worker::Pipeline::create(config, cluster.enforcer().addresses());
    if (!pipeline.ok()) {
        state.SkipWithError(pipeline.error().text().c_str());
        return nullptr;
    }
    kept.pipeline = std::move(*pipeline);
    kept.bytes.resize(2 * flows);
    const std::vector<Connection>& connections = connections_of(kFewRules, cluster);
    for (std::size_t i = 0; i < flows; ++i) {
        add(kept, cluster, connections[i % connections.size()],
            static_cast<std::uint16_t>(20'000 + i / connections.size()));
    }
    open_all(kept, cluster);
    return &kept;
}

void judge_established(benchmark::State& state) {
    Enforced* cluster = cluster_of(kFewRules, state);
    if (cluster == nullptr) return;
    Open* open = open_flows(static_cast<std::size_t>(state.range(0)), *cluster, state);
    if (open == nullptr) return;
    Answers answers;
    std::size_t next = 0;
    for (auto _ : state) {
        judge(*open, *cluster, next, answers);
        next = next + kMicroBurst == open->frames.size() ? 0 : next + kMicroBurst;
        if (!answers.outcomes[0].is_established()) return state.SkipWithError("a flow is not open");
        benchmark::DoNotOptimize(answers.outcomes);
    }
    count_items(state, kMicroBurst);
}

BENCHMARK(judge_established)->ArgName("flows")->Arg(1 << 9)->Arg(1 << 16);

}  // namespace
}  // namespace tierwall::bench
