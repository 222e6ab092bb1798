// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/ruling_words.hpp"

#include "control/ctl/decider.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

bool is_silent(const base::Decision& decision) { return decision.tier == base::kTierNotSubject; }

}  // namespace

std::vector<RuledSet> by_ruling(const std::vector<Ruled>& ruled) {
    std::vector<RuledSet> out;
    for (const Ruled& each : ruled) {
        auto set = std::find_if(out.begin(), out.end(),
                                [&](const RuledSet& other) { return other.ruling == each.ruling; });
        if (set == out.end()) set = out.insert(out.end(), RuledSet{each.ruling, {}});
        extend(set->connections, each.span);
    }
    return out;
}

std::string decision_words(const agent::Model& model, const base::Decision& decision) {
    Decider what{base::tier_name(decision.tier), "", -1};
    const auto rule = model.rules.find(decision.rule);
    if (rule != model.rules.end()) {
        what.policy = model.policies.at(rule->second.policy).path;
        if (!rule->second.isolation) what.rule = static_cast<std::int32_t>(rule->second.index);
    }
    return decider(what);
}

std::string ruling_words(const agent::Model& model, const Ruling& ruling) {
    if (ruling.egress.action != base::Action::Allow) {
        return "egress " + decision_words(model, ruling.egress);
    }
    std::string ingress = "ingress " + decision_words(model, ruling.ingress);
    if (ruling.ingress.action != base::Action::Allow || is_silent(ruling.egress)) return ingress;
    const std::string egress = "egress " + decision_words(model, ruling.egress);
    return is_silent(ruling.ingress) ? egress : egress + ", " + ingress;
}

Json decision_json(const agent::Model& model, const base::Decision& decision) {
    Json out{{"verdict", base::name(decision.action)},
             {"tier", base::tier_name(decision.tier)},
             {"policy", nullptr},
             {"rule", nullptr}};
    const auto rule = model.rules.find(decision.rule);
    if (rule == model.rules.end()) return out;
    out["policy"] = model.policies.at(rule->second.policy).path;
    if (!rule->second.isolation) out["rule"] = rule->second.index;
    if (!rule->second.name.empty()) out["name"] = rule->second.name;
    return out;
}

Json ruling_json(const agent::Model& model, const Ruling& ruling) {
    return {{"verdict", base::name(ruling.verdict())},
            {"egress", decision_json(model, ruling.egress)},
            {"ingress", decision_json(model, ruling.ingress)}};
}

Json connections_json(const Connections& connections, const Protocols& protocols) {
    Json list = Json::array();
    for (const PortSpan& span : connections) {
        Json each{{"protocol", protocols.name(span.slot)}};
        if (protocols.has_ports(span.slot)) {
            each["first"] = span.first;
            each["last"] = span.last;
        }
        list.push_back(std::move(each));
    }
    return list;
}

}  // namespace tierwall::ctl
