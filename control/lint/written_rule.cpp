// SPDX-License-Identifier: Apache-2.0
#include "control/lint/written_rule.hpp"

#include "control/lint/checks.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tierwall::lint {
namespace {

/// Names in one message.
constexpr std::size_t kNamedMax = 3;

}  // namespace

std::vector<WrittenRule> written_rules(const RuleIndex& index, std::uint32_t policy) {
    std::vector<WrittenRule> all;
    const auto [first, end] = index.rules_of(policy);
    for (RuleNumber i = first; i < end; ++i) {
        const bool new_one =
            i == first || index.rules()[i].rule->index != index.rules()[i - 1].rule->index;
        if (new_one) all.push_back({i, i});
        all.back().end = i + 1;
    }
    return all;
}

RuleNumbers covering(const Coverage& coverage, const RuleIndex& index, const WrittenRule& rule,
                     CoverageQuestion question) {
    RuleNumbers all;
    for (RuleNumber part = rule.first; part < rule.end; ++part) {
        if (index.rules()[part].rule->failed_closed) return {};
        question.rule = part;
        const RuleNumbers by = coverage.of(question);
        if (by.empty()) return {};
        all.insert(all.end(), by.begin(), by.end());
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::string words_for(const Speech& speech, const RuleNumbers& rules) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    std::string text;
    for (const RuleNumber number : rules) {
        const auto& [policy_number, rule, _] = speech.index.rules()[number];
        if (!seen.insert({policy_number, rule->index}).second || seen.size() > kNamedMax) continue;
        const policy::Policy& policy = speech.scene.policies()[policy_number];
        text += text.empty() ? "" : ", ";
        if (policy_number != speech.own) text += policy.path() + " ";
        text += words_for(speech.direction, *rule, policy);
    }
    if (seen.size() > kNamedMax) {
        text += " and " + std::to_string(seen.size() - kNamedMax) + " more";
    }
    return text;
}

}  // namespace tierwall::lint
