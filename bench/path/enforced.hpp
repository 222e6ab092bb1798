// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Enforced: a generated cluster whose policies a dataplane in this process enforces.
///
/// It goes the product's way: objects are translated, compiled to a snapshot, and that is checked,
/// built and published by an Enforcer.
///
/// Threads: one control thread.
/// Memory:  the cluster, the snapshot and its tables.
/// Cost:    some seconds for 100,000 rules.

#include "bench/cluster/cluster.hpp"
#include "bench/cluster/traffic.hpp"
#include "control/agent/enforcer.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace tierwall::bench {

/// Workers that any one enforcer serves here.
inline constexpr std::uint32_t kBenchWorkersMax = 16;

class Enforced {
public:
    static base::Result<std::unique_ptr<Enforced>> create(const Shape& shape) {
        return create(generate(shape));
    }
    static base::Result<std::unique_ptr<Enforced>> create(Generated generated);

    agent::Enforcer& enforcer() noexcept { return *enforcer_; }
    const Generated& generated() const noexcept { return generated_; }
    std::size_t rules() const noexcept { return rules_; }
    std::size_t rows() const { return enforcer_->ladder().rows(); }
    std::size_t tables() const { return enforcer_->ladder().tables(); }

    /// Different connections over IPv4, but for their source ports, that policy allows, between a
    /// pod behind the pods port and somebody behind the uplink. Fewer where there are not so many.
    std::vector<Connection> allowed(std::size_t count, std::uint64_t seed) const;
    /// The port behind which an address is: half of the nodes are behind the pods port.
    std::uint16_t port_of(const base::Address& address) const;
    /// Requires: IPv4.
    bool is_pod(const base::Address& address) const { return ports_.contains(address.low()); }

private:
    Enforced() = default;

    Generated generated_;
    std::unique_ptr<agent::Enforcer> enforcer_;
    std::size_t rules_ = 0;
    std::unordered_map<std::uint64_t, std::uint16_t> ports_;  ///< by the address's low half
};

}  // namespace tierwall::bench
