// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ring: mbufs on their way from one worker to another.
///
/// Threads: one worker pushes, one pops; created and destroyed on a control thread.
/// Memory:  8 bytes a place; frees the mbufs that are still inside when it is destroyed.
/// Cost:    about 5 ns an end for a burst of one, less for more.

#include "dataplane/base/result.hpp"

#include <rte_ring.h>

#include <cstdint>
#include <memory>
#include <span>

struct rte_mbuf;

namespace tierwall::io {

class Ring {
public:
    /// Requires: places is a power of two. Fails: Limit when the memory cannot be had.
    static base::Result<std::unique_ptr<Ring>> create(std::uint32_t places, int numa_socket);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// How many of the first mbufs were taken.
    std::uint32_t push(std::span<rte_mbuf*> mbufs) noexcept {
        return rte_ring_sp_enqueue_burst(ring_, reinterpret_cast<void* const*>(mbufs.data()),
                                         static_cast<unsigned>(mbufs.size()), nullptr);
    }
    std::uint32_t pop(std::span<rte_mbuf*> mbufs) noexcept {
        return rte_ring_sc_dequeue_burst(ring_, reinterpret_cast<void**>(mbufs.data()),
                                         static_cast<unsigned>(mbufs.size()), nullptr);
    }
    bool empty() const noexcept { return rte_ring_empty(ring_) != 0; }

private:
    explicit Ring(rte_ring* ring) : ring_(ring) {}
    rte_ring* ring_;
};

}  // namespace tierwall::io
