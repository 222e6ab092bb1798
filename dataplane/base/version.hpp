// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The version of all programs.
///
/// Threads: any; a constant.
/// Memory:  none.
/// Cost:    none.

namespace tierwall::base {

/// As in the project() of CMakeLists.txt.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace tierwall::base
