// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_order.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

/// As policy::asked_before() sorts them.
struct Turn {
    std::string tier;
    std::int64_t priority = 0;
    std::string kind;
    std::string name;
    std::size_t source = 0;

    auto place() const { return std::tie(tier, priority, kind, name); }
};

std::string member_text(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string()
               ? json[key].get<std::string>()
               : std::string();
}

Json spec_of(const Json& document) {
    return document.is_object() && document.contains("spec") ? document["spec"] : Json();
}

std::optional<Turn> turn_of(const Json& document, std::size_t source) {
    const std::string tier = tier_of(document);
    const auto priority = priority_of(document);
    if (tier.empty() || !priority) return std::nullopt;
    const Json metadata = document.contains("metadata") ? document["metadata"] : Json();
    return Turn{tier, *priority, member_text(document, "kind"), member_text(metadata, "name"),
                source};
}

/// Who comes after whom, each once where its parts follow each other.
std::vector<std::size_t> sources_in_order(std::vector<Turn> turns) {
    std::stable_sort(turns.begin(), turns.end(),
                     [](const Turn& a, const Turn& b) { return a.place() < b.place(); });
    std::vector<std::size_t> out;
    out.reserve(turns.size());
    for (const Turn& turn : turns) out.push_back(turn.source);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

base::Error changed_places(const Json& first, const Json& second) {
    const std::string tier = tier_of(second);
    const std::int64_t priority = priority_of(second).value_or(0);
    return {base::Errc::Invalid, object_path(first) + " spec.priority",
            "the result would not be asked in the order of now: " + object_path(first) + " and " +
                object_path(second) + " are both in tier " + tier + ", and " +
                (priority_of(first) == priority_of(second)
                     ? "both have priority " + std::to_string(priority)
                     : "have priorities next to each other") +
                "; give the one that is to be asked later a higher priority of its own"};
}

}  // namespace

std::string tier_of(const Json& document) {
    const std::string kind = member_text(document, "kind");
    if (kind == "AdminNetworkPolicy") return "Admin";
    if (kind == "BaselineAdminNetworkPolicy") return "Baseline";
    return kind == "ClusterNetworkPolicy" ? member_text(spec_of(document), "tier") : "";
}

std::optional<std::int64_t> priority_of(const Json& document) {
    if (member_text(document, "kind") == "BaselineAdminNetworkPolicy") return 0;
    const Json spec = spec_of(document);
    const bool given =
        spec.is_object() && spec.contains("priority") && spec["priority"].is_number_integer();
    return given ? std::optional(spec["priority"].get<std::int64_t>()) : std::nullopt;
}

base::Status check_order(const Documents& given, const Conversion& made) {
    std::vector<Turn> turns_before;
    std::vector<Turn> turns_after;
    std::set<std::size_t> known;
    for (const ConvertedDocument& each : made.documents) {
        const auto after = turn_of(each.document, each.source);
        const auto before = turn_of(given[each.source], each.source);
        if (!after || !before) continue;
        turns_after.push_back(*after);
        if (known.insert(each.source).second) turns_before.push_back(*before);
    }
    const std::vector<std::size_t> before = sources_in_order(std::move(turns_before));
    const std::vector<std::size_t> after = sources_in_order(std::move(turns_after));
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < after.size(); ++i) {
        // Another part of a policy behind somebody else, or somebody before his turn.
        if (!seen.insert(after[i]).second) {
            return changed_places(given[after[i]], given[after[i - 1]]);
        }
        if (after[i] != before[i]) return changed_places(given[before[i]], given[after[i]]);
    }
    return base::Done{};
}

}  // namespace tierwall::ctl
