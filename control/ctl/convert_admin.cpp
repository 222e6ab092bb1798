// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kListMax = 25;  ///< of rules, peers, protocols and networks
constexpr std::int64_t kPriorityMax = 1000;

/// Where in which object something is, for errors.
struct Spot {
    std::string object;
    std::string field;

    Spot at(const std::string& more) const { return {object, field + "." + more}; }
    Spot at(std::size_t index) const { return {object, field + "[" + std::to_string(index) + "]"}; }
    base::Error error(const std::string& what) const {
        return {base::Errc::NotSupported, object + " " + field, what};
    }
};

/// What is no text is none that anybody wants.
std::string text_member(const Json& json, const char* key, const char* fallback) {
    if (!json.contains(key) || json[key].is_null()) return fallback;
    return json[key].is_string() ? json[key].get<std::string>() : std::string();
}

base::Status only_fields(const Json& json, std::initializer_list<std::string_view> known,
                         const Spot& spot) {
    if (!json.is_object()) return spot.error("is no object");
    for (const auto& [key, value] : json.items()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            return spot.at(key).error("is not known");
        }
    }
    return base::Done{};
}

base::Result<std::string> converted_action(const Json& rule, const Spot& spot) {
    const std::string action = text_member(rule, "action", "");
    if (action == "Allow") return std::string("Accept");
    if (action == "Deny" || action == "Pass") return action;
    return spot.at("action").error("must be Allow, Deny or Pass");
}

base::Result<std::string> transport(const Json& port, const Spot& spot) {
    const std::string protocol = text_member(port, "protocol", "TCP");
    if (protocol == "TCP") return std::string("tcp");
    if (protocol == "UDP") return std::string("udp");
    if (protocol == "SCTP") return std::string("sctp");
    return spot.at("protocol").error("has no counterpart in ClusterNetworkPolicy: " + protocol);
}

base::Result<std::int64_t> port_number(const Json& port, const char* key, const Spot& spot) {
    if (!port.contains(key) || !port[key].is_number_integer()) {
        return spot.at(key).error("is no number");
    }
    return port[key].get<std::int64_t>();
}

/// A range of one port is a number, and one from back to front matches nothing: null.
base::Result<Json> converted_range(const Json& range, const Spot& spot) {
    TW_TRY(known, only_fields(range, {"protocol", "start", "end"}, spot));
    TW_TRY(word, transport(range, spot));
    TW_TRY(start, port_number(range, "start", spot));
    TW_TRY(end, port_number(range, "end", spot));
    if (start > end) return Json(nullptr);
    Json destination =
        start == end ? Json{{"number", start}} : Json{{"range", {{"start", start}, {"end", end}}}};
    return Json{{word, {{"destinationPort", std::move(destination)}}}};
}

base::Result<Json> converted_port(const Json& port, const Spot& spot) {
    TW_TRY(known, only_fields(port, {"portNumber", "portRange", "namedPort"}, spot));
    if (port.size() != 1) return spot.error("must say one of portNumber, portRange, namedPort");
    if (port.contains("namedPort")) {
        if (port["namedPort"].is_string()) return Json{{"destinationNamedPort", port["namedPort"]}};
        return spot.at("namedPort")
            .error("is about one protocol; destinationNamedPort is about all of them");
    }
    if (port.contains("portRange")) return converted_range(port["portRange"], spot.at("portRange"));
    const Json& number = port["portNumber"];
    const Spot where = spot.at("portNumber");
    TW_TRY(fields, only_fields(number, {"protocol", "port"}, where));
    TW_TRY(word, transport(number, where));
    TW_TRY(value, port_number(number, "port", where));
    return Json{{word, {{"destinationPort", {{"number", value}}}}}};
}

/// The list in pieces of at most kListMax; one empty piece for an empty list.
std::vector<Json> pieces(const Json& list) {
    std::vector<Json> out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i % kListMax == 0) out.push_back(Json::array());
        out.back().push_back(list[i]);
    }
    if (out.empty()) out.push_back(Json::array());
    return out;
}

/// Long lists of networks or names are several peers.
base::Result<Json> converted_peers(const Json& peers, const Spot& spot) {
    if (!peers.is_array() || peers.empty()) return spot.error("must name a peer");
    Json out = Json::array();
    for (std::size_t i = 0; i < peers.size(); ++i) {
        TW_TRY(known,
               only_fields(peers[i], {"namespaces", "pods", "nodes", "networks", "domainNames"},
                           spot.at(i)));
        if (peers[i].size() != 1) return spot.at(i).error("must say one kind of peer");
        const std::string kind = peers[i].begin().key();
        const Json& value = peers[i].begin().value();
        if (!value.is_array()) {
            out.push_back(peers[i]);
            continue;
        }
        for (Json& piece : pieces(value)) out.push_back(Json{{kind, std::move(piece)}});
    }
    return out;
}

