// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The version that `--version` prints.
///
/// Threads: any; a constant.
/// Memory:  none.
/// Cost:    none.

namespace tierwall::ctl {

inline constexpr const char* kProgramVersion = "tierwallctl 0.1.0";

}  // namespace tierwall::ctl
