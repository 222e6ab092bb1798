// SPDX-License-Identifier: Apache-2.0
#include "control/policy/selector.hpp"

#include <algorithm>

namespace tierwall::policy {
namespace {

template <typename T>
void sort_unique(std::vector<T>& items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
}

}  // namespace

bool matches(const Requirement& requirement, const Labels& labels) {
    const auto label = labels.find(requirement.key);
    const bool present = label != labels.end();
    const auto& values = requirement.values;
    const auto listed = [&] {
        return present && std::find(values.begin(), values.end(), label->second) != values.end();
    };
    switch (requirement.op) {
        case Operator::In: return listed();
        case Operator::NotIn: return !listed();
        case Operator::Exists: return present;
        case Operator::DoesNotExist: return !present;
    }
    return false;
}

bool matches(const Selector& selector, const Labels& labels) {
    return std::all_of(selector.requirements.begin(), selector.requirements.end(),
                       [&](const Requirement& each) { return matches(each, labels); });
}

void normalize(Selector& selector) {
    for (Requirement& requirement : selector.requirements) sort_unique(requirement.values);
    sort_unique(selector.requirements);
}

}  // namespace tierwall::policy
