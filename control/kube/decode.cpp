// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode.hpp"

#include "control/document/reader.hpp"
#include "control/kube/decode_admin_network_policy.hpp"
#include "control/kube/decode_cluster.hpp"
#include "control/kube/decode_cluster_network_policy.hpp"
#include "control/kube/decode_network_policy.hpp"
#include "control/kube/rule_fields.hpp"
#include "control/kube/syntax.hpp"
#include "control/kube/validate_admin_network_policy.hpp"
#include "control/kube/validate_cluster_network_policy.hpp"
#include "control/kube/validate_network_policy.hpp"

#include <algorithm>
#include <type_traits>

namespace tierwall::kube {
namespace {

using base::Errc;
using document::Fault;
using document::Kind;
using document::Reader;

constexpr int kListDepthMax = 4;  ///< lists of lists

/// True when the document itself was already found wrong at this field or around it: what a schema
/// then says about it would only repeat that.
bool covered(const std::vector<Problem>& found, const std::string& field) {
    return std::any_of(found.begin(), found.end(), [&](const Problem& problem) {
        if (!field.starts_with(problem.field)) return false;
        const char next = field.c_str()[problem.field.size()];
        return next == '\0' || next == '.' || next == '[';
    });
}

void add_form_problems(const std::vector<Fault>& faults, Decoded& decoded) {
    for (const Fault& fault : faults) {
        // A place that several readers asked for something else of is wrong only once.
        if (&fault != &faults.front() && fault == *(&fault - 1)) continue;
        Problem problem{decoded.path, decoded.key.path(), fault.field, fault.error, fault.message};
        problem.line = fault.line;
        decoded.form_problems.push_back(std::move(problem));
    }
    decoded.problems = decoded.form_problems;
}

void note(Decoded& decoded, Errc error, std::string message, Severity severity) {
    decoded.form_problems.push_back(
        {decoded.path, decoded.key.path(), "", error, std::move(message), severity, decoded.line});
    decoded.problems = decoded.form_problems;
}

/// A name that the API would refuse is reported, but takes nothing from what the object means. No
/// name at all does: two such objects could not be told apart.
bool clouds_meaning(const Problem& problem) {
    const bool odd_name = (problem.field == "metadata.name" && problem.error != Errc::Required) ||
                          problem.field == kWholeObject;
    return is_error(problem) && !odd_name;
}

void judge_by_errors(Decoded& decoded) {
    const auto& problems = decoded.problems;
    const bool good = std::none_of(problems.begin(), problems.end(), clouds_meaning);
    decoded.soundness = good ? Soundness::Sound : Soundness::Unusable;
}

void decode_policy(const document::Value& value, NetworkPolicy policy, Decoded& decoded) {
    add_unless_covered(validate(policy), decoded, decoded.problems);
    judge_by_errors(decoded);
    if (decoded.soundness == Soundness::Unusable) decoded.isolating = isolating_policy(value);
    for (NetworkPolicy* each : {&policy, decoded.isolating ? &*decoded.isolating : nullptr}) {
        if (each == nullptr) continue;
        each->namespace_name = decoded.key.namespace_name;
        each->name = decoded.key.name;
    }
    decoded.object = std::move(policy);
}

/// v1alpha1 cannot tell a selector of `pods` that is missing from an empty one, once it is stored.
template <typename Policy>
bool is_empty_selector(const Problem& problem) {
    return std::is_same_v<Policy, AdminNetworkPolicy> && problem.error == Errc::Required &&
           (problem.field.ends_with(".pods.namespaceSelector") ||
            problem.field.ends_with(".pods.podSelector"));
}

/// Accept in one version of the API, Allow in the other.
template <typename Rule>
bool only_accepts(const std::vector<Rule>& rules) {
    const char* word = std::is_same_v<Rule, AdminPolicyRule> ? "Allow" : "Accept";
    return std::all_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.action == word; });
}

