// SPDX-License-Identifier: Apache-2.0
#include "bench/path/measures.hpp"
#include "bench/path/stand.hpp"

#include <array>
#include <string>

namespace tierwall::bench {
namespace {

constexpr std::size_t kCornerFlows = 1u << 16;

/// One cluster with both kinds of traffic.
struct Corner {
    std::unique_ptr<Enforced> enforced;
    std::unique_ptr<Bed> bed;
    std::vector<Connection> connections;
    std::unique_ptr<EstablishedStand> established;
    std::unique_ptr<NewFlowsStand> fresh;
};

base::Result<Corner> make_corner(std::uint32_t rules, const std::string& name) {
    Corner corner;
    TW_TRY(enforced, Enforced::create(shape_of_rules(rules)));
    TW_TRY(bed, Bed::create(1));
    corner.enforced = std::move(enforced);
    corner.bed = std::move(bed);
    corner.connections = corner.enforced->allowed(kCornerFlows, 13);
    const Ground ground{*corner.bed, *corner.enforced, corner.connections};
    TW_TRY(established, EstablishedStand::open(ground, "established, " + name, kCornerFlows));
    TW_TRY(fresh, NewFlowsStand::open(ground, "new flows, " + name, kCornerFlows));
    corner.established = std::move(established);
    corner.fresh = std::move(fresh);
    return corner;
}

struct Compared {
    const char* key;
    const Contender& many;
    const Contender& few;
};

void put(Results& results, const Compared& compared, const std::array<Corner, 2>& corners) {
    if (!results.wants(compared.key)) return;
    Results::Json figures;
    for (const Corner& corner : corners) {
        figures["conditions"].push_back(conditions(*corner.enforced, kCornerFlows));
    }
    for (const Contender* each : {&compared.many, &compared.few}) {
        figures[each->name] = json_of(*each);
    }
    results.put(compared.key, speed_ratio(compared.many, compared.few), std::move(figures));
}

}  // namespace

base::Status measure_rules(Results& results) {
    const bool established = results.wants("rules_100k_over_100");
    const bool fresh = results.wants("new_flows_100k_over_100");
    if (!established && !fresh) return base::Done{};
    std::array<Corner, 2> corners;
    results.say("rules: making a cluster with 100 rules");
    TW_TRY(few, make_corner(100, "100 rules"));
    corners[0] = std::move(few);
    results.say("rules: making a cluster with 100,000 rules");
    TW_TRY(many, make_corner(100'000, "100k rules"));
    corners[1] = std::move(many);
    std::vector<Contender> contenders;
    for (const Corner& corner : corners) {
        contenders.push_back(corner.established->contender());
        contenders.push_back(corner.fresh->contender());
    }
    results.compare("rules", contenders);
    for (const Corner& corner : corners) {
        TW_TRY(right, corner.established->check());
        TW_TRY(opened, corner.fresh->check());
    }
    put(results, {"rules_100k_over_100", contenders[2], contenders[0]}, corners);
    put(results, {"new_flows_100k_over_100", contenders[3], contenders[1]}, corners);
    return base::Done{};
}

}  // namespace tierwall::bench
