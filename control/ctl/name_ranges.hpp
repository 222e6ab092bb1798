// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// with_ranges(): many names in few words.
///
/// Threads: any; pure.
/// Memory:  the names.
/// Cost:    O(names * log).

#include <string>
#include <vector>

namespace tierwall::ctl {

/// Names that differ in a number only are told as a range where there are three or more in a row:
/// "ns[0-19]". Names without numbers come first, as they are.
std::vector<std::string> with_ranges(const std::vector<std::string>& names);

}  // namespace tierwall::ctl
