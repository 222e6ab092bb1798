// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// explain: why the first packet of a connection is allowed or denied, tier by tier, in sentences.
///
/// It asks the same published tables that workers ask.
///
/// Threads: the control thread.
/// Memory:  the reply.
/// Cost:    one classification a tier and direction.

#include "control/agent/enforcer.hpp"
#include "proto/status.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tierwall::agent {

/// `error` is set, and nothing else, when an end or the protocol is not known.
v1::ExplainReply explain(const Enforcer& enforcer, const v1::ExplainRequest& request);

/// TCP, UDP, SCTP, ICMP, ICMPv6 in any case, or a number.
std::optional<std::uint8_t> parse_protocol(std::string_view text);
/// The name, or the number of a protocol without one.
std::string protocol_text(std::uint8_t protocol);

}  // namespace tierwall::agent
