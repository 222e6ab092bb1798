// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/diff.hpp"
#include "control/ctl/group_summary.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/ctl/table.hpp"
#include "control/document/printable.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

std::string novelty(const DiffGroup& group) {
    const bool before = group.kinds[0] != EndKind::Outside;
    const bool after = group.kinds[1] != EndKind::Outside;
    return before == after ? "" : before ? "removed" : "added";
}

std::string who_changed(const char* verb, const std::vector<std::string>& names) {
    constexpr std::size_t kNamesMax = 5;
    if (names.empty()) return "";
    return document::printable(std::string(verb) + " " + std::to_string(names.size()) + ": " +
                               some_of(names, kNamesMax)) +
           "\n";
}

/// Could an address of the one be the own node of one of the other?
bool can_be_own(const DiffGroup& from, const DiffGroup& to, std::size_t side) {
    return (from.kinds[side] == EndKind::Node && to.subject[side]) ||
           (to.kinds[side] == EndKind::Node && from.subject[side]);
}

std::string owner_of(const Member& member) {
    return member.owners[0].empty() ? member.owners[1] : member.owners[0];
}

/// Two for whom a change holds although it does not for everybody of their groups.
struct PairExample {
    std::string from;
    std::string to;
};

/// Nothing where nobody of the one group is the own node of anybody of the other. Else somebody
/// for whom the change holds, with empty names where he has none.
std::optional<PairExample> example_beside_own(const DiffGroup& from, const DiffGroup& to) {
    using Place = std::pair<base::Family, std::uint32_t>;
    std::array<bool, 2> matters{};
    bool has_own = false;
    for (std::size_t side = 0; side < 2; ++side) {
        matters[side] = can_be_own(from, to, side);
        if (!matters[side]) continue;
        std::set<Place> places;
        for (const Member& each : from.members) {
            for (const auto node : each.nodes[side]) places.insert({each.address.family(), node});
        }
        for (const Member& each : to.members) {
            for (const std::uint32_t node : each.nodes[side]) {
                has_own = has_own || places.contains({each.address.family(), node});
            }
        }
    }
    if (!has_own) return std::nullopt;
    for (const Member& a : from.members) {
        for (const Member& b : to.members) {
            const bool own = (matters[0] && meet(a.nodes, b.nodes, 0)) ||
                             (matters[1] && meet(a.nodes, b.nodes, 1));
            if (!own && a.address.family() == b.address.family()) {
                return PairExample{owner_of(a), owner_of(b)};
            }
        }
    }
    return PairExample{};
}

std::optional<PairExample> example_beside_own(const Difference& difference, const DiffPair& pair) {
    if (pair.own_node[0] || pair.own_node[1]) return std::nullopt;
    return example_beside_own(difference.groups[pair.from], difference.groups[pair.to]);
}

std::string pair_words(const Difference& difference, const DiffPair& pair) {
    std::string out = difference.groups[pair.from].id + " -> " + difference.groups[pair.to].id;
    const auto& [before, after] = pair.own_node;
    if (before && after) return out + " (a pod and its own node)";
    if (before) return out + " (a pod and what was its own node)";
    if (after) return out + " (a pod and what is then its own node)";
    const auto example = example_beside_own(difference, pair);
    if (!example) return out;
    if (example->from.empty() || example->to.empty()) return out + " (not its own node)";
    return out + " (not its own node; for example " +
           document::printable(example->from + " -> " + example->to) + ")";
}

std::string change_words(const DiffPage& page, const ChangedSet& set) {
    const Difference& all = page.difference;
    std::string out = "  " + text(set.connections, all.universe, all.protocols) + ": ";
    out += base::name(set.rulings[0].verdict());
    out += std::string(" -> ") + base::name(set.rulings[1].verdict()) + "\n";
    const char* const names[] = {"    before  ", "    after   "};
    for (std::size_t side = 0; side < 2; ++side) {
        out += names[side] +
               document::printable(ruling_words(*page.models[side], set.rulings[side])) + "\n";
    }
    return out;
}

Json diff_group_json(const DiffGroup& group, const GroupSummary& summary) {
    Json out{{"id", group.id},
             {"kind", summary.kind},
             {"size", summary.size},
             {"example", summary.example},
             {"who", summary.who},
             {"added", novelty(group) == "added"},
             {"removed", novelty(group) == "removed"},
             {"names", summary.names}};
    out["addresses"] = Json::array();
    for (const Member& member : group.members) {
        out["addresses"].push_back(base::text(member.address));
    }
    out["blocks"] = Json::array();
    for (const Block& block : group.blocks) {
        out["blocks"].push_back({{"cidr", base::text(block.prefix)},
                                 {"everything_else", block.is_world},
                                 {"example", base::text(block.example)}});
    }
    return out;
}

std::vector<GroupSummary> summaries_of(const DiffPage& page) {
    std::vector<GroupSummary> out;
    for (const DiffGroup& group : page.difference.groups) {
        out.push_back(summarize(group.members, group.blocks, page.clusters));
    }
    tell_families_apart(out);
    return out;
}

}  // namespace

std::string diff_text(const DiffPage& page) {
    const Difference& all = page.difference;
    if (all.empty()) return "no change\n";
    std::string out = who_changed("removed", all.removed) + who_changed("added", all.added) +
                      who_changed("with other addresses", all.readdressed);
    if (!all.verdicts_change()) return out + "no verdict changes\n";
    Table legend({"GROUP", "SIZE", "EXAMPLE", "WHO"});
    const std::vector<GroupSummary> summaries = summaries_of(page);
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        const GroupSummary& summary = summaries[i];
        const DiffGroup& group = all.groups[i];
        const std::string mark = novelty(group);
        legend.add({group.id, summary.size == 0 ? "" : std::to_string(summary.size),
                    summary.example, summary.who + (mark.empty() ? "" : " (" + mark + ")")});
    }
    out += (out.empty() ? "" : "\n") + legend.text();
    out += left_out_words(all.unchanged, "nothing changes for them");
    std::map<std::size_t, std::vector<std::string>> by_change;
    for (const DiffPair& pair : all.pairs) {
        by_change[pair.change].push_back(pair_words(all, pair));
    }
    for (const auto& [change, pairs] : by_change) {
        out += "\n";
        for (const std::string& pair : pairs) out += pair + "\n";
        for (const ChangedSet& set : all.changes[change]) out += change_words(page, set);
    }
    return out;
}

std::string diff_json_text(const DiffPage& page) {
    const Difference& all = page.difference;
    Json out{{"added", all.added},
             {"removed", all.removed},
             {"readdressed", all.readdressed},
             {"unchanged_blocks", texts(all.unchanged)},
             {"groups", Json::array()},
             {"changes", Json::array()}};
    const std::vector<GroupSummary> summaries = summaries_of(page);
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        out["groups"].push_back(diff_group_json(all.groups[i], summaries[i]));
    }
    for (const DiffPair& pair : all.pairs) {
        const auto example = example_beside_own(all, pair);
        for (const ChangedSet& set : all.changes[pair.change]) {
            out["changes"].push_back(
                {{"from", all.groups[pair.from].id},
                 {"to", all.groups[pair.to].id},
                 {"own_node", {{"before", pair.own_node[0]}, {"after", pair.own_node[1]}}},
                 {"not_own_node", example.has_value()},
                 {"connections", connections_json(set.connections, all.protocols)},
                 {"before", ruling_json(*page.models[0], set.rulings[0])},
                 {"after", ruling_json(*page.models[1], set.rulings[1])}});
        }
    }
    return json_text(out, 1) + "\n";
}

}  // namespace tierwall::ctl
