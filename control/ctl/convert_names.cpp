// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_names.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>

namespace tierwall::ctl {

namespace {

constexpr std::size_t kNameCharactersMax = 253;
constexpr std::size_t kNameLabelMax = 63;

constexpr std::string_view kOfNoNamespace[] = {"Namespace", "Node", "ClusterNetworkPolicy",
                                               "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"};

std::string text_in(const nlohmann::ordered_json& json, const char* key) {
    const bool is_text = json.is_object() && json.contains(key) && json[key].is_string();
    return is_text ? json[key].get<std::string>() : std::string();
}

/// NetworkPolicies were in other groups once, and are the same objects.
std::string group_of(const nlohmann::ordered_json& document, const std::string& kind) {
    const std::string version = text_in(document, "apiVersion");
    const bool was_elsewhere = kind == "NetworkPolicy" && (version.starts_with("extensions/") ||
                                                           version.starts_with("net.alpha."));
    if (was_elsewhere) return "networking.k8s.io";
    const std::size_t slash = version.find('/');
    return slash == std::string::npos ? "" : version.substr(0, slash);
}

bool ends_as_a_name_may(const std::string& name) {
    return name.empty() || std::isalnum(static_cast<unsigned char>(name.back())) != 0;
}

}  // namespace

std::string ObjectIdentity::path() const {
    return kind + "/" + (space.empty() ? "" : space + "/") + name;
}

std::optional<ObjectIdentity> identity_of(const nlohmann::ordered_json& document) {
    const std::string kind = text_in(document, "kind");
    const bool described = document.is_object() && document.contains("metadata");
    const std::string name = described ? text_in(document["metadata"], "name") : "";
    if (kind.empty() || name.empty()) return std::nullopt;
    ObjectIdentity identity{group_of(document, kind), kind, "", name};
    if (std::find(std::begin(kOfNoNamespace), std::end(kOfNoNamespace), kind) ==
        std::end(kOfNoNamespace)) {
        const std::string space = text_in(document["metadata"], "namespace");
        identity.space = space.empty() ? "default" : space;
    }
    return identity;
}

std::string numbered_name(const std::string& name, std::size_t number) {
    const std::string suffix = "-" + std::to_string(number);
    std::string kept = name.substr(0, kNameCharactersMax - suffix.size());
    while (!ends_as_a_name_may(kept)) kept.pop_back();
    const std::size_t dot = kept.rfind('.');
    const std::size_t label = dot == std::string::npos ? 0 : dot + 1;
    kept.resize(std::min(kept.size(), label + kNameLabelMax - suffix.size()));
    while (!ends_as_a_name_may(kept)) kept.pop_back();
    return kept + suffix;
}

const std::string* TakenNames::take(const ObjectIdentity& identity, const std::string& owner) {
    const auto [entry, fresh] = owners_.try_emplace(identity, owner);
    return fresh ? nullptr : &entry->second;
}

std::string TakenNames::take_free(ObjectIdentity identity, std::size_t first_number,
                                  const std::string& owner) {
    const std::string wanted = identity.name;
    for (std::size_t number = first_number;; ++number) {
        identity.name = number == 1 ? wanted : numbered_name(wanted, number);
        if (take(identity, owner) == nullptr) return identity.name;
    }
}

std::string TakenNames::owner(const ObjectIdentity& identity) const {
    const auto found = owners_.find(identity);
    return found == owners_.end() ? "" : found->second;
}

}  // namespace tierwall::ctl