/// Marks the rules that are wrong, and says what is left of the object.
template <typename Policy>
Soundness judge_rules(const std::vector<Problem>& problems, Policy& policy) {
    Soundness soundness = Soundness::Sound;
    for (const Problem& problem : problems) {
        if (!clouds_meaning(problem)) continue;
        if (is_empty_selector<Policy>(problem)) {
            soundness = Soundness::Doubtful;
            continue;
        }
        const auto place = rule_field(problem.field);
        if (!place) return Soundness::Unusable;
        auto& rules = place->ingress ? policy.ingress : policy.egress;
        if (place->index < rules.size()) rules[place->index].understood = false;
        if (!place->is_element) soundness = Soundness::Doubtful;
    }
    return soundness;
}

/// A cluster-scoped one.
template <typename Policy>
void decode_policy(Policy policy, Decoded& decoded) {
    std::vector<Problem> found = validate(policy, Channel::Any);
    // Warnings are about rules, and the dialect repeats them where it makes a rule fail closed. A
    // subject has no such way out: nobody knows whom the policy is meant for.
    for (Problem& problem : found) {
        if (problem.field.starts_with("spec.subject")) problem.severity = Severity::Error;
    }
    std::erase_if(found, [](const Problem& problem) { return !is_error(problem); });
    add_unless_covered(std::move(found), decoded, decoded.problems);
    decoded.soundness = judge_rules(decoded.problems, policy);
    // Rules that were not read at all may have been anything.
    const bool all_read = !covered(decoded.form_problems, "spec.ingress") &&
                          !covered(decoded.form_problems, "spec.egress");
    decoded.may_deny = !all_read || !only_accepts(policy.ingress) || !only_accepts(policy.egress);
    decoded.object = std::move(policy);
}

struct Identity {
    std::string api_version;
    std::string kind;
    bool namespaced = false;
};

const Identity kEnforced[] = {
    {"v1", "Namespace", false},
    {"v1", "Pod", true},
    {"v1", "Node", false},
    {"networking.k8s.io/v1", "NetworkPolicy", true},
    {"policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", false},
    {"policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", false},
    {"policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", false},
};

bool is_policy_group(std::string_view api_version) {
    return api_version.starts_with("policy.networking.k8s.io/") ||
           api_version.starts_with("networking.k8s.io/") || api_version.starts_with("extensions/");
}

std::string_view group_of(std::string_view api_version) {
    const std::size_t slash = api_version.find('/');
    return slash == std::string_view::npos ? "" : api_version.substr(0, slash);
}

/// Another version of an enforced kind is still about the same object.
bool is_enforced_kind(const std::string& kind, std::string_view api_version) {
    return std::any_of(std::begin(kEnforced), std::end(kEnforced), [&](const Identity& identity) {
        return identity.kind == kind && group_of(identity.api_version) == group_of(api_version);
    });
}

/// Kinds of policy that would go unenforced without anybody noticing.
bool is_unenforced_policy(const ObjectKey& key, std::string_view api_version) {
    return is_policy_group(api_version) && key.kind.ends_with("NetworkPolicy");
}

/// As the API server has it: it looks at the prefix with a letter in place of its last two
/// characters, if the last is a hyphen.
bool begins_a_name(std::string prefix) {
    if (prefix.size() > 1 && prefix.ends_with('-')) {
        prefix.resize(prefix.size() - 2);
        prefix += 'a';
    }
    return is_dns_subdomain(prefix);
}

