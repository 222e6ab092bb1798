// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// parse_names(): DNS answers taken as seen, from JSON lines {"name", "ips"}.
///
/// Threads: any.
/// Memory:  a map.
/// Cost:    none on the packet path.

#include "dataplane/base/address.hpp"
#include "dataplane/base/result.hpp"

#include <map>
#include <string>
#include <vector>

namespace tierwall::ctl {

/// Lower case without a dot at the end -> addresses. A name on several lines has all of them.
using Names = std::map<std::string, std::vector<base::Address>>;

/// `source` names the text in errors. Fails: Invalid, naming the line.
base::Result<Names> parse_names(const std::string& text, const std::string& source);

}  // namespace tierwall::ctl
