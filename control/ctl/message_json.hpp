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

#include <string>

namespace google::protobuf {
class Message;
}

namespace tierwall::ctl {

nlohmann::ordered_json message_json(const google::protobuf::Message& message);

/// Always JSON: bytes that are no UTF-8, as file names may have, become U+FFFD.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace tierwall::ctl
