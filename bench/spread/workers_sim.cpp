// SPDX-License-Identifier: Apache-2.0
#include "bench/spread/workers_sim.hpp"

#include "bench/spread/deal.hpp"
#include "bench/spread/rings.hpp"
#include "dataplane/worker/fabric.hpp"

#include <string>
#include <utility>
#include <vector>

namespace tierwall::bench {
namespace {

using Json = nlohmann::ordered_json;

Shape many_pods(std::uint64_t seed) {
    Shape shape;
    shape.seed = seed;
    shape.pods = 20'000;
    shape.namespaces = 400;
    shape.nodes = 200;
    return shape;
}

std::vector<Connection> connections_of(const WorkersSim& wanted) {
    const Generated generated = generate(many_pods(wanted.seed));
    Traffic traffic(generated, wanted.seed + 1);
    Random random(wanted.seed + 2);
    std::vector<Connection> out =
        traffic.pick(wanted.connections, [](const Connection&) { return true; });
    for (Connection& each : out) {
        each.source_port = static_cast<std::uint16_t>(random.between(1024, 65535));
    }
    return out;
}

Json json_of_balance(const Balance& balance) {
    return {{"max_over_mean", balance.max_over_mean},
            {"min_over_mean", balance.min_over_mean},
            {"largest_connection", balance.largest_connection}};
}

Json json_of_rings(const Deal& deal, const char* name, std::span<const double> weights) {
    Json out = Json::array();
    for (const double busiest : {0.5, 0.7, 0.9}) {
        for (const double train : {1.0, 32.0}) {
            const RingDepths found =
                simulate_rings(deal, weights, {.busiest = busiest, .train_packets = train});
            out.push_back({{"weights", name},
                           {"load", busiest},
                           {"mean_load", found.mean_load},
                           {"trains", train},
                           {"packets", found.packets},
                           {"depth_max", found.depth_max},
                           {"depth_p999", found.depth_p999},
                           {"refused", found.refused}});
        }
    }
    return out;
}

}  // namespace

base::Result<Json> simulate_workers(const WorkersSim& wanted) {
    const std::vector<Connection> connections = connections_of(wanted);
    const Deal dealt = deal(connections, wanted.workers);
    if (dealt.same_both_ways != connections.size() || dealt.same_by_card != connections.size()) {
        return base::Error{base::Errc::Io, "workers",
                           "of " + std::to_string(connections.size()) + " connections " +
                               std::to_string(dealt.same_both_ways) +
                               " have one worker for both directions, and a card gives it " +
                               std::to_string(dealt.same_by_card)};
    }
    const std::vector<double> equal(connections.size(), 1.0);
    const std::vector<double> heavy = heavy_tail(connections.size(), wanted.seed + 3);
    Json out{{"workers", wanted.workers},
             {"connections", connections.size()},
             {"same_worker_both_ways", dealt.same_both_ways},
             {"same_queue_by_card", dealt.same_by_card},
             {"ring_places", worker::kRingPlaces}};
    out["balance"]["equal"] = json_of_balance(balance(dealt, equal));
    out["balance"]["heavy_tail"] = json_of_balance(balance(dealt, heavy));
    out["rings"] = json_of_rings(dealt, "equal", equal);
    for (Json& each : json_of_rings(dealt, "heavy tail", heavy)) {
        out["rings"].push_back(std::move(each));
    }
    return out;
}

}  // namespace tierwall::bench
