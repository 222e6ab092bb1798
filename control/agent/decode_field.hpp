// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Checks of single fields that several kinds of resources have.
///
/// Threads: any.
/// Memory:  none.
/// Cost:    O(1).

#include "control/agent/decode.hpp"

namespace tierwall::agent {

base::Result<base::Direction> direction_of(v1::Direction direction);
base::Result<base::Action> action_of(std::uint32_t action);
base::Status check_identity(std::uint32_t identity);
/// Parses a message. Fails: Invalid, or NotSupported when it has an unknown field.
base::Status parse_into(google::protobuf::Message& message, const std::string& body);
/// A field that this version does not know may change what the rest means.
bool has_unknown_field(const google::protobuf::Message& message);

}  // namespace tierwall::agent
