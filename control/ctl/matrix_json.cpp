// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"
#include "control/ctl/matrix_output.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/ruling_words.hpp"

#include <map>
#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

Json group_json(const MatrixGroup& group, const GroupSummary& summary) {
    Json out{{"id", group.id},
             {"kind", summary.kind},
             {"subject", group.is_subject},
             {"chosen", group.is_chosen},
             {"size", summary.size},
             {"example", summary.example},
             {"who", summary.who}};
    out["namespaces"] = summary.namespaces;
    out["labels"] = Json::object();
    for (const auto& [key, value] : summary.labels) out["labels"][key] = value;
    out["names"] = summary.names;
    out["addresses"] = Json::array();
    for (const Member& member : group.members)
        out["addresses"].push_back(base::text(member.address));
    out["blocks"] = Json::array();
    for (const Block& block : group.blocks) {
        out["blocks"].push_back({{"cidr", base::text(block.prefix)},
                                 {"everything_else", block.is_world},
                                 {"example", base::text(block.example)}});
    }
    return out;
}

Json outcome_json(const MatrixPage& page, const Outcome& outcome) {
    const Protocols& protocols = page.matrix.protocols;
    Json out{{"allowed", page.matrix.words(outcome)},
             {"connections", connections_json(outcome.allowed, protocols)}};
    out["decided"] = Json::array();
    for (const RuledSet& set : by_ruling(outcome.ruled)) {
        Json each = ruling_json(page.model, set.ruling);
        each["connections"] = connections_json(set.connections, protocols);
        out["decided"].push_back(std::move(each));
    }
    return out;
}

}  // namespace

std::string matrix_json_text(const MatrixPage& page) {
    const Matrix& matrix = page.matrix;
    const PairCounts& pairs = matrix.pod_pairs;
    Json out{{"pod_pairs", {{"all", pairs.all}, {"some", pairs.some}, {"none", pairs.none}}},
             {"groups", Json::array()},
             {"left_out_blocks", texts(matrix.left_out)},
             {"outcomes", Json::array()},
             {"cells", Json::array()}};
    const std::vector<GroupSummary> summaries = summaries_of(page);
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        out["groups"].push_back(group_json(matrix.groups[i], summaries[i]));
    }
    // Only what some cell shows; numbers are those of the list.
    std::map<std::uint32_t, std::size_t> numbers;
    const auto number = [&](std::uint32_t outcome) {
        const auto [entry, fresh] = numbers.try_emplace(outcome, numbers.size());
        if (fresh) out["outcomes"].push_back(outcome_json(page, matrix.outcomes[outcome]));
        return entry->second;
    };
    for (std::size_t i = 0; i < matrix.groups.size(); ++i) {
        std::map<std::pair<std::uint32_t, std::uint32_t>, Json> destinations;
        for (std::size_t j = 0; j < matrix.groups.size(); ++j) {
            const MatrixCell& cell = matrix.at(i, j);
            if (!cell.is_answer()) continue;
            destinations[{cell.outcome, cell.own_node}].push_back(matrix.groups[j].id);
        }
        for (auto& [answers, to] : destinations) {
            Json each{{"from", matrix.groups[i].id}, {"outcome", number(answers.first)}};
            if (answers.second != MatrixCell::kNone) each["own_node"] = number(answers.second);
            each["to"] = std::move(to);
            out["cells"].push_back(std::move(each));
        }
    }
    return json_text(out) + "\n";
}

}  // namespace tierwall::ctl
