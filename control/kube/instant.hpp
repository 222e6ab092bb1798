// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Points in time as objects write them (RFC 3339), in a form that compares as they do.
///
/// Threads: any; pure.
/// Memory:  30 bytes.
/// Cost:    O(length).

#include <string>
#include <string_view>

namespace tierwall::kube {

/// "2026-01-01T02:00:00.5+02:00" -> "2026-01-01T00:00:00.500000000Z": always as long, so that texts
/// compare as the instants do. Empty, which is before all of them, for what is none.
std::string instant_text(std::string_view written);

}  // namespace tierwall::kube
