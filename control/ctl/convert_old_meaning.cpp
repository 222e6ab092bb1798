// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_old_meaning.hpp"

#include "control/policy/selector.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

/// Thrown together from parts that may each be something unknown: then `known` is false.
class OldReader {
public:
    OldReader(std::string space, bool strict) : space_(std::move(space)), strict_(strict) {}

    bool known() const { return known_; }

    policy::Selector selector(const Json& json, bool plain_labels) {
        policy::Selector out;
        if (json.is_null()) return out;
        if (!json.is_object()) return fail(out);
        const bool is_plain =
            plain_labels && !json.contains("matchLabels") && !json.contains("matchExpressions");
        if (is_plain) {
            add_labels(json, out);
        } else {
            only(json, {"matchLabels", "matchExpressions"});
            add_labels(at(json, "matchLabels"), out);
            for (const Json& each : list(at(json, "matchExpressions"))) add_expression(each, out);
        }
        policy::normalize(out);
        return out;
    }

    std::vector<policy::Rule> rules(const Json& json, const char* peers_key) {
        std::vector<policy::Rule> out;
        for (const Json& each : list(json)) {
            only(each, {peers_key, "ports"});
            const Json peers = at(each, peers_key);
            const Json ports = at(each, "ports");
            // It keeps its place: nothing matches a rule without peers.
            policy::Rule& rule = out.emplace_back();
            rule.index = static_cast<std::uint32_t>(out.size() - 1);
            if (strict_ && (is_empty_list(peers) || is_empty_list(ports))) continue;
            rule.any_peer = list(peers).empty();
            for (const Json& peer : list(peers)) add_peer(peer, rule);
            for (const Json& port : list(ports)) add_port(port, rule);
        }
        return out;
    }

    Json list(const Json& json) {
        if (json.is_null()) return Json::array();
        return json.is_array() ? json : fail(Json::array());
    }
    void only(const Json& json, std::initializer_list<const char*> keys) {
        known_ = known_ && json.is_object();
        if (!json.is_object()) return;
        for (const auto& [key, value] : json.items()) {
            known_ = known_ && std::find(keys.begin(), keys.end(), key) != keys.end();
        }
    }
    static Json at(const Json& json, const char* key) {
        return json.is_object() && json.contains(key) ? json[key] : Json();
    }
    std::string text(const Json& json) {
        return json.is_string() ? json.get<std::string>() : fail(std::string());
    }

private:
    template <typename T>
    T fail(T value) {
        known_ = false;
        return value;
    }
    static bool is_empty_list(const Json& json) { return json.is_array() && json.empty(); }

    void add_labels(const Json& json, policy::Selector& out) {
        if (json.is_null()) return;
        known_ = known_ && json.is_object();
        if (!json.is_object()) return;
        for (const auto& [key, value] : json.items()) {
            out.requirements.push_back({key, policy::Operator::In, {text(value)}});
        }
    }
    void add_expression(const Json& json, policy::Selector& out) {
        constexpr std::array<const char*, 4> kWords{"In", "NotIn", "Exists", "DoesNotExist"};
        only(json, {"key", "operator", "values"});
        const std::string word = text(at(json, "operator"));
        const auto found = std::find(kWords.begin(), kWords.end(), word);
        known_ = known_ && found != kWords.end();
        policy::Requirement made{
            text(at(json, "key")), static_cast<policy::Operator>(found - kWords.begin()), {}};
        for (const Json& value : list(at(json, "values"))) made.values.push_back(text(value));
        if (known_) out.requirements.push_back(std::move(made));
    }

    /// Before there were podSelector and namespaceSelector they were called pods and namespaces.
    void add_peer(const Json& json, policy::Rule& rule) {
        only(json, {"pods", "namespaces", "podSelector", "namespaceSelector", "ipBlock"});
        if (json.is_object() && json.contains("ipBlock")) return add_block(json, rule);
        policy::PodSet out;
        const bool by_namespace = json.contains("namespaces") || json.contains("namespaceSelector");
        if (!by_namespace) out.namespace_name = space_;
        for (const char* key : {"namespaces", "namespaceSelector"}) {
            if (json.contains(key)) out.namespaces = selector(json[key], true);
        }
        for (const char* key : {"pods", "podSelector"}) {
            if (json.contains(key)) out.pods = selector(json[key], true);
        }
        known_ = known_ && !json.empty();
        rule.peers.push_back(std::move(out));
    }
    void add_block(const Json& json, policy::Rule& rule) {
        only(json, {"ipBlock"});
        const Json block = at(json, "ipBlock");
        only(block, {"cidr", "except"});
        policy::NetworkSet out;
        if (const auto prefix = base::parse_stored_prefix(text(at(block, "cidr")))) {
            out.cidrs.push_back(*prefix);
        } else {
            known_ = false;
        }
        for (const Json& each : list(at(block, "except"))) {
            const auto prefix = base::parse_stored_prefix(text(each));
            known_ = known_ && prefix.has_value();
            if (prefix) out.except.push_back(*prefix);
        }
        std::sort(out.except.begin(), out.except.end());
        rule.peers.push_back(std::move(out));
    }

