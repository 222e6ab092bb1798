// SPDX-License-Identifier: Apache-2.0
#include "control/lint/label_set.hpp"

#include <algorithm>
#include <iterator>

namespace tierwall::lint {
namespace {

using Texts = std::set<std::string>;

Texts both(const Texts& a, const Texts& b) {
    Texts out;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
    return out;
}

Texts either(const Texts& a, const Texts& b) {
    Texts out = a;
    out.insert(b.begin(), b.end());
    return out;
}

Texts minus(const Texts& a, const Texts& b) {
    Texts out;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
    return out;
}

bool is_part(const Texts& a, const Texts& b) {
    return std::includes(b.begin(), b.end(), a.begin(), a.end());
}

bool are_apart(const Texts& a, const Texts& b) {
    const Texts& fewer = a.size() < b.size() ? a : b;
    const Texts& more = &fewer == &a ? b : a;
    return std::none_of(fewer.begin(), fewer.end(),
                        [&more](const std::string& each) { return more.contains(each); });
}

}  // namespace

LabelSet::Values LabelSet::values(const policy::Requirement& requirement) {
    const Texts listed(requirement.values.begin(), requirement.values.end());
    switch (requirement.op) {
        case policy::Operator::In: return {false, false, listed};
        case policy::Operator::NotIn: return {true, true, listed};
        case policy::Operator::Exists: return {false, true, {}};
        case policy::Operator::DoesNotExist: return {true, false, {}};
    }
    return {};
}

bool LabelSet::Values::inside(const Values& other) const {
    if (absent && !other.absent) return false;
    if (others) return other.others && is_part(other.listed, listed);
    return other.others ? are_apart(listed, other.listed) : is_part(listed, other.listed);
}

bool LabelSet::Values::meets(const Values& other) const {
    if ((absent && other.absent) || (others && other.others)) return true;
    if (others) return !is_part(other.listed, listed);
    return other.others ? !is_part(listed, other.listed) : !are_apart(listed, other.listed);
}

LabelSet::Values LabelSet::Values::common(const Values& other) const {
    Values out;
    out.absent = absent && other.absent;
    out.others = others && other.others;
    if (out.others) {
        out.listed = either(listed, other.listed);
    } else if (others) {
        out.listed = minus(other.listed, listed);
    } else {
        out.listed = other.others ? minus(listed, other.listed) : both(listed, other.listed);
    }
    return out;
}

LabelSet::LabelSet(const policy::Selector& selector) {
    for (const policy::Requirement& each : selector.requirements) require(each);
}

void LabelSet::require(const policy::Requirement& requirement) {
    Values& now = keys_[requirement.key];
    now = now.common(values(requirement));
}

bool LabelSet::empty() const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [](const auto& entry) { return entry.second.empty(); });
}

bool LabelSet::inside(const LabelSet& other) const {
    if (empty()) return true;
    return std::all_of(other.keys_.begin(), other.keys_.end(), [this](const auto& entry) {
        const auto own = keys_.find(entry.first);
        return (own == keys_.end() ? Values{} : own->second).inside(entry.second);
    });
}

LabelSet LabelSet::common(const LabelSet& other) const {
    LabelSet out = *this;
    for (const auto& [key, values] : other.keys_) {
        Values& now = out.keys_[key];
        now = now.common(values);
    }
    return out;
}

bool LabelSet::meets(const LabelSet& other) const {
    if (empty() || other.empty()) return false;
    const auto& fewer = keys_.size() < other.keys_.size() ? keys_ : other.keys_;
    const auto& more = &fewer == &keys_ ? other.keys_ : keys_;
    return std::all_of(fewer.begin(), fewer.end(), [&more](const auto& entry) {
        const auto same = more.find(entry.first);
        return same == more.end() || entry.second.meets(same->second);
    });
}

bool LabelSet::holds(const policy::Labels& labels) const {
    return std::all_of(keys_.begin(), keys_.end(), [&labels](const auto& entry) {
        const Values& values = entry.second;
        const auto label = labels.find(entry.first);
        if (label == labels.end()) return values.absent;
        return values.others != values.listed.contains(label->second);
    });
}

std::size_t LabelSet::weight() const {
    std::size_t sum = keys_.size();
    for (const auto& [key, values] : keys_) sum += values.listed.size();
    return sum;
}

policy::Labels LabelSet::example() const {
    policy::Labels labels;
    for (const auto& [key, values] : keys_) {
        if (values.absent) continue;
        std::string value = values.others ? "other" : *values.listed.begin();
        while (values.others && values.listed.contains(value)) value += "s";
        labels.emplace(key, std::move(value));
    }
    return labels;
}

const std::set<std::string>* LabelSet::values_of(const std::string& key) const {
    const auto own = keys_.find(key);
    if (own == keys_.end() || own->second.absent || own->second.others) return nullptr;
    return &own->second.listed;
}

}  // namespace tierwall::lint
