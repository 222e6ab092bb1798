// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/flows.hpp"

#include "bench/cluster/random.hpp"
#include "dataplane/io/spread.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace tierwall::tester {
namespace {

using namespace parse::tcp_flag;

/// Above the ports of services, and of the openings of a Load.
constexpr std::size_t kFirstSourcePort = 20'000;
constexpr std::size_t kSourcePorts = 40'000;
/// Different pairs of ends at most; with more flows each pair has several.
constexpr std::size_t kPairsMax = std::size_t{1} << 18;
constexpr std::size_t kOpeningsMax = std::size_t{1} << 16;

std::uint8_t flags_of(Stage stage) {
    if (stage == Stage::Opening) return kSyn;
    return stage == Stage::Answer ? kSyn | kAck : kAck;
}

bool is_back(Stage stage) { return stage == Stage::Answer || stage == Stage::OpenBack; }

}  // namespace

std::uint16_t worker_of(const base::Address& a, const base::Address& b, std::uint16_t workers) {
    std::array<std::uint8_t, 32> pair;
    const std::size_t bytes = a.is_v4() ? 4 : 16;
    std::memcpy(pair.data(), a.bytes.data() + 16 - bytes, bytes);
    std::memcpy(pair.data() + bytes, b.bytes.data() + 16 - bytes, bytes);
    const auto length = static_cast<unsigned>(2 * bytes);
    const std::uint16_t hash = io::spread_hash(pair.data(), length);
    return static_cast<std::uint16_t>(io::spread_worker(hash, workers));
}

base::Result<Flows> Flows::plan(const Policies& policies, const Wish& wish) {
    const std::size_t count = wish.count;
    auto connections = policies.allowed(std::min(count, kPairsMax));
    std::erase_if(connections, [&](const bench::Connection& each) {
        const bool others = wish.from && policies.side_of(each.source) != *wish.from;
        return others ||
               (wish.between_pods && (policies.side_of_sender(each.source) != kPods ||
                                      policies.side_of_sender(each.destination) != kPods));
    });
    if (connections.empty() || count > connections.size() * kSourcePorts) {
        return base::Error{base::Errc::Invalid, "traffic",
                           "policy allows only " + std::to_string(connections.size()) +
                               " connections from one side to the other, too few for " +
                               std::to_string(count) + " flows"};
    }
    Flows flows;
    flows.workers_ = wish.workers;
    flows.pairs_ = connections.size();
    flows.flows_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const bench::Connection& each = connections[i % connections.size()];
        const std::size_t port = kFirstSourcePort + i / connections.size();
        flows.flows_.push_back(
            {.tuple = {each.source, each.destination, static_cast<std::uint16_t>(port),
                       each.destination_port, each.protocol},
             .side = policies.side_of(each.source),
             .worker = worker_of(each.source, each.destination, wish.workers)});
    }
    return flows;
}

Shipment Flows::frame(std::size_t number, Stage stage, std::uint16_t size,
                      std::span<std::uint8_t> head) const noexcept {
    const Flow& flow = flows_[number];
    const bool back = is_back(stage);
    const parse::Tuple tuple = back ? flow.tuple.reversed() : flow.tuple;
    const Places places = write_frame(tuple, flags_of(stage), size, head);
    const auto length = static_cast<std::uint16_t>(size - kFrameSum);
    const std::size_t copied = std::min<std::size_t>(kHeadBytes, length);
    return {.side = back ? static_cast<std::uint8_t>(flow.side ^ 1) : flow.side,
            .worker = flow.worker,
            .draft = {head.first(copied), length, places}};
}

Loads Flows::open_loads(std::uint16_t size) const {
    // Another order, so that neighbours in time are no neighbours in any table.
    std::vector<std::uint32_t> order(2 * flows_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    bench::Random random(size);
    for (std::size_t left = order.size(); left > 1; --left) {
        std::swap(order[left - 1], order[random.below(static_cast<std::uint32_t>(left))]);
    }
    Loads loads(workers_);
    std::array<std::uint8_t, kHeadBytes> head;
    for (const std::uint32_t each : order) {
        const Stage stage = each % 2 == 0 ? Stage::OpenForth : Stage::OpenBack;
        const Shipment shipment = frame(each / 2, stage, size, head);
        loads.of(shipment.side, shipment.worker).add(shipment.draft);
    }
    // One of each pair: another source port makes another connection of it.
    const std::size_t openings = std::min({pairs_, flows_.size(), kOpeningsMax});
    for (std::size_t i = 0; i < openings; ++i) {
        const Shipment shipment = frame(i, Stage::Opening, size, head);
        loads.of(shipment.side, shipment.worker).add_opening(shipment.draft);
    }
    return loads;
}

Loads Flows::stage_loads(Stage stage) const {
    Loads loads(workers_);
    std::array<std::uint8_t, kHeadBytes> head;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        const Shipment shipment = frame(i, stage, kSizeMin, head);
        loads.of(shipment.side, shipment.worker).add(shipment.draft);
    }
    return loads;
}

void Flows::keep(const std::vector<bool>& wanted) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        if (wanted[i]) flows_[kept++] = flows_[i];
    }
    flows_.resize(kept);
}

}  // namespace tierwall::tester
