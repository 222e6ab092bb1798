// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Top: what a tierwalld did between two looks at it, a second: packets by port and by reason, new
/// connections, and the rules that decided most.
///
/// Threads: values.
/// Memory:  the rows.
/// Cost:    none on the packet path.

#include "proto/status.pb.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::ctl {

/// One look.
struct Sample {
    v1::StatusReply status;
    std::vector<v1::RuleRow> rules;
    double at_s = 0;  ///< of a clock that never goes back
};

/// All rates are a second. What counts less than before was started anew: its rate is 0.
struct Top {
    static constexpr std::size_t kRulesMax = 10;

    struct PortRate {
        std::string name;
        double received = 0;
        double sent = 0;
        double missed = 0;  ///< by the device, because nobody took them in time
    };
    struct ReasonRate {
        std::string name;
        double packets = 0;
    };
    struct RuleRate {
        std::string tier;
        std::string direction;
        std::string policy;
        std::int32_t rule = -1;  ///< -1: isolation
        std::string action;
        double hits = 0;
    };

    double seconds = 0;  ///< between the two
    std::uint64_t epoch = 0;
    std::uint64_t flows = 0;
    std::uint64_t flows_max = 0;
    double received = 0;
    double sent = 0;
    double created = 0;
    double revoked = 0;
    std::vector<PortRate> ports;
    std::vector<ReasonRate> reasons;  ///< those that occurred, most first
    std::vector<RuleRate> rules;  ///< those that decided something, most first; at most kRulesMax
};

/// Requires: `now` was taken after `before`.
Top top_between(const Sample& before, const Sample& now);

std::string for_people(const Top& top);
nlohmann::ordered_json top_json(const Top& top);

}  // namespace tierwall::ctl
