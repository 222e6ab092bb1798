// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert.hpp"

#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

base::Error old_error(const Json& policy, const std::string& field, const std::string& what) {
    return {base::Errc::NotSupported, object_path(policy) + " " + field, what};
}

/// Before there were selectors, labels stood alone.
Json selector_of(const Json& given) {
    if (!given.is_object()) return Json::object();
    if (given.empty() || given.contains("matchLabels") || given.contains("matchExpressions")) {
        return given;
    }
    return {{"matchLabels", given}};
}

base::Result<Json> old_peer(const Json& policy, const Json& peer) {
    if (!peer.is_object()) return old_error(policy, "spec.allowIncoming.from", "is no object");
    Json out = Json::object();
    for (const auto& [key, value] : peer.items()) {
        if (key == "pods" || key == "podSelector") {
            out["podSelector"] = selector_of(value);
        } else if (key == "namespaces" || key == "namespaceSelector") {
            out["namespaceSelector"] = selector_of(value);
        } else {
            return old_error(policy, "spec.allowIncoming.from." + key, "is not known");
        }
    }
    return out;
}

/// {from: [{pods: {...}}], toPorts: [{port, protocol}]}
base::Result<Json> old_rule(const Json& policy, const Json& incoming) {
    Json rule = Json::object();
    if (!incoming.is_object()) return old_error(policy, "spec.allowIncoming", "is no object");
    for (const auto& [key, value] : incoming.items()) {
        if (key == "from" && value.is_array()) {
            rule["from"] = Json::array();
            for (const Json& each : value) {
                TW_TRY(peer, old_peer(policy, each));
                rule["from"].push_back(peer);
            }
        } else if ((key == "toPorts" || key == "ports") && value.is_array()) {
            rule["ports"] = value;
        } else {
            return old_error(policy, "spec.allowIncoming." + key, "is not understood");
        }
    }
    return rule;
}

/// A list that was there and empty matched nothing then; today it matches everything.
bool matches_nothing(const Json& rule) {
    for (const char* key : {"from", "ports"}) {
        if (rule.contains(key) && rule[key].is_array() && rule[key].empty()) return true;
    }
    return false;
}

}  // namespace

base::Result<Documents> convert_old_network_policy(const Json& policy, bool isolation_annotated) {
    if (!policy.contains("spec") || !policy["spec"].is_object()) {
        return old_error(policy, "spec", "is missing");
    }
    Json spec = policy["spec"];
    const bool oldest = spec.contains("allowIncoming");
    if (oldest) {
        spec["ingress"] = Json::array();
        const Json incoming = spec["allowIncoming"];
        if (!incoming.is_null()) {
            const Json list = incoming.is_array() ? incoming : Json::array({incoming});
            for (const Json& each : list) {
                TW_TRY(rule, old_rule(policy, each));
                spec["ingress"].push_back(rule);
            }
        }
        spec.erase("allowIncoming");
        spec["podSelector"] = selector_of(spec.value("podSelector", Json::object()));
    }
    if ((oldest || isolation_annotated) && spec.contains("ingress") && spec["ingress"].is_array()) {
        Json kept = Json::array();
        for (const Json& rule : spec["ingress"]) {
            if (!matches_nothing(rule)) kept.push_back(rule);
        }
        spec["ingress"] = std::move(kept);
    }
    return Documents{Json{{"apiVersion", "networking.k8s.io/v1"},
                          {"kind", "NetworkPolicy"},
                          {"metadata", written_metadata(policy)},
                          {"spec", std::move(spec)}}};
}

}  // namespace tierwall::ctl
