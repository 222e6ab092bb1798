// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/selector.hpp"

#include "control/kube/validate_selector.hpp"
#include "control/policy/selector.hpp"

namespace tierwall::dialect {
namespace {

/// Requires: a valid operator.
policy::Operator operator_of(const std::string& word) {
    if (word == "In") return policy::Operator::In;
    if (word == "NotIn") return policy::Operator::NotIn;
    return word == "Exists" ? policy::Operator::Exists : policy::Operator::DoesNotExist;
}

}  // namespace

std::optional<policy::Selector> selector(const kube::LabelSelector& written) {
    std::vector<kube::Problem> problems;
    kube::validate_selector(written, "", problems);
    if (!problems.empty()) return std::nullopt;
    policy::Selector result;
    for (const auto& [key, value] : written.match_labels) {
        result.requirements.push_back({key, policy::Operator::In, {value}});
    }
    for (const kube::SelectorExpression& expression : written.match_expressions) {
        result.requirements.push_back(
            {expression.key, operator_of(expression.op), expression.values});
    }
    policy::normalize(result);
    return result;
}

}  // namespace tierwall::dialect
