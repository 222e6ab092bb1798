// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode_selector.hpp"

namespace tierwall::kube {

using document::Reader;

Labels decode_labels(const Reader& reader) {
    Labels labels;
    for (const auto& [key, value] : reader.members()) {
        if (auto text = value.text(); text || !value.present()) {
            labels.emplace(key, std::move(text).value_or(""));
        }
    }
    return labels;
}

std::vector<std::string> decode_strings(const Reader& reader) {
    std::vector<std::string> strings;
    for (const Reader& item : reader.items()) strings.push_back(item.text().value_or(""));
    return strings;
}

std::optional<LabelSelector> decode_selector(const Reader& reader) {
    if (!reader.present()) return std::nullopt;
    reader.allow_only({"matchLabels", "matchExpressions"});
    LabelSelector selector;
    if (!reader.is(document::Kind::Object)) return selector;
    selector.match_labels = decode_labels(reader.at("matchLabels"));
    for (const Reader& item : reader.at("matchExpressions").items()) {
        item.allow_only({"key", "operator", "values"});
        SelectorExpression expression;
        if (item.present() && item.is(document::Kind::Object)) {
            expression.key = item.at("key").text().value_or("");
            expression.op = item.at("operator").text().value_or("");
            expression.has_key = item.at("key").present();
            expression.has_op = item.at("operator").present();
            expression.values = decode_strings(item.at("values"));
        }
        selector.match_expressions.push_back(std::move(expression));
    }
    return selector;
}

}  // namespace tierwall::kube
