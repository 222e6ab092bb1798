// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mempools: the packet buffers, one pool a NUMA node, and one pool of headers for copies.
///
/// A flooded packet is sent as clones that share its bytes. Clones come from a pool of their own:
/// the AF_XDP driver sends buffers of its own pool without copying and would misread a clone there.
///
/// Threads: created and destroyed on a control thread; DPDK's pools are safe for all workers.
/// Memory:  all of it, allocated by add().
/// Cost:    an allocation or a release is a few ns from a worker's cache.

#include "dataplane/base/result.hpp"

#include <rte_mempool.h>

#include <cstdint>
#include <map>

namespace tierwall::io {

class Mempools {
public:
    struct Need {
        std::uint32_t mbufs = 0;
        std::uint32_t frame_bytes = 0;
    };
    Mempools() = default;
    ~Mempools();
    Mempools(const Mempools&) = delete;
    Mempools& operator=(const Mempools&) = delete;

    /// Fails: Limit when the memory cannot be had. Requires: not called for this node before.
    base::Status add(int numa_socket, const Need& need);
    /// Fails: Limit when the memory cannot be had.
    base::Status add_copies(std::uint32_t copies);

    /// Requires: add() was called for the node.
    rte_mempool* of(int numa_socket) const { return pools_.at(numa_socket); }
    /// Null before add_copies().
    rte_mempool* copies() const noexcept { return copies_; }

private:
    std::map<int, rte_mempool*> pools_;
    rte_mempool* copies_ = nullptr;
};

}  // namespace tierwall::io
