// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SnapshotWriter: puts the compiler's words into the resources of a snapshot.
///
/// Threads: one control thread.
/// Memory:  none of its own.
/// Cost:    O(size of the resource).

#include "control/compile/policy_table.hpp"
#include "control/compile/table_builder.hpp"
#include "control/resolve/resolver.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace tierwall::compile {

class SnapshotWriter {
public:
    explicit SnapshotWriter(proto::ResourceSet& resources) : resources_(resources) {}

    /// The tier whose tables have this view.
    void put_tier(std::uint16_t tier, View view);
    void erase_tier(std::uint16_t tier, View view);
    void put_node(std::uint32_t number, const std::string& name);
    void erase_node(std::uint32_t number);
    void put_address(const base::Address& address, const resolve::AddressBook::Entry& entry,
                     resolve::IdentityNumber identity);
    void erase_address(const base::Address& address);
    void put_prefix(const base::Prefix& prefix, resolve::IdentityNumber identity);
    void erase_prefix(const base::Prefix& prefix);
    void set_service_prefixes(std::span<const base::Prefix> prefixes);
    /// The policy and its rules as they are now, instead of what they were.
    void put_policy(const PolicyTable::Change& change);
    void put_table(const Side& side, std::uint32_t table, const BuiltTable& built);
    void erase_table(const Side& side, std::uint32_t table);

private:
    void put_rules(const CompiledPolicy& policy);

    proto::ResourceSet& resources_;
};

}  // namespace tierwall::compile
