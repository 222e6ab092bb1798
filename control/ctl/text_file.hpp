// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// read_text(): a whole file or pipe, or standard input for "-".
///
/// Threads: any.
/// Memory:  the text; at most kTextMax.
/// Cost:    none on the packet path.

#include "dataplane/base/result.hpp"

#include <cstddef>
#include <string>

namespace tierwall::ctl {

inline constexpr std::size_t kTextMax = std::size_t{1} << 30;

/// Fails as document::read_bytes().
base::Result<std::string> read_text(const std::string& path);

}  // namespace tierwall::ctl
