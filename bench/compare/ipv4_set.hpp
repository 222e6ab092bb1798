// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ipv4Set: a set of IPv4 addresses, and the blocks that it is made of.
///
/// Threads: values.
/// Memory:  eight bytes a run of neighbouring addresses.
/// Cost:    O(ranges) for each that is added.

#include "dataplane/base/address.hpp"

#include <compare>
#include <cstdint>
#include <vector>

namespace tierwall::bench {

struct Ipv4Block {
    std::uint32_t first = 0;  ///< host order; bits below the length are zero
    std::uint8_t length = 0;  ///< 0..32
    friend auto operator<=>(const Ipv4Block&, const Ipv4Block&) = default;
    friend bool operator==(const Ipv4Block&, const Ipv4Block&) = default;
};

/// Host order. Requires: address.is_v4().
std::uint32_t ipv4_number(const base::Address& address);

class Ipv4Set {
public:
    static Ipv4Set everything();

    void add(std::uint32_t address) { add_range(address, address); }
    /// Blocks and addresses of IPv6 are none of this set's.
    void add(const base::Prefix& prefix);
    void add(const Ipv4Set& other);
    void remove(const Ipv4Set& other);

    bool empty() const { return ranges_.empty(); }
    bool contains(std::uint32_t address) const;
    /// The fewest blocks that hold these addresses and no others.
    std::vector<Ipv4Block> blocks() const;
    /// Each address as a block of its own. Requires: not many.
    std::vector<Ipv4Block> hosts() const;

private:
    struct Range {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
    };
    void add_range(std::uint32_t first, std::uint32_t last);
    void join();

    std::vector<Range> ranges_;  ///< sorted, with gaps between
};

}  // namespace tierwall::bench
