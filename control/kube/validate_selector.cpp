// SPDX-License-Identifier: Apache-2.0
#include "control/kube/validate_selector.hpp"

#include "control/kube/syntax.hpp"

namespace tierwall::kube {
namespace {

using base::Errc;

void validate_values(const SelectorExpression& expression, const std::string& at,
                     std::vector<Problem>& problems) {
    const bool takes_values = expression.op == "In" || expression.op == "NotIn";
    const bool takes_none = expression.op == "Exists" || expression.op == "DoesNotExist";
    if (takes_values && expression.values.empty()) {
        problems.push_back({"", "", at + ".values", Errc::Required,
                            "must be specified when `operator` is 'In' or 'NotIn'"});
    }
    if (takes_none && !expression.values.empty()) {
        problems.push_back({"", "", at + ".values", Errc::Forbidden,
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"});
    }
    if (!takes_values && !takes_none) {
        problems.push_back({"", "", at + ".operator", Errc::Invalid,
                            "\"" + expression.op + "\" is not a valid selector operator"});
    }
    if (!takes_values) return;
    for (std::size_t i = 0; i < expression.values.size(); ++i) {
        if (is_label_value(expression.values[i])) continue;
        problems.push_back({"", "", at + ".values[" + std::to_string(i) + "]", Errc::Invalid,
                            "\"" + expression.values[i] + "\" is not a label value"});
    }
}

}  // namespace

void validate_selector(const LabelSelector& selector, const std::string& field,
                       std::vector<Problem>& problems) {
    const std::string labels = field + ".matchLabels";
    for (const auto& [key, value] : selector.match_labels) {
        if (!is_label_key(key)) {
            problems.push_back(
                {"", "", labels, Errc::Invalid, "\"" + key + "\" is not a label key"});
        }
        if (!is_label_value(value)) {
            problems.push_back({"", "", labels, Errc::Invalid,
                                "\"" + value + "\" is not a label value (key \"" + key + "\")"});
        }
    }
    for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
        const SelectorExpression& expression = selector.match_expressions[i];
        const std::string at = field + ".matchExpressions[" + std::to_string(i) + "]";
        if (!is_label_key(expression.key)) {
            problems.push_back({"", "", at + ".key", Errc::Invalid,
                                "\"" + expression.key + "\" is not a label key"});
        }
        validate_values(expression, at, problems);
    }
}

}  // namespace tierwall::kube
