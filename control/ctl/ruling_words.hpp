// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What decided about connections, in words for people and in JSON for programs.
///
/// Threads: any; pure.
/// Memory:  the text.
/// Cost:    none on the packet path.

#include "control/agent/decode_model.hpp"
#include "control/ctl/connections.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace tierwall::ctl {

/// Connections about which the same was decided by the same.
struct RuledSet {
    Ruling ruling;
    Connections connections;
};
/// In the order of their first port.
std::vector<RuledSet> by_ruling(const std::vector<Ruled>& ruled);

/// "Admin ClusterNetworkPolicy/guard rule 2", "Default".
std::string decision_words(const agent::Model& model, const base::Decision& decision);
/// "ingress NetworkPolicy NetworkPolicy/shop/db isolation": what denies; what allows names both
/// ends, as far as they are subjects.
std::string ruling_words(const agent::Model& model, const Ruling& ruling);

/// {"verdict", "tier", "policy", "rule"}, as `eval` answers.
nlohmann::ordered_json decision_json(const agent::Model& model, const base::Decision& decision);
/// {"verdict", "egress", "ingress"}
nlohmann::ordered_json ruling_json(const agent::Model& model, const Ruling& ruling);
/// [{"protocol": "TCP", "first": 80, "last": 80}, {"protocol": "other"}]
nlohmann::ordered_json connections_json(const Connections& connections, const Protocols& protocols);

}  // namespace tierwall::ctl
