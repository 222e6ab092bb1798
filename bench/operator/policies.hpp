// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Policies: what the firewall under test enforces: a generated cluster's, manifests, or a snapshot
/// that a tierwalld has stored; and connections that they allow.
///
/// Threads: one control thread.
/// Memory:  the cluster or snapshot, and its tables.
/// Cost:    some seconds for 100,000 rules.

#include "bench/operator/load.hpp"
#include "bench/path/enforced.hpp"
#include "control/agent/enforcer.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::tester {

struct PolicyOptions {
    std::uint32_t rules = 10'000;  ///< of the generated cluster
    std::uint64_t seed = 1;
    std::vector<std::string> manifests;  ///< these instead
    std::string snapshot;                ///< the state_dir of a tierwalld instead
};

class Policies {
public:
    /// Fails: as what reads, compiles and enforces.
    static base::Result<std::unique_ptr<Policies>> create(const PolicyOptions& options);

    agent::Enforcer& enforcer() const noexcept;
    /// "generated", "manifests" or "snapshot".
    const std::string& origin() const noexcept { return origin_; }
    std::size_t rules() const noexcept { return rules_; }

    /// Different connections over IPv4, but for their source ports, from one side to the other,
    /// that policy allows. Fewer where there are not so many.
    std::vector<bench::Connection> allowed(std::size_t count) const;
    /// Where an address lives when traffic is generated: pods are on both sides.
    std::uint8_t side_of(const base::Address& address) const;
    /// Where a captured packet comes in: what known pods send, on the pods side.
    std::uint8_t side_of_sender(const base::Address& address) const;

private:
    Policies() = default;
    base::Status enforce(const proto::ResourceSet& resources);
    base::Status learn_ends();

    std::string origin_;
    std::size_t rules_ = 0;
    std::uint64_t seed_ = 1;
    std::unique_ptr<bench::Enforced> generated_;
    // Otherwise:
    std::unique_ptr<agent::Enforcer> enforcer_;
    std::vector<base::Address> ends_;
    struct Port {
        std::uint8_t protocol;
        std::uint16_t number;
    };
    std::vector<Port> ports_;
    std::unordered_map<std::uint64_t, std::uint8_t> sides_;  ///< by the address's low half
};

}  // namespace tierwall::tester
