// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert.hpp"

#include "control/ctl/convert_names.hpp"
#include "control/ctl/convert_order.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

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

/// Priorities that policies have, by tier.
std::map<std::string, std::vector<std::int64_t>> priorities_in(const std::vector<Json>& documents) {
    std::map<std::string, std::vector<std::int64_t>> out;
    for (const Json& document : documents) {
        const std::string tier = tier_of(document);
        const auto priority = priority_of(document);
        if (!tier.empty() && priority) out[tier].push_back(*priority);
    }
    return out;
}

class Converter {
public:
    Converter(const std::vector<Json>& documents, std::span<const std::string> places,
              std::set<std::string> isolated)
        : documents_(documents),
          places_(places),
          isolated_(std::move(isolated)),
          priorities_(priorities_in(documents)) {}

    base::Result<Conversion> convert_all() {
        for (std::size_t i = 0; i < documents_.size(); ++i) {
            TW_TRY(first, claim(i));
            if (!first) continue;
            TW_TRY(added, add(i));
        }
        name_the_new();
        TW_TRY(ordered, check_order(documents_, out_));
        return std::move(out_);
    }

private:
    /// Made of a document: the name that it wants, and with which number.
    struct Unnamed {
        std::size_t place = 0;  ///< in the result
        int rank = 0;           ///< who may choose first
        std::string name;
        std::size_t number = 1;
    };

    std::string label(std::size_t i) const {
        const std::string where = i < places_.size() ? " (" + places_[i] + ")" : "";
        return word(documents_[i], "apiVersion") + " " + object_path(documents_[i]) + where;
    }
    bool is_left_out(const Json& document) const {
        if (!is_old_network_policy(document) || isolated_.empty()) return false;
        const std::string space = word(part(document, "metadata"), "namespace");
        return !isolated_.contains(space.empty() ? "default" : space);
    }

    /// False for an object that was there before and says the same.
    base::Result<bool> claim(std::size_t i) {
        const auto identity = identity_of(documents_[i]);
        if (!identity || is_left_out(documents_[i])) return true;
        const auto [entry, fresh] = given_.try_emplace(*identity, i);
        if (!fresh) {
            if (documents_[entry->second] == documents_[i]) return false;
            return base::Error{base::Errc::Duplicate, label(i) + " metadata.name",
                               "is the name of " + label(entry->second) + " too, which says " +
                                   "something else: only one of them can be there"};
        }
        // What a policy of an older kind becomes is another object, and may have another name.
        if (!is_admin_policy(documents_[i])) names_.take(*identity, object_path(documents_[i]));
        return true;
    }

    base::Status add(std::size_t i) {
        const Json& document = documents_[i];
        if (is_admin_policy(document)) return add_admin_policy(i);
        if (is_old_network_policy(document)) return add_old_policy(i);
        const std::string name = word(part(document, "metadata"), "name");
        if (word(document, "kind") != "Namespace" || !isolated_.contains(name)) {
            out_.documents.push_back({document, i, false});
            return base::Done{};
        }
        out_.documents.push_back({without_annotation(document), i, false});
        unnamed_.push_back({out_.documents.size(), 0, "default-deny", 1});
        out_.documents.push_back({isolating_policy(name), i, true});
        return base::Done{};
    }

    base::Status add_admin_policy(std::size_t i) {
        const Json& document = documents_[i];
        std::vector<std::int64_t>& taken = priorities_[tier_of(document)];
        TW_TRY(made, convert_admin_policy(document, taken));
        const bool baseline = tier_of(document) == "Baseline";
        const std::string name = word(part(document, "metadata"), "name");
        for (std::size_t number = 1; number <= made.size(); ++number) {
            Json& each = made[number - 1];
            taken.push_back(each["spec"]["priority"].get<std::int64_t>());
            const int rank = number > 1 ? 2 : baseline ? 1 : 0;
            unnamed_.push_back({out_.documents.size(), rank, name, number});
            out_.documents.push_back({std::move(each), i, true});
        }
        if (made.size() > 1) {
            out_.notes.push_back(object_path(document) + ": has become " +
                                 std::to_string(made.size()) + " policies");
        }
        return base::Done{};
    }

    base::Status add_old_policy(std::size_t i) {
        const Json& document = documents_[i];
        if (is_left_out(document)) {
            out_.notes.push_back(object_path(document) +
                                 ": left out, it has no effect in a namespace that no annotation "
                                 "isolates");
            return base::Done{};
        }
        TW_TRY(made, convert_old_network_policy(document, !isolated_.empty()));
        for (Json& each : made) out_.documents.push_back({std::move(each), i, true});
        return base::Done{};
    }

    /// Whoever wants a name gets it before those that add a number to it, and in an order that is
    /// not that of the files.
    void name_the_new() {
        std::sort(unnamed_.begin(), unnamed_.end(), [](const Unnamed& a, const Unnamed& b) {
            return std::tie(a.rank, a.name, a.number) < std::tie(b.rank, b.name, b.number);
        });
        for (const Unnamed& each : unnamed_) {
            if (each.name.empty()) continue;  // the API refuses it
            Json& document = out_.documents[each.place].document;
            const std::string source = object_path(documents_[out_.documents[each.place].source]);
            document["metadata"]["name"] = each.name;
            const ObjectIdentity wanted = *identity_of(document);
            const std::string other = names_.owner(wanted);
            const std::string name = names_.take_free(wanted, each.number, source);
            document["metadata"]["name"] = name;
            if (each.number > 1 || name == each.name) continue;
            out_.notes.push_back(source + ": has become " + object_path(document) + ", because " +
                                 (other == wanted.path() ? other + " is there already"
                                                         : other + " has become " + wanted.path()));
        }
    }

    const std::vector<Json>& documents_;
    std::span<const std::string> places_;
    std::set<std::string> isolated_;
    std::map<std::string, std::vector<std::int64_t>> priorities_;
    std::map<ObjectIdentity, std::size_t> given_;
    TakenNames names_;
    std::vector<Unnamed> unnamed_;
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

base::Result<std::set<std::string>> isolated_namespaces(const std::vector<Json>& documents) {
    std::set<std::string> out;
    for (const Json& document : documents) {
        if (word(document, "kind") != "Namespace") continue;
        TW_TRY(isolated, is_isolated(document));
        if (isolated) out.insert(word(part(document, "metadata"), "name"));
    }
    return out;
}

base::Result<Conversion> convert(const std::vector<Json>& documents,
                                 std::span<const std::string> places) {
    TW_TRY(isolated, isolated_namespaces(documents));
    return Converter(documents, places, std::move(isolated)).convert_all();
}

}  // namespace tierwall::ctl
