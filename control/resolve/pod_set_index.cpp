// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/pod_set_index.hpp"

#include "control/policy/selector.hpp"
#include "control/resolve/index_words.hpp"

namespace tierwall::resolve {
namespace {

// The first letter keeps words of different origin apart: s = pods of one namespace, n = label of
// the namespace, p = label of the pod, a = every pod. A namespace's name has no slash.
std::string scoped(const std::string& namespace_name, const std::string& word) {
    return "s" + namespace_name + "/" + word;
}

std::vector<std::string> words_of(const policy::PodSet& set) {
    std::vector<std::string> words;
    const std::vector<std::string> labels = index_words(set.pods);
    if (!set.namespace_name.empty()) {
        for (const std::string& word : labels) words.push_back(scoped(set.namespace_name, word));
        if (labels.empty()) words.push_back(scoped(set.namespace_name, ""));
        return words;
    }
    for (const std::string& word : index_words(set.namespaces)) words.push_back("n" + word);
    if (!words.empty()) return words;
    for (const std::string& word : labels) words.push_back("p" + word);
    if (words.empty()) words.emplace_back("a");
    return words;
}

}  // namespace

bool contains(const policy::PodSet& set, const PodTraits& pod) {
    const bool right_namespace = set.namespace_name.empty()
                                     ? matches(set.namespaces, pod.namespace_labels)
                                     : set.namespace_name == pod.namespace_name;
    return right_namespace && matches(set.pods, pod.labels);
}

void PodSetIndex::add(TermId id, const policy::PodSet& set) {
    for (const std::string& word : words_of(set)) by_word_.add(word, id);
}

void PodSetIndex::remove(TermId id, const policy::PodSet& set) {
    for (const std::string& word : words_of(set)) by_word_.remove(word, id);
}

void PodSetIndex::check(const std::string& word, const PodTraits& pod,
                        std::vector<TermId>& found) const {
    for (const TermId id : by_word_.of(word)) {
        if (contains(std::get<policy::PodSet>(terms_.at(id)), pod)) found.push_back(id);
    }
}

void PodSetIndex::find(const PodTraits& pod, std::vector<TermId>& found) const {
    check("a", pod, found);
    check(scoped(pod.namespace_name, ""), pod, found);
    for (const auto& [key, value] : pod.labels) {
        const std::string word = index_word(key, value);
        check(scoped(pod.namespace_name, word), pod, found);
        check("p" + word, pod, found);
    }
    for (const auto& [key, value] : pod.namespace_labels) {
        check("n" + index_word(key, value), pod, found);
    }
}

}  // namespace tierwall::resolve