    std::optional<std::uint16_t> number(const Json& json) {
        const bool is_port = json.is_number_integer() && json.get<std::int64_t>() >= 1 &&
                             json.get<std::int64_t>() <= 65535;
        known_ = known_ && is_port;
        return is_port ? std::optional(json.get<std::uint16_t>()) : std::nullopt;
    }
    void add_port(const Json& json, policy::Rule& rule) {
        only(json, {"protocol", "port", "endPort"});
        const Json protocol = at(json, "protocol");
        const std::string word = protocol.is_null() ? "TCP" : text(protocol);
        policy::Port out;
        out.protocol = word == "UDP" ? base::kIpUdp : word == "SCTP" ? base::kIpSctp : base::kIpTcp;
        known_ = known_ && (out.protocol != base::kIpTcp || word == "TCP");
        const Json port = at(json, "port");
        if (port.is_string()) {
            out.name = port.get<std::string>();
        } else if (!port.is_null()) {
            out.first = number(port).value_or(1);
            out.last = out.first;
        }
        const Json end = at(json, "endPort");
        if (!end.is_null()) out.last = number(end).value_or(1);
        known_ = known_ && (end.is_null() || port.is_number_integer()) && out.first <= out.last;
        rule.ports.push_back(std::move(out));
    }

    const std::string space_;
    const bool strict_;
    bool known_ = true;
};

std::string word_at(const Json& json, const char* key) {
    const Json value = OldReader::at(json, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::string space_of(const Json& document) {
    const std::string space = word_at(OldReader::at(document, "metadata"), "namespace");
    return space.empty() ? "default" : space;
}

bool lists(const Json& types, const char* type) {
    return std::find(types.begin(), types.end(), Json(type)) != types.end();
}

/// [{"from": [...], "ports": [...]}] of allowIncoming, which may be one rule or a list of them.
Json oldest_rules(OldReader& reader, const Json& incoming) {
    Json out = Json::array();
    for (const Json& each : incoming.is_array() ? incoming : Json::array({incoming})) {
        if (each.is_null()) continue;
        reader.only(each, {"from", "ports", "toPorts"});
        Json rule = Json::object();
        if (each.is_object() && each.contains("from")) rule["from"] = each["from"];
        for (const char* key : {"ports", "toPorts"}) {
            if (each.is_object() && each.contains(key)) rule["ports"] = each[key];
        }
        out.push_back(std::move(rule));
    }
    return out;
}

std::optional<policy::Policy> meaning_of(const Json& document, bool annotated) {
    const Json spec = OldReader::at(document, "spec");
    const bool oldest = spec.is_object() && spec.contains("allowIncoming");
    policy::Policy out;
    out.kind = "NetworkPolicy";
    out.namespace_name = space_of(document);
    out.name = word_at(OldReader::at(document, "metadata"), "name");
    OldReader reader(out.namespace_name, oldest || annotated);
    reader.only(spec, {"podSelector", "ingress", "egress", "policyTypes", "allowIncoming"});
    out.subject.namespace_name = out.namespace_name;
    out.subject.pods = reader.selector(OldReader::at(spec, "podSelector"), oldest);
    const Json types = reader.list(OldReader::at(spec, "policyTypes"));
    const Json egress = reader.list(OldReader::at(spec, "egress"));
    out.isolates_ingress = types.empty() || lists(types, "Ingress");
    out.isolates_egress = types.empty() ? !egress.empty() : lists(types, "Egress");
    const Json ingress =
        oldest ? oldest_rules(reader, spec["allowIncoming"]) : OldReader::at(spec, "ingress");
    if (out.isolates_ingress) out.ingress = reader.rules(ingress, "from");
    if (out.isolates_egress) {
        OldReader outwards(out.namespace_name, false);  // there was no such thing before v1
        out.egress = outwards.rules(egress, "to");
        if (!outwards.known()) return std::nullopt;
    }
    return reader.known() ? std::optional(std::move(out)) : std::nullopt;
}

/// Nothing comes in to the pods of the namespace, unless some policy opens it.
policy::Policy annotated_isolation(const std::string& space) {
    policy::Policy out;
    out.kind = "NetworkPolicy";
    out.namespace_name = space;
    out.name = "(annotation of the namespace)";
    out.subject.namespace_name = space;
    out.isolates_ingress = true;
    return out;
}

}  // namespace

base::Result<OldMeaning> old_meaning(const Documents& documents) {
    TW_TRY(isolated, isolated_namespaces(documents));
    OldMeaning out;
    for (const std::string& space : isolated) out.policies.push_back(annotated_isolation(space));
    std::set<std::string> seen;  // the same object given twice is one
    for (const Json& document : documents) {
        if (!is_old_network_policy(document) || !seen.insert(document.dump()).second) continue;
        if (!isolated.empty() && !isolated.contains(space_of(document))) continue;
        if (auto policy = meaning_of(document, !isolated.empty())) {
            out.policies.push_back(*std::move(policy));
        } else {
            out.unknown.push_back(object_path(document));
        }
    }
    return out;
}

}  // namespace tierwall::ctl
