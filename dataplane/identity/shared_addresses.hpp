// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SharedAddresses: whose an address is where one owner does not tell it all: an address of several
/// nodes, and each of a pod that has several of one family.
///
/// Real clusters have a handful of them, so that an Entry only says that there is more to know
/// (kEntryShared); it is found here by the entry's slot.
///
/// Threads: immutable after build(); any.
/// Memory:  about 50 bytes an address in it.
/// Cost:    O(log addresses in it), and only asked about those.

#include <cstdint>
#include <vector>

namespace tierwall::identity {

struct Sharing {
    std::uint32_t slot = 0;  ///< of the address's entry
    std::vector<std::uint32_t>
        nodes;              ///< numbers of all nodes that have it; none: as its entry says
    std::uint32_t pod = 0;  ///< the same for all addresses of one pod; 0: of none here
};

class SharedAddresses {
public:
    /// Requires: no slot twice.
    static SharedAddresses build(std::vector<Sharing> all);

    /// False also of slots that are not in it.
    bool has_node(std::uint32_t slot, std::uint32_t node) const noexcept;
    bool same_pod(std::uint32_t slot, std::uint32_t other) const noexcept;

private:
    const Sharing* find(std::uint32_t slot) const noexcept;

    std::vector<Sharing> all_;  ///< by slot
};

}  // namespace tierwall::identity
