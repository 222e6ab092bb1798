// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// sarif(): findings as a SARIF 2.1.0 log, the format that code hosts show beside the lines of a
/// change.
///
/// Threads: any; pure.
/// Memory:  the log.
/// Cost:    none on the packet path.

#include "control/lint/finding.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string>

namespace tierwall::ctl {

/// The stable name of what a finding is an instance of; never empty.
std::string rule_id(const lint::Finding& finding);

/// Paths are relative to `folder` where they are below it.
nlohmann::ordered_json sarif(std::span<const lint::Finding> findings, const std::string& folder);

}  // namespace tierwall::ctl
