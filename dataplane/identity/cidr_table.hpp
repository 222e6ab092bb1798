// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// CidrTable: longest matching CIDR block of an address, for addresses that are no pod or node.
///
/// The blocks of all policies are flattened into sorted, disjoint ranges, so that a lookup is one
/// binary search and the table is immutable: a change makes a new one, published with its snapshot.
///
/// Threads: immutable after build(); any.
/// Memory:  8 bytes a range for IPv4, 20 for IPv6; at most two ranges a block and one more.
/// Cost:    O(log ranges), about 10-40 ns.

#include "dataplane/base/address.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace tierwall::identity {

struct CidrIdentity {
    base::Prefix prefix;
    std::uint32_t identity = 0;
};

class CidrTable {
public:
    /// Of two equal prefixes the later one counts.
    static CidrTable build(std::span<const CidrIdentity> blocks);

    /// kWorld when no block contains it.
    std::uint32_t find(const base::Address& address) const noexcept;
    std::size_t ranges() const noexcept { return v4_starts_.size() + v6_starts_.size(); }

private:
    __extension__ using Wide = unsigned __int128;
    std::vector<std::uint32_t> v4_starts_;
    std::vector<std::uint32_t> v4_identities_;
    std::vector<Wide> v6_starts_;
    std::vector<std::uint32_t> v6_identities_;
};

}  // namespace tierwall::identity
