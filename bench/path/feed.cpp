// SPDX-License-Identifier: Apache-2.0
#include "bench/path/feed.hpp"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>

namespace tierwall::bench {

base::Status Feed::attach(Feed& feed, const std::string& device, std::uint16_t queue) {
    std::uint16_t number = 0;
    if (rte_eth_dev_get_port_by_name(device.c_str(), &number) != 0) {
        return base::Error{base::Errc::NotFound, device, "no such device"};
    }
    feed.callback_ = rte_eth_add_rx_callback(number, queue, fill, &feed);
    if (feed.callback_ == nullptr) {
        return base::Error{base::Errc::NotSupported, device, "DPDK was built without callbacks"};
    }
    feed.device_ = number;
    feed.queue_ = queue;
    return base::Done{};
}

// A device that is closed keeps its callbacks for the next one that gets its number.
Feed::~Feed() {
    if (callback_ != nullptr) rte_eth_remove_rx_callback(device_, queue_, callback_);
}

std::uint16_t Feed::fill(std::uint16_t, std::uint16_t, rte_mbuf** mbufs, std::uint16_t count,
                         std::uint16_t, void* feed) noexcept {
    Stock& stock = static_cast<Feed*>(feed)->stock_;
    const auto shown = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, stock.left));
    for (std::uint16_t i = 0; i < shown; ++i) {
        rte_mbuf* mbuf = mbufs[i];
        std::memcpy(rte_pktmbuf_mtod(mbuf, void*), &stock.frames[stock.next], sizeof(FrameBytes));
        mbuf->data_len = stock.length;
        mbuf->pkt_len = stock.length;
        if (++stock.next == stock.count) stock.next = 0;
    }
    stock.left -= shown;
    if (shown != count) rte_pktmbuf_free_bulk(mbufs + shown, count - unsigned{shown});
    return shown;
}

}  // namespace tierwall::bench
