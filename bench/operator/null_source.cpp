// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/null_source.hpp"

#include <rte_ethdev.h>

#include <algorithm>

namespace tierwall::tester {

base::Result<std::unique_ptr<NullSource>> NullSource::attach(std::uint16_t workers) {
    std::unique_ptr<NullSource> source(new NullSource(workers));
    for (std::size_t i = 0; i < source->taps_.size(); ++i) {
        const std::string device = devices()[i / workers];
        const auto queue = static_cast<std::uint16_t>(i % workers);
        std::uint16_t number = 0;
        if (rte_eth_dev_get_port_by_name(device.c_str(), &number) != 0) {
            return base::Error{base::Errc::NotFound, device, "no such device"};
        }
        if (rte_eth_add_rx_callback(number, queue, fill, &source->taps_[i]) == nullptr) {
            return base::Error{base::Errc::NotSupported, device,
                               "cannot be a source: DPDK was built without callbacks"};
        }
    }
    return source;
}

void NullSource::show(Loads& loads) noexcept {
    for (std::size_t i = 0; i < taps_.size(); ++i) {
        Load& load = loads.of(static_cast<std::uint8_t>(i / workers_),
                              static_cast<std::uint16_t>(i % workers_));
        taps_[i].load = &load;
        taps_[i].left = load.empty() ? 0 : UINT64_MAX;
    }
}

void NullSource::show_once(Loads& loads) noexcept {
    show(loads);
    for (Tap& tap : taps_) tap.left = tap.load->size();
}

bool NullSource::is_drained() const noexcept {
    return std::all_of(taps_.begin(), taps_.end(), [](const Tap& tap) { return tap.left == 0; });
}

void NullSource::hide() noexcept {
    for (Tap& tap : taps_) tap.left = 0;
}

std::uint16_t NullSource::fill(std::uint16_t, std::uint16_t, rte_mbuf** mbufs, std::uint16_t count,
                               std::uint16_t, void* of) noexcept {
    Tap& tap = *static_cast<Tap*>(of);
    const std::uint64_t left = tap.left.load(std::memory_order_relaxed);
    const auto shown = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, left));
    for (std::uint16_t i = 0; i < shown; ++i) tap.load->next(*mbufs[i]);
    if (left != UINT64_MAX) tap.left.store(left - shown, std::memory_order_release);
    if (shown != count) rte_pktmbuf_free_bulk(mbufs + shown, count - unsigned{shown});
    return shown;
}

}  // namespace tierwall::tester
