// SPDX-License-Identifier: Apache-2.0
#include "bench/path/measures.hpp"
#include "bench/path/stand.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::bench {
namespace {

using Json = Results::Json;
using Stands = std::vector<std::unique_ptr<EstablishedStand>>;

constexpr std::uint32_t kEstablishedRules = 10'000;
const std::string kSmall = "64k flows";
const std::string kMedium = "1m flows";
const std::string kLarge = "10m flows";
/// Bytes on the wire, with the frame's checksum.
constexpr std::array<std::uint16_t, 6> kSizes{64, 128, 256, 512, 1024, 1500};
constexpr std::uint16_t kFrameChecksum = 4;

std::vector<std::pair<std::string, std::size_t>> wanted_stands(const Results& results) {
    const bool curves = results.wants("curves");
    const bool large = curves || results.wants("established_10m_over_64k");
    const bool small = large || results.wants("established_64k_ratio") ||
                       results.wants("bytes_per_flow") || results.wants("allocations_per_packet");
    std::vector<std::pair<std::string, std::size_t>> wanted;
    if (curves) wanted = {{"1k flows", 1u << 10}, {"8k flows", 1u << 13}};
    if (small) wanted.emplace_back(kSmall, 1u << 16);
    if (curves) wanted.emplace_back("256k flows", 1u << 18);
    if (curves || results.wants("established_1m_ratio")) wanted.emplace_back(kMedium, 1'000'000);
    if (large) wanted.emplace_back(kLarge, 10'000'000);
    return wanted;
}

/// The contenders of one comparison, found by name.
class Field {
public:
    explicit Field(const std::vector<Contender>& contenders) : contenders_(contenders) {}

    const Contender* find(const std::string& name) const {
        const auto found = std::find_if(contenders_.begin(), contenders_.end(),
                                        [&](const Contender& each) { return each.name == name; });
        return found == contenders_.end() ? nullptr : &*found;
    }

private:
    const std::vector<Contender>& contenders_;
};

struct Ratio {
    const char* key;
    std::string over;
    std::string under;
};

void put_ratio(Results& results, const Field& field, const Ratio& ratio, Json figures) {
    const Contender* over = field.find(ratio.over);
    const Contender* under = field.find(ratio.under);
    if (!results.wants(ratio.key) || over == nullptr || under == nullptr) return;
    figures[over->name] = json_of(*over);
    figures[under->name] = json_of(*under);
    results.put(ratio.key, speed_ratio(*over, *under), std::move(figures));
}

void put_figure(Results& results, const char* key, double value, Json figures) {
    if (!results.wants(key)) return;
    results.put(key, {value, value, value, results.wishes().schedule.turns}, std::move(figures));
}

void put_memory(Results& results, const Stands& stands) {
    std::size_t bytes = 0;
    std::uint64_t allocations = 0;
    std::uint64_t packets = 0;
    Json by_stand;
    for (const auto& stand : stands) {
        bytes = std::max(bytes, stand->bytes_per_flow());
        by_stand[stand->name()] = stand->bytes_per_flow();
        allocations += stand->allocations();
        packets += stand->packets();
    }
    put_figure(results, "bytes_per_flow", static_cast<double>(bytes), {{"tables", by_stand}});
    put_figure(results, "allocations_per_packet",
               static_cast<double>(allocations) / static_cast<double>(packets),
               {{"allocations", allocations}, {"packets", packets}});
}

/// Packets of other lengths, of the stand with the flows of established_64k_ratio.
std::vector<Contender> of_other_sizes(EstablishedStand& stand) {
    std::vector<Contender> out;
    for (const std::uint16_t bytes : kSizes) {
        const auto frame_length = static_cast<std::uint16_t>(bytes - kFrameChecksum);
        const std::string words = ", " + std::to_string(bytes) + " bytes";
        out.push_back(stand.base_contender(frame_length));
        out.back().name = "base" + words;
        out.push_back(stand.contender(frame_length));
        out.back().name = "Tierwall" + words;
    }
    return out;
}

Json sized_point(std::uint16_t bytes, const Contender& contender) {
    Json out = point(bytes, contender);
    // With the preamble and the gap between frames, as on a wire.
    const double bits = 8.0 * (bytes + 20);
    out["gbit_s"] = contender.mpps().median * bits / 1e3;
    return out;
}

void note_curves(Results& results, const Field& field, const Stands& stands) {
    Json by_flows;
    for (const auto& stand : stands) {
        by_flows["base"].push_back(point(stand->flows(), *field.find("base, " + stand->name())));
        by_flows["Tierwall"].push_back(point(stand->flows(), *field.find(stand->name())));
    }
    Json by_size;
    for (const std::uint16_t bytes : kSizes) {
        for (const char* line : {"base", "Tierwall"}) {
            const std::string name = line + (", " + std::to_string(bytes) + " bytes");
            by_size[line].push_back(sized_point(bytes, *field.find(name)));
        }
    }
    results.note("by_flows", std::move(by_flows));
    results.note("by_size", std::move(by_size));
}

}  // namespace

base::Status measure_established(Results& results) {
    const auto wanted = wanted_stands(results);
    if (wanted.empty()) return base::Done{};
    results.say("established: making a cluster with 10,000 rules");
    TW_TRY(enforced, Enforced::create(shape_of_rules(kEstablishedRules)));
    TW_TRY(bed, Bed::create(1));
    const std::size_t most = std::min(wanted.back().second, kConnectionsMax);
    const std::vector<Connection> connections = enforced->allowed(most, 7);
    results.say("established: " + std::to_string(connections.size()) + " connections are allowed");
    Stands stands;
    std::vector<Contender> contenders;
    for (const auto& [name, flows] : wanted) {
        results.say("established: opening " + name);
        TW_TRY(stand, EstablishedStand::open({*bed, *enforced, connections}, name, flows));
        contenders.push_back(stand->base_contender());
        contenders.push_back(stand->contender());
        stands.push_back(std::move(stand));
    }
    if (results.wants("curves")) {
        const auto small = std::find_if(stands.begin(), stands.end(),
                                        [](const auto& each) { return each->name() == kSmall; });
        for (Contender& each : of_other_sizes(**small)) contenders.push_back(std::move(each));
    }
    results.compare("established", contenders);
    for (const auto& stand : stands) {
        TW_TRY(right, stand->check());
    }
    const Field field(contenders);
    put_ratio(results, field, {"established_64k_ratio", kSmall, "base, " + kSmall},
              conditions(*enforced, 1u << 16));
    put_ratio(results, field, {"established_1m_ratio", kMedium, "base, " + kMedium},
              conditions(*enforced, 1'000'000));
    put_ratio(results, field, {"established_10m_over_64k", kLarge, kSmall},
              conditions(*enforced, 10'000'000));
    put_memory(results, stands);
    if (results.wants("curves")) note_curves(results, field, stands);
    return base::Done{};
}

}  // namespace tierwall::bench
