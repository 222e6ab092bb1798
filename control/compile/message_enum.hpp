// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// message_enum: our enumerations as snapshot messages write them.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    O(1).

#include "dataplane/base/verdict.hpp"
#include "proto/snapshot.pb.h"

namespace tierwall::compile {

v1::Direction direction_of(base::Direction direction);
v1::Action action_of(base::Action action);

}  // namespace tierwall::compile
