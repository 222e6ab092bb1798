// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which connections of a running tierwalld other policies would cut.
///
/// A connection is cut when its first packet would not be let through any more, unless tierwalld
/// leaves established connections be: then only those are cut of which an end goes to another pod.
///
/// Threads: any; values.
/// Memory:  the rows.
/// Cost:    a question a flow.

#include "control/agent/decode_model.hpp"
#include "control/agent/enforcer.hpp"
#include "control/ctl/connections.hpp"
#include "dataplane/base/result.hpp"
#include "proto/status.pb.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tierwall::ctl {

/// What the daemon is configured to do, as far as it matters here.
struct LiveSettings {
    bool keep_established = false;
    bool own_node_egress = false;  ///< exempt
    std::string scope;
};
/// A daemon that does not tell them has those that are the default.
LiveSettings live_settings(const v1::StatusReply& status);

struct JudgedFlow {
    v1::FlowRow row;
    Ruling ruling;  ///< by the new policies
};
struct LiveFlows {
    std::size_t live = 0;  ///< looked at: those that were cut before are not
    std::vector<JudgedFlow> cut;
    std::vector<JudgedFlow> kept;  ///< could not begin any more, and go on
    /// Flows of which an end is a pod or node to the daemon only.
    std::size_t strangers = 0;
};

using AskFirst = std::function<agent::Enforcer::Answer(
    const base::Address& source, const base::Address& destination, std::uint8_t protocol,
    std::uint16_t destination_port)>;

struct LiveQuestion {
    const agent::Model& after;  ///< who has which address
    AskFirst ask;               ///< about the first packet of a connection
    LiveSettings settings;
};
/// Fails: Invalid, for rows that no tierwalld sends.
base::Result<LiveFlows> judge_flows(std::span<const v1::FlowRow> rows,
                                    const LiveQuestion& question);

std::string live_text(const LiveFlows& flows, const LiveQuestion& question);
std::string live_json_text(const LiveFlows& flows, const LiveQuestion& question);

}  // namespace tierwall::ctl
