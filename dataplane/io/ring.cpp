// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/ring.hpp"

#include <rte_errno.h>
#include <rte_mbuf.h>

#include <array>
#include <atomic>
#include <string>

namespace tierwall::io {

base::Result<std::unique_ptr<Ring>> Ring::create(std::uint32_t places, int numa_socket) {
    static std::atomic<unsigned> count{0};
    const std::string name = "tw_ring" + std::to_string(count.fetch_add(1));
    rte_ring* ring =
        rte_ring_create(name.c_str(), places, numa_socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (ring == nullptr) {
        return base::Error{base::Errc::Limit, "ring between workers", rte_strerror(rte_errno)};
    }
    return std::unique_ptr<Ring>(new Ring(ring));
}

Ring::~Ring() {
    std::array<rte_mbuf*, 32> left{};
    while (const std::uint32_t count = pop(left)) rte_pktmbuf_free_bulk(left.data(), count);
    rte_ring_free(ring_);
}

}  // namespace tierwall::io
