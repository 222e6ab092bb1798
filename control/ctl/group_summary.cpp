// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/group_summary.hpp"

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

std::string label_words(const kube::Labels& labels) {
    std::vector<std::string> words;
    for (const auto& [key, value] : labels) words.push_back(key + "=" + value);
    return some_of(words, kWordsMax);
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
    const std::vector<std::string> spaces(out.namespaces.begin(), out.namespaces.end());
    const std::string labels = label_words(out.labels);
    out.who = has_pods ? some_of(spaces, kWordsMax) : "nodes";
    if (!labels.empty()) out.who += ": " + labels;
    if (!blocks.empty()) out.who += ", " + of_blocks(blocks).who;
    return out;
}

}  // namespace tierwall::ctl