void decode_names(const Reader& root, bool namespaced, Decoded& decoded) {
    const Reader metadata = root.at("metadata").required();
    // The end of a long path tells files apart well enough.
    constexpr std::size_t kPathMax = 200;
    const std::string& path = decoded.path;
    const std::string file = path.substr(path.size() - std::min(path.size(), kPathMax));
    const std::string line = "(" + file + ":" + std::to_string(decoded.line) + ")";
    const Reader name = metadata.at("name");
    const Reader prefix = metadata.at("generateName");
    const bool has_name = name.present() && !(name.is(Kind::Text) && name.text()->empty());
    decoded.generated_name = !has_name && prefix.is(Kind::Text) && !prefix.text()->empty();
    if (decoded.generated_name) {
        // Several objects may have the same beginning.
        decoded.key.name = *prefix.text() + "* " + line;
        const bool is_policy = decoded.key.kind.ends_with("NetworkPolicy");
        if (is_policy && !begins_a_name(*prefix.text())) {
            prefix.fault(Errc::Invalid, "does not begin a DNS-1123 subdomain");
        }
    } else {
        decoded.key.name = name.required().text().value_or("");
        decoded.has_no_name = decoded.key.name.empty();
        if (name.present() && !has_name) name.fault(Errc::Required, "is required");
        if (decoded.has_no_name) decoded.key.name = line;
    }
    if (namespaced) {
        const Reader reader = metadata.at("namespace");
        decoded.key.namespace_name = reader.text().value_or("");
        if (decoded.key.namespace_name.empty()) decoded.key.namespace_name = "default";
        if (!is_dns_label(decoded.key.namespace_name)) {
            reader.fault(Errc::Invalid, "is not a DNS-1123 label");
        }
    }
}

/// True for the kinds of policy that belong to no namespace.
bool decode_cluster_policy(const Reader& root, Decoded& decoded, std::vector<Fault>& faults) {
    const std::string& kind = decoded.key.kind;
    if (kind == "ClusterNetworkPolicy") {
        ClusterNetworkPolicy policy = decode_cluster_network_policy(root);
        policy.name = decoded.key.name;
        add_form_problems(faults, decoded);
        decode_policy(std::move(policy), decoded);
        return true;
    }
    const bool baseline = kind == "BaselineAdminNetworkPolicy";
    if (!baseline && kind != "AdminNetworkPolicy") return false;
    AdminNetworkPolicy policy = decode_admin_network_policy(root, baseline);
    policy.name = decoded.key.name;
    add_form_problems(faults, decoded);
    decode_policy(std::move(policy), decoded);
    return true;
}

void decode_body(const Reader& root, const document::Value& value, Decoded& decoded,
                 std::vector<Fault>& faults) {
    const std::string& kind = decoded.key.kind;
    if (decode_cluster_policy(root, decoded, faults)) return;
    if (kind == "NetworkPolicy") {
        NetworkPolicy policy = decode_network_policy(root);
        policy.name = decoded.key.name;
        add_form_problems(faults, decoded);
        decode_policy(value, std::move(policy), decoded);
        return;
    }
    if (kind == "Namespace") {
        decoded.object = decode_namespace(root, decoded.key.name);
    } else if (kind == "Node") {
        Node node = decode_node(root);
        node.name = decoded.key.name;
        decoded.object = std::move(node);
    } else {
        Pod pod = decode_pod(root);
        pod.namespace_name = decoded.key.namespace_name;
        pod.name = decoded.key.name;
        decoded.object = std::move(pod);
    }
    add_form_problems(faults, decoded);
    judge_by_errors(decoded);
}

/// A mode that is not understood takes nothing from what the object means: it is enforced.
void read_mode(const document::Value& value, Decoded& decoded) {
    std::vector<Problem> found;
    decoded.mode = decode_mode(value, found);
    for (Problem& problem : found) {
        problem.path = decoded.path;
        problem.object = decoded.key.path();
        decoded.form_problems.push_back(problem);
        decoded.problems.push_back(std::move(problem));
    }
}

