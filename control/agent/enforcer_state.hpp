// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an Enforcer holds. Only the enforcer's own files include this.
///
/// Threads: the control thread, apart from what workers read through Published and AddressMap.
/// Memory:  see enforcer.hpp.
/// Cost:    none.

#include "control/agent/decode_model.hpp"
#include "control/agent/enforcer.hpp"
#include "control/agent/enforcer_tables.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tierwall::agent {

/// One change of the address map; no assignment: the address goes.
struct AddressWrite {
    base::Address address;
    std::optional<identity::AddressMap::Assignment> assignment;
};

/// Everything that is built for the next generation before anything of it can be seen.
struct Preparation {
    std::optional<Tables> tables;                ///< nothing: the ones before go on
    std::unordered_set<std::uint32_t> subjects;  ///< identities to be judged again
    std::shared_ptr<const identity::CidrTable> cidrs;
    std::shared_ptr<const identity::CidrTable> services;
    std::vector<AddressWrite> writes;  ///< removals first
    std::optional<std::uint32_t> scope_node;
};

struct Enforcer::State {
    State(Options given, std::unique_ptr<worker::Readers> some_readers,
          std::unique_ptr<identity::AddressMap> map);

    base::Result<Preparation> prepare(const Edit& edit, const BuiltRows& ready);
    base::Status reserve(const std::vector<AddressWrite>& writes);
    void carry_out(const Edit& edit, Preparation preparation, std::uint64_t new_epoch);
    void write_addresses(const std::vector<AddressWrite>& writes, std::uint32_t next);
    void index_addresses(const Edit& edit);
    void touch_subjects(const std::unordered_set<std::uint32_t>& identities, std::uint32_t next);
    void publish(std::uint64_t new_epoch);
    std::size_t reclaim();

    std::optional<std::uint32_t> find_scope_node() const;
    bool in_scope(const AddressFacts& address, std::optional<std::uint32_t> node) const;
    std::shared_ptr<const identity::SharedAddresses> shared_addresses(std::uint32_t next) const;
    void follow_sharing(const Edit& edit, std::uint32_t next);
    identity::AddressMap::Assignment assignment(const AddressFacts& address,
                                                std::optional<std::uint32_t> node) const;
    std::vector<AddressWrite> address_writes(const Edit& edit,
                                             std::optional<std::uint32_t> node) const;
    base::Status check_room(const std::vector<AddressWrite>& writes);

    Options options;
    std::unique_ptr<worker::Readers> readers;
    worker::Published<worker::Snapshot> published;
    std::unique_ptr<identity::AddressMap> addresses;

    std::function<void(const proto::ResourceSet& next)> before_publication;
    proto::ResourceSet resources;
    Model model;
    Tables tables;
    std::shared_ptr<const identity::CidrTable> cidrs;
    std::shared_ptr<const identity::CidrTable> services;
    std::shared_ptr<const identity::SharedAddresses> shared;
    std::optional<std::uint32_t> scope_node;  ///< number of the node in scope, when there is one
    std::uint64_t epoch = 0;
    std::uint32_t generation = 0;
    /// Set while removed slots wait until every worker was quiescent.
    std::optional<worker::Readers::Token> release_token;

    using AddressSet = std::unordered_set<base::Address, AddressHash>;
    std::unordered_map<std::uint32_t, AddressSet> by_identity;
    std::unordered_map<std::string, std::vector<base::Address>> by_name;
    std::unordered_set<std::uint32_t> cidr_identities;
    AddressSet sharing;  ///< addresses with AddressFacts::sharing
};

}  // namespace tierwall::agent
