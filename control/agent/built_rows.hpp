// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// BuiltRows: the tables of an epoch, built before the control thread hears of the epoch.
///
/// rte_acl takes seconds for a large table. The control thread answers people and ends the process;
/// it must not be the one that waits. So whoever brings an epoch builds its rows first, and the
/// control thread takes what is the same as in the tables that it checks.
///
/// Threads: any but a worker; starts up to three of its own for many tables, and waits for them.
/// Memory:  the tables that are new.
/// Cost:    that of building them.

#include "control/agent/decode.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/tier/acl_table.hpp"
#include "proto/resource_set.hpp"

#include <functional>
#include <map>
#include <memory>

namespace tierwall::agent {

using BuiltRows = std::map<TableKey, std::shared_ptr<const tier::AclTable>>;

/// The table of rows of one resource.
/// Fails: Limit, as AclTable::build, naming the table.
base::Result<std::shared_ptr<const tier::AclTable>> build_rows(const TableFacts& table);

/// Rows of tables that are not in `before` as they are in `now`. What cannot be decoded is left
/// out: who checks the epoch says what is wrong. `stopped` is asked before each table, one call at
/// a time. Fails: Limit, as AclTable::build; Internal, when stopped.
base::Result<BuiltRows> build_rows(const proto::ResourceSet& before, const proto::ResourceSet& now,
                                   const std::function<bool()>& stopped);

}  // namespace tierwall::agent