void decode_other(const std::string& api_version, Decoded& decoded) {
    if (is_unenforced_policy(decoded.key, api_version)) {
        if (!is_enforced_kind(decoded.key.kind, api_version)) decoded.key.foreign = api_version;
        decoded.soundness = Soundness::Unusable;
        note(decoded, Errc::NotSupported,
             decoded.key.kind + " of " + api_version + " is not enforced", Severity::Error);
        return;
    }
    decoded.key.foreign = api_version;
    if (decoded.key.kind.ends_with("List")) {
        decoded.soundness = Soundness::Unusable;
        note(decoded, Errc::Invalid, "is a list without items", Severity::Error);
        return;
    }
    decoded.soundness = Soundness::Ignored;
    decoded.may_deny = false;
    note(decoded, Errc::NotSupported, decoded.key.kind + " of " + api_version + " is ignored",
         Severity::Warning);
}

void decode_items(const document::Value& value, const std::string& path, int depth,
                  std::vector<Decoded>& objects) {
    const document::Value* kind = value.find("kind");
    const document::Value* items = value.find("items");
    const bool is_list = kind != nullptr && kind->kind() == Kind::Text &&
                         kind->as_text().ends_with("List") && items != nullptr;
    if (!is_list || depth >= kListDepthMax || (items->kind() != Kind::List && !items->is_null())) {
        objects.push_back(decode_object(value, path));
        return;
    }
    if (items->is_null()) return;
    ItemType type;
    const document::Value* version = value.find("apiVersion");
    std::string_view item_kind = kind->as_text();
    item_kind.remove_suffix(4);
    if (!item_kind.empty() && version != nullptr && version->kind() == Kind::Text) {
        type = {std::string(version->as_text()), std::string(item_kind)};
    }
    for (const document::Value& item : items->items()) {
        if (item.find("items") != nullptr) {
            decode_items(item, path, depth + 1, objects);
        } else {
            objects.push_back(decode_object(item, path, type));
        }
    }
}

}  // namespace

std::string ObjectKey::path() const {
    if (namespace_name.empty()) return kind + "/" + name;
    return kind + "/" + namespace_name + "/" + name;
}

void add_unless_covered(std::vector<Problem> found, const Decoded& decoded,
                        std::vector<Problem>& problems) {
    for (Problem& problem : found) {
        if (covered(decoded.form_problems, problem.field)) continue;
        const bool is_ours = decoded.generated_name || decoded.has_no_name;
        if (is_ours && problem.field == "metadata.name") continue;
        problem.path = decoded.path;
        problem.object = decoded.key.path();
        problem.line = decoded.line;
        problems.push_back(std::move(problem));
    }
}

Decoded decode_object(const document::Value& value, const std::string& path, const ItemType& type) {
    Decoded decoded;
    decoded.path = path;
    decoded.line = value.line();
    std::vector<Fault> faults;
    const Reader root(value, faults);
    const std::string api_version = root.at("apiVersion").text().value_or(type.api_version);
    decoded.key.kind = root.at("kind").text().value_or(type.kind);
    if (decoded.key.kind.empty() || api_version.empty()) {
        if (faults.empty()) {
            const Reader missing = root.at(decoded.key.kind.empty() ? "kind" : "apiVersion");
            if (missing.required().present()) missing.fault(Errc::Required, "must not be empty");
        }
        decode_names(root, false, decoded);
        decoded.soundness = Soundness::Unusable;
        add_form_problems(faults, decoded);
        return decoded;
    }
    const auto known =
        std::find_if(std::begin(kEnforced), std::end(kEnforced), [&](const Identity& identity) {
            return identity.kind == decoded.key.kind && identity.api_version == api_version;
        });
    if (known == std::end(kEnforced)) {
        decode_names(root, root.at("metadata").at("namespace").is(Kind::Text), decoded);
        decode_other(api_version, decoded);
        return decoded;
    }
    decode_names(root, known->namespaced, decoded);
    decode_body(root, value, decoded, faults);
    if (has_mode(decoded.key.kind)) read_mode(value, decoded);
    return decoded;
}

void decode(const document::Value& value, const std::string& path, std::vector<Decoded>& objects) {
    decode_items(value, path, 0, objects);
}

}  // namespace tierwall::kube
