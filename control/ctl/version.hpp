// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The version that `--version` prints.
///
/// Threads: any; a constant.
/// Memory:  a short string.
/// Cost:    none.

#include "dataplane/base/version.hpp"

#include <string>

namespace tierwall::ctl {

inline const std::string kProgramVersion = std::string("tierwallctl ") + base::kVersion;

}  // namespace tierwall::ctl
