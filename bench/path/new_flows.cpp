// SPDX-License-Identifier: Apache-2.0
#include "bench/path/measures.hpp"
#include "bench/path/stand.hpp"

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kRulesOfATier = 10'000;
constexpr std::size_t kNewFlowsRound = 1u << 18;

Shape three_tiers() {
    Shape shape = shape_of_rules(kRulesOfATier);
    for (TierShape* tier : {&shape.admin, &shape.network, &shape.baseline}) {
        tier->rules = kRulesOfATier;
    }
    return shape;
}

}  // namespace

base::Status measure_new_flows(Results& results) {
    if (!results.wants("new_flows_ratio")) return base::Done{};
    results.say("new flows: making a cluster with three tiers of 10,000 rules");
    TW_TRY(enforced, Enforced::create(three_tiers()));
    TW_TRY(bed, Bed::create(1));
    const std::vector<Connection> connections = enforced->allowed(kNewFlowsRound / 8, 11);
    TW_TRY(stand, NewFlowsStand::open({*bed, *enforced, connections}, "new flows", kNewFlowsRound));
    std::vector<Contender> contenders{stand->base_contender(), stand->contender()};
    results.compare("new flows", contenders);
    TW_TRY(right, stand->check());
    Results::Json figures = conditions(*enforced, kNewFlowsRound);
    figures["connections"] = connections.size();
    for (const Contender& each : contenders) figures[each.name] = json_of(each);
    results.put("new_flows_ratio", speed_ratio(contenders[1], contenders[0]), std::move(figures));
    return base::Done{};
}

}  // namespace tierwall::bench
