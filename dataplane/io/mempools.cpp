// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/mempools.hpp"

#include <rte_errno.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <atomic>
#include <string>

namespace tierwall::io {

namespace {

constexpr unsigned kCache = 256;

rte_mempool* create(const char* kind, const Mempools::Need& need, int numa_socket) {
    // Pool names are unique in the process, and a pool may be made again after a stop.
    static std::atomic<unsigned> count{0};
    const std::string name = std::string("tw_") + kind + std::to_string(count.fetch_add(1));
    std::uint32_t room = 0;
    if (need.frame_bytes != 0) {
        const std::uint32_t bytes = std::max<std::uint32_t>(need.frame_bytes, 2048);
        room = std::min<std::uint32_t>(bytes + RTE_PKTMBUF_HEADROOM, UINT16_MAX);
    }
    return rte_pktmbuf_pool_create(name.c_str(), need.mbufs, kCache, 0,
                                   static_cast<std::uint16_t>(room), numa_socket);
}

base::Error no_memory(std::uint32_t mbufs) {
    return base::Error{base::Errc::Limit, "mempool",
                       "no memory for " + std::to_string(mbufs) + " packet buffers (" +
                           rte_strerror(rte_errno) + "); reserve hugepages or raise -m"};
}

}  // namespace

Mempools::~Mempools() {
    for (const auto& [socket, pool] : pools_) rte_mempool_free(pool);
    rte_mempool_free(copies_);
}

base::Status Mempools::add(int numa_socket, const Need& need) {
    rte_mempool* pool = create("mbufs", need, numa_socket);
    if (pool == nullptr) return no_memory(need.mbufs);
    pools_.emplace(numa_socket, pool);
    return base::Done{};
}

base::Status Mempools::add_copies(std::uint32_t copies) {
    copies_ = create("copies", {.mbufs = copies, .frame_bytes = 0}, SOCKET_ID_ANY);
    if (copies_ == nullptr) return no_memory(copies);
    return base::Done{};
}

}  // namespace tierwall::io
