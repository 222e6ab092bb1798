// SPDX-License-Identifier: Apache-2.0
#include "control/lint/pod_sets.hpp"

#include "control/resolve/index_words.hpp"

#include <algorithm>

namespace tierwall::lint {
namespace {

using Words = std::vector<std::string>;

// The first letter keeps words of different origin apart: s = pods of one namespace, n = label of
// the namespace, p = label of the pod, a = every pod. A namespace's name has no slash.
constexpr const char* kEveryPod = "a";

std::string in_namespace(const std::string& name, const std::string& word) {
    return "s" + name + "/" + word;
}

Words words_of(const policy::PodSet& set) {
    Words words = resolve::index_words(set.pods);
    if (!set.namespace_name.empty()) {
        if (words.empty()) words.emplace_back();
        for (std::string& word : words) word = in_namespace(set.namespace_name, word);
        return words;
    }
    Words spaces = resolve::index_words(set.namespaces);
    for (std::string& word : spaces) word.insert(0, 1, 'n');
    if (!spaces.empty()) return spaces;
    for (std::string& word : words) word.insert(0, 1, 'p');
    if (words.empty()) words.emplace_back(kEveryPod);
    return words;
}

}  // namespace

SetNumber PodSets::add(const policy::PodSet& set) {
    const auto number = static_cast<SetNumber>(sets_.size());
    const auto [entry, added] = numbers_.try_emplace(&set, number);
    places_.emplace(&set, entry->second);
    if (!added) return entry->second;
    sets_.push_back(&set);
    areas_.emplace_back(set, known_);
    for (const std::string& word : words_of(set)) by_word_[word].push_back(number);
    return number;
}

std::optional<SetNumber> PodSets::find(const policy::PodSet& set) const {
    if (const auto place = places_.find(&set); place != places_.end()) return place->second;
    const auto entry = numbers_.find(&set);
    if (entry == numbers_.end()) return std::nullopt;
    return entry->second;
}

bool PodSets::holds(SetNumber number, const resolve::PodTraits& pod) const {
    const std::string& name = sets_[number]->namespace_name;
    const Area& area = areas_[number];
    return name.empty() ? area.holds(pod.namespace_labels, pod.labels)
                        : name == pod.namespace_name && area.holds(pod.labels);
}

void PodSets::check(const std::string& word, const resolve::PodTraits& pod, Budget& budget,
                    std::vector<SetNumber>& found) const {
    const auto numbers = by_word_.find(word);
    if (numbers == by_word_.end()) return;
    for (const SetNumber number : numbers->second) {
        if (!budget.spend(areas_[number].keys())) return;
        if (holds(number, pod)) found.push_back(number);
    }
}

std::vector<SetNumber> PodSets::holding(const resolve::PodTraits& pod, Budget& budget) const {
    std::vector<SetNumber> found;
    check(kEveryPod, pod, budget, found);
    check(in_namespace(pod.namespace_name, ""), pod, budget, found);
    for (const auto& [key, value] : pod.labels) {
        const std::string word = resolve::index_word(key, value);
        check(in_namespace(pod.namespace_name, word), pod, budget, found);
        check("p" + word, pod, budget, found);
    }
    for (const auto& [key, value] : pod.namespace_labels) {
        check("n" + resolve::index_word(key, value), pod, budget, found);
    }
    budget.spend(1 + pod.labels.size() + pod.namespace_labels.size());
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<SetNumber> PodSets::around(SetNumber number, Budget& budget) const {
    const Area& area = areas_[number];
    budget.spend(area.cost(area));
    const Area::Example example = area.example(area);
    const auto name = example.namespace_labels.find(kNameLabel);
    const std::string space = name == example.namespace_labels.end() ? "" : name->second;
    return holding({space, example.namespace_labels, example.labels}, budget);
}

}  // namespace tierwall::lint
