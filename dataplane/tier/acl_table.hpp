// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// AclTable: the rows of one shard of one tier and direction, as an immutable rte_acl context.
///
/// A row speaks of a subject group and a peer class, never of identities or addresses, so a table
/// outlives changes of pods. The owner folder of rte_acl; its traps are kept in here: an empty
/// table has no context at all, names are never used twice, priorities are never equal, and
/// nothing is ever rebuilt in place.
///
/// Threads: immutable after build(); classify() by any worker. build() and the destructor on
///          any thread but a worker.
/// Memory:  owned by the object; rows_max rows at most.
/// Cost:    about 15-40 ns a key in bursts of 32; building 10k rows about a second.

#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct rte_acl_ctx;

namespace tierwall::tier {

/// Rows at random, the worst there are, take 7 s and 260 MB to build at this size.
inline constexpr std::size_t kRowsMax = 1u << 14;
inline constexpr std::size_t kBurstMax = 64;
/// classify() answers this when no row matches.
inline constexpr std::uint32_t kNoRow = 0xffffffff;

/// One row; rows earlier in the list win over later ones.
struct Row {
    std::uint16_t group = 0;       ///< subject group, 1-based; 0 is never used
    bool any_class = false;        ///< matches every peer, `peer_class` ignored
    std::uint16_t peer_class = 0;  ///< class 0 holds the identities that no rule of the table names
    bool any_protocol = false;     ///< matches every IP protocol, `protocol` and ports ignored
    std::uint8_t protocol = 0;
    std::uint16_t port_first = 0;  ///< destination port, inclusive
    std::uint16_t port_last = 65535;
    base::Action action = base::Action::Allow;  ///< Allow, Deny, Reject or Pass
    std::uint32_t rule = base::kNoRule;
    friend bool operator==(const Row&, const Row&) noexcept = default;
};

/// Without initial values: arrays of keys are made for every burst.
struct Key {
    std::uint16_t group;
    std::uint16_t peer_class;
    std::uint8_t protocol;
    std::uint16_t destination_port;  ///< host order; 0 for protocols without ports
};

class AclTable {
public:
    /// Fails: Limit above kRowsMax or when memory cannot be had; Invalid for a row that cannot be
    /// (port_last below port_first, group 0).
    static base::Result<std::shared_ptr<const AclTable>> build(std::span<const Row> rows);
    ~AclTable();
    AclTable(const AclTable&) = delete;
    AclTable& operator=(const AclTable&) = delete;

    /// rows[i]: the index of the first row that matches keys[i], or kNoRow.
    /// Requires: equal sizes, at most kBurstMax.
    void classify(std::span<const Key> keys, std::span<std::uint32_t> rows) const noexcept;

    const Row& row(std::uint32_t index) const noexcept { return rows_[index]; }
    std::span<const Row> rows() const noexcept { return rows_; }
    std::size_t size() const noexcept { return rows_.size(); }

private:
    explicit AclTable(std::vector<Row> rows);
    std::vector<Row> rows_;
    ::rte_acl_ctx* context_ = nullptr;
    bool narrow_ = false;  ///< groups and classes fit a byte
};

}  // namespace tierwall::tier
