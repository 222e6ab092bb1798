// SPDX-License-Identifier: Apache-2.0
#include "control/lint/area.hpp"

#include <algorithm>

namespace tierwall::lint {
Area::Area(const policy::PodSet& set, const KnownNamespaces& known) : pods_(set.pods) {
    if (set.namespace_name.empty()) {
        selected_ = LabelSet(set.namespaces);
    } else {
        selected_.require({kNameLabel, policy::Operator::In, {set.namespace_name}});
    }
    namespaces_ = selected_;
    namespaces_.require({kNameLabel, policy::Operator::Exists, {}});
    const std::set<std::string>* named = namespaces_.values_of(kNameLabel);
    resolved_ =
        named != nullptr && std::all_of(named->begin(), named->end(),
                                        [&](const auto& name) { return known.contains(name); });
    if (resolved_) {
        for (const std::string& name : *named) {
            if (has_namespace(*known.at(name))) known_.push_back(known.at(name));
        }
    }
    empty_ = namespaces_.empty() || pods_.empty() || (resolved_ && known_.empty());
    keys_ = 1 + namespaces_.keys() + pods_.keys();
    weight_ = 1 + namespaces_.weight() + pods_.weight();
}

std::uint64_t Area::cost(const Area& other) const {
    return weight_ + other.weight_ + known_.size() * other.keys_ + other.known_.size() * keys_;
}

bool Area::holds(const kube::Labels& namespace_labels, const kube::Labels& labels) const {
    return has_namespace(namespace_labels) && pods_.holds(labels);
}

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
