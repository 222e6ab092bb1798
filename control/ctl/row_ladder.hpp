// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decided_by_rows(): a snapshot's own rows as the one whom a Judge asks.
///
/// For `convert`, which has to work where DPDK cannot be started. It reads the compiled rows in
/// their order, so it knows as little of policy as the matcher of the dataplane does.
///
/// Threads: one.
/// Memory:  an index of the snapshot, shared by the copies of the answer.
/// Cost:    O(rows of a group) a question.

#include "control/ctl/judge.hpp"

namespace tierwall::ctl {

Decide decided_by_rows(const agent::Model& model);

}  // namespace tierwall::ctl
