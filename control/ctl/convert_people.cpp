// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_people.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;
using LabelMap = std::map<std::string, std::string>;

constexpr std::size_t kSpacesMax = 16;  ///< and as many again that are given
constexpr std::size_t kKindsMax = 16;   ///< of pods in a namespace
constexpr std::size_t kMergedMax = 4;
constexpr std::size_t kNodesMax = 16;
constexpr std::size_t kPortNamesMax = 32;
constexpr std::size_t kNameMax = 63;
constexpr int kFirstPort = 20001;
constexpr const char* kNameLabel = "kubernetes.io/metadata.name";

Json in(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) ? json[key] : Json();
}
std::string words_in(const Json& json, const char* key) {
    const Json value = in(json, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

void add_texts(const Json& json, LabelMap& out) {
    if (!json.is_object()) return;
    for (const auto& [key, value] : json.items()) {
        if (value.is_string()) out.try_emplace(key, value.get<std::string>());
    }
}

/// Labels that a selector selects, as few as will do. The oldest selectors are labels themselves.
LabelMap satisfying(const Json& selector) {
    LabelMap out;
    const bool is_old = !selector.contains("matchLabels") && !selector.contains("matchExpressions");
    add_texts(is_old ? selector : in(selector, "matchLabels"), out);
    const Json expressions = in(selector, "matchExpressions");
    if (!expressions.is_array()) return out;
    for (const Json& each : expressions) {
        const std::string key = words_in(each, "key");
        const Json values = in(each, "values");
        const bool one_of = words_in(each, "operator") == "In" && values.is_array() &&
                            !values.empty() && values.front().is_string();
        if (one_of) out.try_emplace(key, values.front().get<std::string>());
        if (words_in(each, "operator") == "Exists") out.try_emplace(key, "x");
    }
    return out;
}

/// Whoever some selector asks for.
class Wanted {
public:
    void read(const Json& json, const std::string& key) {
        if (json.is_array()) {
            for (const Json& each : json) read(each, key);
        }
        note_port(json, key);
        if (!json.is_object()) return;
        std::vector<LabelMap>* list = list_of(key);
        const bool is_selector =
            list != nullptr && !json.contains("podSelector") && !json.contains("namespaceSelector");
        if (is_selector) return list->push_back(satisfying(json));
        for (const auto& [name, value] : json.items()) read(value, name);
    }

    std::vector<LabelMap> spaces{{}};
    std::vector<LabelMap> pods{{}};
    std::vector<LabelMap> nodes{{}};
    std::set<std::string> ports;

private:
    std::vector<LabelMap>* list_of(const std::string& key) {
        if (key == "namespaces" || key == "namespaceSelector") return &spaces;
        if (key == "pods" || key == "podSelector") return &pods;
        return key == "nodes" ? &nodes : nullptr;
    }
    void note_port(const Json& json, const std::string& key) {
        const bool names = key == "namedPort" || key == "destinationNamedPort" || key == "port";
        if (names && json.is_string() && ports.size() < kPortNamesMax) {
            ports.insert(json.get<std::string>());
        }
    }
};

bool add_where_possible(const LabelMap& more, LabelMap& out) {
    const bool fits = std::all_of(more.begin(), more.end(), [&](const auto& label) {
        const auto known = out.find(label.first);
        return known == out.end() || known->second == label.second;
    });
    if (fits) out.insert(more.begin(), more.end());
    return fits;
}

/// Each once, and as many together as go together: policies that overlap meet in somebody.
std::vector<LabelMap> alone_and_together(std::vector<LabelMap> alone, std::size_t most) {
    std::vector<LabelMap> together;
    for (const LabelMap& each : alone) {
        const bool fitted = std::any_of(together.begin(), together.end(), [&](LabelMap& merged) {
            return add_where_possible(each, merged);
        });
        if (!fitted && together.size() < kMergedMax) together.push_back(each);
    }
    std::vector<LabelMap> out;
    for (auto* list : {&together, &alone}) {
        for (LabelMap& each : *list) {
            const bool known = std::find(out.begin(), out.end(), each) != out.end();
            if (!known && out.size() < most) out.push_back(std::move(each));
        }
    }
    return out;
}

Json metadata(const std::string& name, const LabelMap& labels) {
    Json out{{"name", name}};
    if (!labels.empty()) out["labels"] = labels;
    return out;
}

/// Of a namespace. No other one exists, whoever asks for it.
bool is_name(const std::string& text) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !text.empty() && text.size() <= kNameMax && text.front() != '-' && text.back() != '-' &&
           text.find_first_not_of(kLetters) == std::string::npos;
}

class Inventor {
public:
    Inventor(Wanted wanted, const Documents& given) : wanted_(std::move(wanted)) {
        for (const Json& document : given) note_given(document);
    }

    Documents invent() {
        add_nodes();
        add_spaces();
        for (const std::string& space : spaces_) {
            for (const LabelMap& labels : alone_and_together(wanted_.pods, kKindsMax)) {
                add_pod(space, labels);
            }
        }
        return std::move(out_);
    }

private:
    /// Pods are invented where a policy is, too.
    void note_given(const Json& document) {
        const std::string kind = words_in(document, "kind");
        const std::string name = words_in(in(document, "metadata"), "name");
        const std::string space = words_in(in(document, "metadata"), "namespace");
        if (kind == "Namespace") {
            given_.insert(name);
            add_space(name);
        } else if (kind == "NetworkPolicy") {
            add_space(space.empty() ? "default" : space);
        }
    }
    void add_space(const std::string& name) {
        if (is_name(name) && spaces_.size() < kSpacesMax) spaces_.insert(name);
    }
    void add_nodes() {
        for (const LabelMap& labels : alone_and_together(wanted_.nodes, kNodesMax)) {
            const std::string name = "invented-" + std::to_string(++nodes_);
            const std::string number = std::to_string(nodes_);
            const Json addresses{{{"type", "InternalIP"}, {"address", "198.18.255." + number}},
                                 {{"type", "InternalIP"}, {"address", "fd7e:1e55::ff:" + number}}};
            out_.push_back(Json{{"apiVersion", "v1"},
                                {"kind", "Node"},
                                {"metadata", metadata(name, labels)},
                                {"status", {{"addresses", addresses}}}});
        }
    }
    void add_spaces() {
        std::set<std::string> made;
        for (const LabelMap& labels : alone_and_together(wanted_.spaces, kSpacesMax)) {
            const auto named = labels.find(kNameLabel);
            const std::string name = named != labels.end()
                                         ? named->second
                                         : "invented-" + std::to_string(made.size() + 1);
            if (!is_name(name) || given_.contains(name) || !made.insert(name).second) continue;
            spaces_.insert(name);
            LabelMap own = labels;
            own[kNameLabel] = name;
            out_.push_back(Json{
                {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", metadata(name, own)}});
        }
    }
    void add_pod(const std::string& space, const LabelMap& labels) {
        const std::string number = std::to_string(++pods_);
        Json about = metadata("invented-" + number, labels);
        about["namespace"] = space;
        Json ports = Json::array();
        for (const std::string& name : wanted_.ports) {
            ports.push_back({{"name", name},
                             {"containerPort", kFirstPort + static_cast<int>(ports.size())},
                             {"protocol", pods_ % 2 == 0 ? "UDP" : "TCP"}});
        }
        const std::string node = "invented-" + std::to_string(1 + pods_ % nodes_);
        const Json addresses{
            {{"ip", "198.18." + std::to_string(pods_ / 250) + "." + std::to_string(pods_ % 250)}},
            {{"ip", "fd7e:1e55::" + number}}};
        out_.push_back(Json{
            {"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", std::move(about)},
            {"spec",
             {{"nodeName", node}, {"containers", {{{"name", "c"}, {"ports", std::move(ports)}}}}}},
            {"status", {{"phase", "Running"}, {"podIPs", addresses}}}});
    }

    Wanted wanted_;
    std::set<std::string> given_;
    std::set<std::string> spaces_;
    std::size_t nodes_ = 0;
    std::size_t pods_ = 0;
    Documents out_;
};

}  // namespace

Documents invented_people(const Documents& given) {
    Wanted wanted;
    for (const Json& document : given) {
        if (words_in(document, "kind").ends_with("NetworkPolicy")) {
            wanted.read(in(document, "spec"), "spec");
        }
    }
    return Inventor(std::move(wanted), given).invent();
}

}  // namespace tierwall::ctl
