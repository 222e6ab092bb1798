// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// check_links(): does every reference between resources lead somewhere, and is it allowed?
///
/// Threads: one control thread.
/// Memory:  none that lasts.
/// Cost:    what the edit put in; everything that refers to a kind of which something was taken
///          away or changed.

#include "control/agent/decode_model.hpp"

namespace tierwall::agent {

void check_links(const Edit& edit, Problems& problems);

}  // namespace tierwall::agent