/// Several rules with one action stand for one whose lists are too long: any of them may match
/// first. None for a rule that cannot match anything.
base::Result<std::vector<Json>> converted_rule(const Json& rule, const char* peers_key,
                                               const Spot& spot) {
    TW_TRY(known, only_fields(rule, {"name", "action", "ports", peers_key}, spot));
    TW_TRY(action, converted_action(rule, spot));
    TW_TRY(peers, converted_peers(rule.value(peers_key, Json()), spot.at(peers_key)));
    Json protocols = Json::array();
    const bool has_ports = rule.contains("ports") && !rule["ports"].is_null();
    if (has_ports) {
        const Json& ports = rule["ports"];
        const Spot where = spot.at("ports");
        if (!ports.is_array() || ports.empty())
            return where.error("must be left out or say a port");
        for (std::size_t i = 0; i < ports.size(); ++i) {
            TW_TRY(converted, converted_port(ports[i], where.at(i)));
            if (!converted.is_null()) protocols.push_back(converted);
        }
        if (protocols.empty()) return std::vector<Json>{};
    }
    std::vector<Json> out;
    for (const Json& some_peers : pieces(peers)) {
        for (const Json& some_protocols : pieces(protocols)) {
            Json made = Json::object();
            if (rule.contains("name")) made["name"] = rule["name"];
            made["action"] = action;
            made[peers_key] = some_peers;
            if (has_ports) made["protocols"] = some_protocols;
            out.push_back(std::move(made));
        }
    }
    return out;
}

base::Result<Json> converted_rules(const Json& spec, const char* key, const char* peers_key,
                                   const Spot& spot) {
    Json out = Json::array();
    const Json list = spec.value(key, Json::array());
    if (list.is_null()) return out;
    if (!list.is_array()) return spot.at(key).error("is no list");
    for (std::size_t i = 0; i < list.size(); ++i) {
        TW_TRY(rules, converted_rule(list[i], peers_key, spot.at(key).at(i)));
        for (Json& rule : rules) out.push_back(std::move(rule));
    }
    return out;
}

/// The parts of one policy need priorities of their own, since nobody says which of two policies
/// with the same one is asked first.
base::Status check_priorities(std::int64_t first, std::size_t parts,
                              const std::vector<std::int64_t>& taken, const Spot& spot) {
    for (std::size_t i = 1; i < parts; ++i) {
        const std::int64_t wanted = first + static_cast<std::int64_t>(i);
        const bool free = std::find(taken.begin(), taken.end(), wanted) == taken.end();
        if (wanted <= kPriorityMax && free) continue;
        return base::Error{base::Errc::Limit, spot.object + " " + spot.field,
                           "becomes " + std::to_string(parts) +
                               " policies, of which each needs a priority of its own; " +
                               std::to_string(wanted) + " is not free"};
    }
    return base::Done{};
}

}  // namespace

base::Result<Documents> convert_admin_policy(const Json& policy,
                                             const std::vector<std::int64_t>& taken) {
    const bool baseline = text_member(policy, "kind", "") == "BaselineAdminNetworkPolicy";
    const Spot spot{object_path(policy), "spec"};
    const Json spec = policy.value("spec", Json());
    TW_TRY(known, only_fields(spec, {"priority", "subject", "ingress", "egress"}, spot));
    if (!spec.contains("subject")) return spot.at("subject").error("is missing");
    if (!baseline && (!spec.contains("priority") || !spec["priority"].is_number_integer())) {
        return spot.at("priority").error("is no number");
    }
    const std::int64_t priority = baseline ? 0 : spec["priority"].get<std::int64_t>();
    TW_TRY(ingress, converted_rules(spec, "ingress", "from", spot));
    TW_TRY(egress, converted_rules(spec, "egress", "to", spot));
    const std::vector<Json> ingress_parts = pieces(ingress);
    const std::vector<Json> egress_parts = pieces(egress);
    const std::size_t parts = std::max(ingress_parts.size(), egress_parts.size());
    TW_TRY(fits, check_priorities(priority, parts, taken, spot.at("priority")));
    if (parts > 1 && text_member(policy.value("metadata", Json::object()), "name", "").empty()) {
        return base::Error{
            base::Errc::Required, object_path(policy) + " metadata.name",
            "becomes " + std::to_string(parts) + " policies, whose names are made of it"};
    }
    Documents out;
    for (std::size_t i = 0; i < parts; ++i) {
        Json made{{"tier", baseline ? "Baseline" : "Admin"},
                  {"priority", priority + static_cast<std::int64_t>(i)},
                  {"subject", spec["subject"]}};
        if (i < ingress_parts.size() && !ingress_parts[i].empty()) {
            made["ingress"] = ingress_parts[i];
        }
        if (i < egress_parts.size() && !egress_parts[i].empty()) made["egress"] = egress_parts[i];
        out.push_back(Json{{"apiVersion", "policy.networking.k8s.io/v1alpha2"},
                           {"kind", "ClusterNetworkPolicy"},
                           {"metadata", written_metadata(policy)},
                           {"spec", std::move(made)}});
    }
    return out;
}

}  // namespace tierwall::ctl
