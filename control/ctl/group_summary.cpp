// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"

#include "control/ctl/name_ranges.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kWordsMax = 3;

/// Labels that say which copy it is, not what it is.
bool says_nothing(const std::string& key) {
    return key == "pod-template-hash" || key == "controller-revision-hash" ||
           key == "pod-template-generation" || key == "kubernetes.io/metadata.name";
}

void keep_common(const kube::Labels& labels, std::optional<kube::Labels>& common) {
    if (!common) {
        common = labels;
        std::erase_if(*common, [](const auto& label) { return says_nothing(label.first); });
        return;
    }
    std::erase_if(*common, [&](const auto& label) {
        const auto other = labels.find(label.first);
        return other == labels.end() || other->second != label.second;
    });
}

const kube::Labels* labels_of(const std::string& name,
                              std::span<const kube::Cluster* const> clusters) {
    for (const kube::Cluster* cluster : clusters) {
        const auto pod = cluster->pods.find(name);
        if (pod != cluster->pods.end()) return &pod->second.labels;
        const auto node = cluster->nodes.find(name);
        if (node != cluster->nodes.end()) return &node->second.labels;
    }
    return nullptr;
}

/// Values of labels that all have, where there are few of them.
class LabelValues {
public:
    void add(const kube::Labels& labels) {
        ++members_;
        for (const auto& [key, value] : labels) {
            if (says_nothing(key)) continue;
            Values& values = values_[key];
            ++values.members;
            if (values.words.size() <= kValuesMax) values.words.insert(value);
        }
    }
    /// "app=db", "app=db|web".
    std::string words() const {
        std::vector<std::string> out;
        for (const auto& [key, values] : values_) {
            if (values.members != members_ || values.words.size() > kValuesMax) continue;
            std::string word = key;
            char before = '=';
            for (const std::string& value : values.words) {
                word += before + value;
                before = '|';
            }
            out.push_back(std::move(word));
        }
        return some_of(out, kWordsMax);
    }

private:
    static constexpr std::size_t kValuesMax = 5;
    struct Values {
        std::size_t members = 0;
        std::set<std::string> words;
    };
    std::size_t members_ = 0;
    std::map<std::string, Values> values_;
};

std::string namespace_words(const std::set<std::string>& namespaces) {
    const std::string out = some_of(with_ranges({namespaces.begin(), namespaces.end()}), kWordsMax);
    const bool tells_all = namespaces.size() <= kWordsMax;
    return tells_all ? out : out + " (" + std::to_string(namespaces.size()) + " namespaces)";
}

GroupSummary of_blocks(std::span<const Block> blocks) {
    GroupSummary out;
    out.example = base::text(blocks.front().example);
    const bool is_world = std::all_of(blocks.begin(), blocks.end(),
                                      [](const Block& block) { return block.is_world; });
    out.kind = is_world ? "world" : "block";
    std::vector<std::string> words;
    for (const Block& block : blocks) {
        words.push_back(block.is_world ? "every other address" : base::text(block.prefix));
    }
    words.erase(std::unique(words.begin(), words.end()), words.end());
    out.who = some_of(words, kWordsMax);
    return out;
}

}  // namespace

void tell_families_apart(std::vector<GroupSummary>& summaries) {
    std::map<std::string, std::size_t> groups_of;
    for (const GroupSummary& summary : summaries) {
        for (const std::string& name : summary.names) ++groups_of[name];
    }
    for (GroupSummary& summary : summaries) {
        const bool shared = std::any_of(summary.names.begin(), summary.names.end(),
                                        [&](const auto& name) { return groups_of[name] > 1; });
        if (shared && !summary.family.empty()) summary.who += " (" + summary.family + ")";
    }
}

std::string some_of(const std::vector<std::string>& words, std::size_t words_max) {
    std::string out;
    for (std::size_t i = 0; i < words.size() && i < words_max; ++i) {
        out += (i == 0 ? "" : ", ") + words[i];
    }
    if (words.size() > words_max) {
        out += " and " + std::to_string(words.size() - words_max) + " more";
    }
    return out;
}

GroupSummary summarize(std::span<const Member> members, std::span<const Block> blocks,
                       std::span<const kube::Cluster* const> clusters) {
    if (members.empty()) return of_blocks(blocks);
    GroupSummary out;
    std::optional<kube::Labels> common;
    LabelValues values;
    bool has_pods = false;
    for (const Member& member : members) {
        for (const std::string& name : member.owners) {
            if (name.empty() || !out.names.insert(name).second) continue;
            if (out.example.empty()) out.example = name;
            const std::size_t slash = name.find('/');
            has_pods = has_pods || slash != std::string::npos;
            if (slash != std::string::npos) out.namespaces.insert(name.substr(0, slash));
            const kube::Labels* labels = labels_of(name, clusters);
            keep_common(labels != nullptr ? *labels : kube::Labels{}, common);
            values.add(labels != nullptr ? *labels : kube::Labels{});
        }
    }
    const bool is_v4 = members.front().address.is_v4();
    if (std::all_of(members.begin(), members.end(),
                    [is_v4](const Member& member) { return member.address.is_v4() == is_v4; })) {
        out.family = is_v4 ? "IPv4" : "IPv6";
    }
    out.kind = has_pods ? "pods" : "nodes";
    out.size = out.names.size();
    out.labels = common.value_or(kube::Labels{});
    const std::string labels = values.words();
    out.who = has_pods ? namespace_words(out.namespaces) : "nodes";
    if (!labels.empty()) out.who += ": " + labels;
    if (!blocks.empty()) out.who += ", " + of_blocks(blocks).who;
    return out;
}

std::vector<std::string> texts(const std::vector<base::Prefix>& blocks) {
    std::vector<std::string> out;
    for (const base::Prefix& block : blocks) out.push_back(base::text(block));
    return out;
}

std::string left_out_words(const std::vector<base::Prefix>& blocks, const char* because) {
    if (blocks.empty()) return "";
    return std::string("Not among them, because ") + because + ": " +
           some_of(texts(blocks), kWordsMax) + "\n";
}

}  // namespace tierwall::ctl
