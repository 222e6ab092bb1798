// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// check_links(): does every reference between resources lead somewhere, and is it allowed?
///
/// Threads: one control thread.
/// Memory:  none that lasts.
/// Cost:    what the edit put in, and who refers to what it took away; to find these a look at the
///          rules of all tables, some 3 ns a row. Everything when a tier changes.

#include "control/agent/decode_model.hpp"

namespace tierwall::agent {

void check_links(const Edit& edit, Problems& problems);

}  // namespace tierwall::agent
