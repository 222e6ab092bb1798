// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/diff.hpp"
#include "control/ctl/group_summary.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/ctl/table.hpp"
#include "control/document/printable.hpp"

#include <map>

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

std::string pair_words(const Difference& difference, const DiffPair& pair) {
    std::string out = difference.groups[pair.from].id + " -> " + difference.groups[pair.to].id;
    const auto& [before, after] = pair.own_node;
    if (before && after) return out + " (a pod and its own node)";
    if (before) return out + " (a pod and what was its own node)";
    return after ? out + " (a pod and what is then its own node)" : out;
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
             {"groups", Json::array()},
             {"changes", Json::array()}};
    const std::vector<GroupSummary> summaries = summaries_of(page);
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        out["groups"].push_back(diff_group_json(all.groups[i], summaries[i]));
    }
    for (const DiffPair& pair : all.pairs) {
        for (const ChangedSet& set : all.changes[pair.change]) {
            out["changes"].push_back(
                {{"from", all.groups[pair.from].id},
                 {"to", all.groups[pair.to].id},
                 {"own_node", {{"before", pair.own_node[0]}, {"after", pair.own_node[1]}}},
                 {"connections", connections_json(set.connections, all.protocols)},
                 {"before", ruling_json(*page.models[0], set.rulings[0])},
                 {"after", ruling_json(*page.models[1], set.rulings[1])}});
        }
    }
    return json_text(out, 1) + "\n";
}

}  // namespace tierwall::ctl
