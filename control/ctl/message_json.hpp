// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// message_json(): a protobuf message as JSON for programs: its own field names, numbers as
/// numbers, every field present.
///
/// Threads: any.
/// Memory:  a value.
/// Cost:    none on the packet path.

#include <nlohmann/json.hpp>

namespace google::protobuf {
class Message;
}

namespace tierwall::ctl {

nlohmann::ordered_json message_json(const google::protobuf::Message& message);

}  // namespace tierwall::ctl
