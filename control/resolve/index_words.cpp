// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/index_words.hpp"

namespace tierwall::resolve {

std::string index_word(const std::string& key, const std::string& value) {
    return key + '=' + value;
}

std::vector<std::string> index_words(const policy::Selector& selector) {
    const policy::Requirement* best = nullptr;
    for (const policy::Requirement& requirement : selector.requirements) {
        if (requirement.op != policy::Operator::In) continue;
        if (best == nullptr || requirement.values.size() < best->values.size()) {
            best = &requirement;
        }
    }
    std::vector<std::string> words;
    if (best == nullptr) return words;
    for (const std::string& value : best->values) words.push_back(index_word(best->key, value));
    return words;
}

}  // namespace tierwall::resolve
