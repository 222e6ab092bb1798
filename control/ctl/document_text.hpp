// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Documents that are read, changed and written again: values as JSON, JSON as YAML.
///
/// Members keep their order. Comments are lost.
///
/// Threads: any; pure.
/// Memory:  a copy of the document.
/// Cost:    O(size).

#include "control/document/value.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace tierwall::ctl {

nlohmann::ordered_json json_of(const document::Value& value);

/// Block style; texts that YAML might take for something else are quoted.
std::string yaml_text(const nlohmann::ordered_json& json);

}  // namespace tierwall::ctl
