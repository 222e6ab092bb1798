// SPDX-License-Identifier: Apache-2.0
#include "bench/path/measures.hpp"
#include "bench/path/stand.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

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

void put(Results& results, const Compared& compared, const std::array<const Corner*, 2>& corners) {
    if (!results.wants(compared.key)) return;
    Results::Json figures;
    for (const Corner* corner : corners) {
        figures["conditions"].push_back(conditions(*corner->enforced, kCornerFlows));
    }
    for (const Contender* each : {&compared.many, &compared.few}) {
        figures[each->name] = json_of(*each);
    }
    results.put(compared.key, speed_ratio(compared.many, compared.few), std::move(figures));
}

/// `contenders`: three for each corner.
void note_curve(Results& results, const std::vector<Corner>& corners,
                const std::vector<Contender>& contenders) {
    Results::Json lines;
    for (std::size_t i = 0; i < corners.size(); ++i) {
        const std::size_t rules = corners[i].enforced->rules();
        lines["established"].push_back(point(rules, contenders[3 * i]));
        lines["new flows"].push_back(point(rules, contenders[3 * i + 1]));
        lines["base"].push_back(point(rules, contenders[3 * i + 2]));
    }
    results.note("by_rules", std::move(lines));
}

}  // namespace

base::Status measure_rules(Results& results) {
    const bool curves = results.wants("curves");
    if (!curves && !results.wants("rules_100k_over_100") &&
        !results.wants("new_flows_100k_over_100")) {
        return base::Done{};
    }
    std::vector<std::uint32_t> sizes{100, 100'000};
    if (curves) sizes = {100, 1'000, 10'000, 100'000};
    std::vector<Corner> corners;
    std::vector<Contender> contenders;
    for (const std::uint32_t rules : sizes) {
        const std::string name = std::to_string(rules) + " rules";
        results.say("rules: making a cluster with " + name);
        TW_TRY(corner, make_corner(rules, name));
        contenders.push_back(corner.established->contender());
        contenders.push_back(corner.fresh->contender());
        if (curves) contenders.push_back(corner.established->base_contender());
        corners.push_back(std::move(corner));
    }
    results.compare("rules", contenders);
    for (const Corner& corner : corners) {
        TW_TRY(right, corner.established->check());
        TW_TRY(opened, corner.fresh->check());
    }
    const std::size_t last = contenders.size() - (curves ? 3 : 2);
    const std::array<const Corner*, 2> ends{&corners.front(), &corners.back()};
    put(results, {"rules_100k_over_100", contenders[last], contenders[0]}, ends);
    put(results, {"new_flows_100k_over_100", contenders[last + 1], contenders[1]}, ends);
    if (curves) note_curve(results, corners, contenders);
    return base::Done{};
}

}  // namespace tierwall::bench
