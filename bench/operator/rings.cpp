// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/rings.hpp"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include <vector>

namespace tierwall::tester {
namespace {

using RingList = std::vector<rte_ring*>;

base::Result<RingList> make_rings(const std::string& name, std::uint16_t queues,
                                  std::uint32_t places) {
    RingList rings;
    for (std::uint16_t queue = 0; queue < queues; ++queue) {
        const std::string each = name + std::to_string(queue);
        // Of all its places, not of one less.
        constexpr unsigned kFlags = RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ;
        rte_ring* ring = rte_ring_create(each.c_str(), places, SOCKET_ID_ANY, kFlags);
        if (ring == nullptr) return base::Error{base::Errc::Limit, "ring " + each, "no memory"};
        rings.push_back(ring);
    }
    return rings;
}

base::Result<std::string> make_device(const std::string& name, const RingList& received,
                                      const RingList& sent) {
    const int number =
        rte_eth_from_rings(name.c_str(), received.data(), static_cast<unsigned>(received.size()),
                           sent.data(), static_cast<unsigned>(sent.size()), 0);
    std::array<char, RTE_ETH_NAME_MAX_LEN> device{};
    if (number < 0 ||
        rte_eth_dev_get_name_by_port(static_cast<std::uint16_t>(number), device.data()) != 0) {
        return base::Error{base::Errc::Io, "ring device " + name, "cannot be made"};
    }
    return std::string(device.data());
}

}  // namespace

base::Result<Rings> Rings::create(std::uint16_t queues, std::uint32_t places) {
    Rings rings;
    const std::array<std::string, kSides> names{"pods", "uplink"};
    for (std::size_t side = 0; side < kSides; ++side) {
        TW_TRY(in, make_rings("tw_in_" + names[side] + "_", queues, places));
        TW_TRY(out, make_rings("tw_out_" + names[side] + "_", queues, places));
        TW_TRY(firewall, make_device("fw_" + names[side], in, out));
        TW_TRY(tester, make_device("tester_" + names[side], out, in));
        rings.firewall[side] = firewall;
        rings.tester[side] = tester;
    }
    return rings;
}

}  // namespace tierwall::tester
