// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Row builders: builds a snapshot's tables on all cores, so that measuring can begin sooner.
///
/// It calls what the daemon calls, table by table; what does not become a table is left to the
/// Enforcer, who says why.
///
/// Threads: starts one on each core and waits for them.
/// Memory:  the tables.
/// Cost:    seconds for 100,000 rules.

#include "control/agent/built_rows.hpp"

namespace tierwall::bench {

/// The tables of a first snapshot.
agent::BuiltRows build_on_all_cores(const proto::ResourceSet& resources);

}  // namespace tierwall::bench
