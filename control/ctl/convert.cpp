// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAnnotation = "net.beta.kubernetes.io/network-policy";

std::string word(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string()
               ? json[key].get<std::string>()
               : std::string();
}

Json part(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) ? json[key] : Json();
}

/// Does the namespace's annotation say that nothing comes in unless a policy allows it?
base::Result<bool> is_isolated(const Json& document) {
    const Json annotations = part(part(document, "metadata"), "annotations");
    const std::string text = word(annotations, kAnnotation);
    if (text.empty()) return false;
    const Json value = Json::parse(text, nullptr, false);
    const std::string isolation = word(part(value, "ingress"), "isolation");
    if (isolation == "DefaultDeny") return true;
    if (isolation.empty() && value.is_object()) return false;
    return base::Error{base::Errc::NotSupported,
                       object_path(document) + " metadata.annotations[" + kAnnotation + "]",
                       "is not understood: " + text};
}

Json isolating_policy(const std::string& space) {
    return {{"apiVersion", "networking.k8s.io/v1"},
            {"kind", "NetworkPolicy"},
            {"metadata", {{"name", "default-deny"}, {"namespace", space}}},
            {"spec", {{"podSelector", Json::object()}, {"policyTypes", {"Ingress"}}}}};
}

Json without_annotation(Json document) {
    Json& metadata = document["metadata"];
    metadata["annotations"].erase(kAnnotation);
    if (metadata["annotations"].empty()) metadata.erase("annotations");
    return document;
}

/// What of all documents matters for each of them.
struct Surroundings {
    std::set<std::string> isolated;                               ///< namespaces
    std::map<std::string, std::vector<std::int64_t>> priorities;  ///< by tier
    std::set<std::string> names;  ///< of ClusterNetworkPolicies that are there or will be
};

std::string tier_of(const Json& document) {
    const std::string kind = word(document, "kind");
    if (kind == "AdminNetworkPolicy") return "Admin";
    if (kind == "BaselineAdminNetworkPolicy") return "Baseline";
    return kind == "ClusterNetworkPolicy" ? word(part(document, "spec"), "tier") : "";
}

base::Result<Surroundings> look_around(const std::vector<Json>& documents) {
    Surroundings out;
    for (const Json& document : documents) {
        if (word(document, "kind") == "Namespace") {
            TW_TRY(isolated, is_isolated(document));
            if (isolated) out.isolated.insert(word(part(document, "metadata"), "name"));
        }
        const std::string tier = tier_of(document);
        if (tier.empty()) continue;
        const Json priority = part(part(document, "spec"), "priority");
        if (priority.is_number_integer()) {
            out.priorities[tier].push_back(priority.get<std::int64_t>());
        }
        if (word(document, "kind") == "ClusterNetworkPolicy") {
            out.names.insert(word(part(document, "metadata"), "name"));
        }
    }
    return out;
}

class Converter {
public:
    explicit Converter(Surroundings around) : around_(std::move(around)) {}

    base::Status add(const Json& document, std::size_t source) {
        if (is_admin_policy(document)) return add_admin_policy(document, source);
        if (is_old_network_policy(document)) return add_old_policy(document, source);
        const std::string name = word(part(document, "metadata"), "name");
        if (word(document, "kind") != "Namespace" || !around_.isolated.contains(name)) {
            out_.documents.push_back({document, source, false, false});
            return base::Done{};
        }
        out_.documents.push_back({without_annotation(document), source, false, false});
        out_.documents.push_back({isolating_policy(name), source, true, true});
        return base::Done{};
    }
    Conversion take() { return std::move(out_); }

private:
    base::Status add_admin_policy(const Json& document, std::size_t source) {
        std::vector<std::int64_t>& taken = around_.priorities[tier_of(document)];
        TW_TRY(made, convert_admin_policy(document, taken));
        for (Json& each : made) {
            taken.push_back(each["spec"]["priority"].get<std::int64_t>());
            const std::string name = word(each["metadata"], "name");
            if (!around_.names.insert(name).second) {
                return base::Error{base::Errc::Duplicate, object_path(document) + " metadata.name",
                                   "ClusterNetworkPolicy/" + name + " would be there twice"};
            }
            out_.documents.push_back({std::move(each), source, true, false});
        }
        if (made.size() > 1) {
            out_.notes.push_back(object_path(document) + ": has become " +
                                 std::to_string(made.size()) + " policies");
        }
        return base::Done{};
    }

    base::Status add_old_policy(const Json& document, std::size_t source) {
        const std::string space = word(part(document, "metadata"), "namespace");
        const bool annotated = !around_.isolated.empty();
        if (annotated && !around_.isolated.contains(space.empty() ? "default" : space)) {
            out_.notes.push_back(object_path(document) +
                                 ": left out, it has no effect in a namespace that no annotation "
                                 "isolates");
            return base::Done{};
        }
        TW_TRY(made, convert_old_network_policy(document, annotated));
        for (Json& each : made) out_.documents.push_back({std::move(each), source, true, true});
        return base::Done{};
    }

    Surroundings around_;
    Conversion out_;
};

}  // namespace

std::string object_path(const Json& document) {
    const Json metadata = part(document, "metadata");
    const std::string space = word(metadata, "namespace");
    return word(document, "kind") + "/" + (space.empty() ? "" : space + "/") +
           word(metadata, "name");
}

Json written_metadata(const Json& document) {
    Json out = part(document, "metadata");
    if (!out.is_object()) return Json::object();
    for (const char* key : {"uid", "resourceVersion", "generation", "creationTimestamp",
                            "managedFields", "selfLink"}) {
        out.erase(key);
    }
    if (out.contains("annotations") && out["annotations"].is_object()) {
        // It holds the object as it was before.
        out["annotations"].erase("kubectl.kubernetes.io/last-applied-configuration");
        if (out["annotations"].empty()) out.erase("annotations");
    }
    return out;
}

bool is_admin_policy(const Json& document) {
    const std::string kind = word(document, "kind");
    return word(document, "apiVersion") == "policy.networking.k8s.io/v1alpha1" &&
           (kind == "AdminNetworkPolicy" || kind == "BaselineAdminNetworkPolicy");
}

bool is_old_network_policy(const Json& document) {
    if (word(document, "kind") != "NetworkPolicy") return false;
    const std::string version = word(document, "apiVersion");
    return version == "extensions/v1beta1" || version.starts_with("net.alpha.kubernetes.io/") ||
           part(document, "spec").contains("allowIncoming");
}

base::Result<Conversion> convert(const std::vector<Json>& documents) {
    TW_TRY(around, look_around(documents));
    Converter converter(std::move(around));
    for (std::size_t i = 0; i < documents.size(); ++i) {
        TW_TRY(added, converter.add(documents[i], i));
    }
    return converter.take();
}

}  // namespace tierwall::ctl
