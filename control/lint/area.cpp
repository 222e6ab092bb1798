// SPDX-License-Identifier: Apache-2.0
#include "control/lint/area.hpp"

#include <algorithm>

namespace tierwall::lint {
Area::Area(const policy::PodSet& set, const KnownNamespaces& known) : pods_(set.pods) {
    if (set.namespace_name.empty()) {
        selector_ = set.namespaces;
    } else {
        selector_.requirements.push_back({kNameLabel, policy::Operator::In, {set.namespace_name}});
    }
    namespaces_ = LabelSet(selector_);
    namespaces_.require({kNameLabel, policy::Operator::Exists, {}});
    const std::set<std::string>* named = names();
    if (named == nullptr) return;
    resolved_ = std::all_of(named->begin(), named->end(),
                            [&known](const std::string& name) { return known.contains(name); });
    if (!resolved_) return;
    for (const std::string& name : *named) {
        if (has_namespace(*known.at(name))) known_.push_back(known.at(name));
    }
}

bool Area::has_namespace(const kube::Labels& labels) const { return matches(selector_, labels); }

bool Area::empty() const {
    return namespaces_.empty() || pods_.empty() || (resolved_ && known_.empty());
}

const std::set<std::string>* Area::names() const { return namespaces_.values_of(kNameLabel); }

bool Area::inside(const Area& other) const {
    if (empty()) return true;
    const bool right_namespace =
        resolved_ ? std::all_of(known_.begin(), known_.end(),
                                [&](const auto* labels) { return other.has_namespace(*labels); })
                  : namespaces_.inside(other.namespaces_);
    return right_namespace && pods_.inside(other.pods_);
}

bool Area::meets(const Area& other) const {
    if (empty() || other.empty() || !pods_.meets(other.pods_)) return false;
    if (!resolved_)
        return other.resolved_ ? other.meets(*this) : namespaces_.meets(other.namespaces_);
    return std::any_of(known_.begin(), known_.end(),
                       [&](const auto* labels) { return other.has_namespace(*labels); });
}

Area::Example Area::example(const Area& other) const {
    if (!resolved_ && other.resolved_) return other.example(*this);
    Example out;
    out.labels = pods_.common(other.pods_).example();
    if (!resolved_) {
        out.namespace_labels = namespaces_.common(other.namespaces_).example();
        return out;
    }
    const auto shared = std::find_if(known_.begin(), known_.end(), [&](const auto* labels) {
        return other.has_namespace(*labels);
    });
    if (shared != known_.end()) out.namespace_labels = **shared;
    return out;
}

}  // namespace tierwall::lint
