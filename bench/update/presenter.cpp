// SPDX-License-Identifier: Apache-2.0
#include "bench/update/presenter.hpp"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace tierwall::bench {
namespace {

constexpr std::uint16_t kFirstSourcePort = 10'000;
constexpr std::size_t kNumberBytes = sizeof(std::uint32_t);

void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
    // One writer.
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

std::uint32_t number_of(const rte_mbuf* mbuf) noexcept {
    std::uint32_t number = 0;
    std::memcpy(&number,
                rte_pktmbuf_mtod(mbuf, const std::uint8_t*) + mbuf->data_len - kNumberBytes,
                kNumberBytes);
    return number;
}

base::Result<std::uint16_t> device_number(const std::string& name) {
    std::uint16_t number = 0;
    if (rte_eth_dev_get_port_by_name(name.c_str(), &number) == 0) return number;
    return base::Error{base::Errc::NotFound, name, "no such device"};
}

}  // namespace

base::Status Presenter::attach(const std::string& pods, const std::string& uplink) {
    TW_TRY(pods_device, device_number(pods));
    TW_TRY(uplink_device, device_number(uplink));
    const std::array<std::uint16_t, 2> devices{pods_device, uplink_device};
    for (std::uint8_t i = 0; i < 2; ++i) {
        ports_[i].presenter = this;
        ports_[i].number = i;
        const std::uint16_t other = devices[1u - i];
        // What arrives at one end leaves at the other.
        if (rte_eth_add_rx_callback(devices[i], 0, receive, &ports_[i]) == nullptr ||
            rte_eth_add_tx_callback(other, 0, send, &ports_[i]) == nullptr) {
            return base::Error{base::Errc::NotSupported, pods, "DPDK was built without callbacks"};
        }
    }
    return base::Done{};
}

std::uint16_t Presenter::receive(std::uint16_t, std::uint16_t, rte_mbuf** mbufs,
                                 std::uint16_t count, std::uint16_t, void* port) noexcept {
    Port& here = *static_cast<Port*>(port);
    Presenter& self = *here.presenter;
    self.conclude(here);
    const std::uint32_t room = std::min<std::uint32_t>(count, kBurstMax);
    std::uint32_t shown = self.show_probes(here, mbufs, room);
    if (here.number == kPodsPort) shown += self.show_load(here, mbufs + shown, room - shown);
    if (shown != count) rte_pktmbuf_free_bulk(mbufs + shown, count - shown);
    return static_cast<std::uint16_t>(shown);
}

std::uint16_t Presenter::send(std::uint16_t, std::uint16_t, rte_mbuf** mbufs, std::uint16_t count,
                              void* port) noexcept {
    Port& from = *static_cast<Port*>(port);
    for (std::uint16_t i = 0; i < count; ++i) {
        const std::uint32_t number = number_of(mbufs[i]);
        if (number < from.count) from.shown[number].left = true;
    }
    return count;
}

void Presenter::conclude_load(const Shown& shown, Expectation expected, bool certain) noexcept {
    const std::uint32_t bit = shown.group == 0 ? 0 : 1u << (shown.group - 1);
    const bool may_be_either = !certain || (expected.changing & bit) != 0;
    const bool allowed = shown.group == 0 || (expected.open & bit) != 0;
    if (shown.group != 0 && may_be_either) return;
    if (allowed != shown.left) bump(board_.load_wrong, 1);
}

void Presenter::conclude(Port& port) noexcept {
    if (port.count == 0) return;
    const std::uint64_t word = board_.expected.load(std::memory_order_acquire);
    const bool certain =
        (version_ & 1) == 0 && board_.expected_version.load(std::memory_order_acquire) == version_;
    const Expectation expected{static_cast<std::uint32_t>(word),
                               static_cast<std::uint32_t>(word >> 32)};
    std::uint64_t load = 0;
    std::uint64_t allowed = 0;
    std::uint64_t now = 0;
    for (const Shown& shown : std::span(port.shown).first(port.count)) {
        if (shown.probe == nullptr) {
            ++load;
            allowed += shown.left ? 1 : 0;
            conclude_load(shown, expected, certain);
            continue;
        }
        Probe& probe = *shown.probe;
        const Seen seen = shown.left ? Seen::Allowed : Seen::Denied;
        if (probe.seen.load(std::memory_order_relaxed) != seen) {
            if (now == 0) now = now_ns();
            probe.changed_ns.store(now, std::memory_order_relaxed);
            probe.seen.store(seen, std::memory_order_release);
        }
        probe.judged.store(probe.judged.load(std::memory_order_relaxed) + 1,
                           std::memory_order_release);
    }
    if (load != 0) {
        bump(board_.load_judged, load);
        bump(board_.load_allowed, allowed);
    }
    port.count = 0;
}

void Presenter::write(Port& port, rte_mbuf* mbuf, const ShownFrame& frame, Probe* probe) noexcept {
    std::uint8_t* bytes = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
    std::memcpy(bytes, frame.bytes.data(), kShownBytesMax);
    std::memcpy(bytes + frame.length, &port.count, kNumberBytes);
    mbuf->data_len = static_cast<std::uint16_t>(frame.length + kNumberBytes);
    mbuf->pkt_len = mbuf->data_len;
    port.shown[port.count++] = {probe, frame.group, false};
}

std::uint32_t Presenter::show_probes(Port& port, rte_mbuf** mbufs, std::uint32_t count) noexcept {
    const std::uint32_t probes = board_.probes.load(std::memory_order_acquire);
    if (probes == 0) {
        port.next_probe = 0;
        return 0;
    }
    if (port.next_probe >= probes) {
        const std::uint64_t now = now_ns();
        if (now < port.round_at_ns) return 0;
        port.round_at_ns = now + 1000u * board_.probe_round_us.load(std::memory_order_relaxed);
        port.next_probe = 0;
    }
    std::uint32_t shown = 0;
    for (; shown < count && port.next_probe < probes; ++port.next_probe) {
        Probe& probe = board_.probe[port.next_probe];
        if (probe.frame.port == port.number) write(port, mbufs[shown++], probe.frame, &probe);
    }
    return shown;
}

/// How many packets of load have to be given now.
std::uint32_t Presenter::due(std::uint32_t most) noexcept {
    const std::uint64_t rate = board_.load_rate.load(std::memory_order_acquire);
    if (rate == Board::kFlatOut) {
        rate_ = rate;
        return most;
    }
    if (rate != rate_) {
        rate_ = rate;
        start_ns_ = now_ns();
        offered_ = 0;
    }
    if (rate == 0) return 0;
    const double elapsed_s = static_cast<double>(now_ns() - start_ns_) * 1e-9;
    const auto sent = static_cast<std::uint64_t>(elapsed_s * static_cast<double>(rate));
    std::uint64_t waiting = sent - offered_;
    const std::uint64_t queue = board_.load_queue.load(std::memory_order_relaxed);
    if (waiting > queue) {
        bump(board_.load_overflow, waiting - queue);
        offered_ += waiting - queue;
        waiting = queue;
    }
    const auto now = static_cast<std::uint32_t>(std::min<std::uint64_t>(waiting, most));
    offered_ += now;
    return now;
}

std::uint32_t Presenter::show_load(Port& port, rte_mbuf** mbufs, std::uint32_t count) noexcept {
    const std::uint32_t frames = board_.load_frames.load(std::memory_order_acquire);
    if (frames == 0) return 0;
    const std::uint32_t flows = board_.load_flows.load(std::memory_order_relaxed);
    const std::uint32_t shown = due(count);
    if (shown == 0) return 0;
    version_ = board_.expected_version.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < shown; ++i) {
        const ShownFrame& frame = board_.load_frame[next_frame_];
        write(port, mbufs[i], frame, nullptr);
        const auto from = static_cast<std::uint16_t>(kFirstSourcePort + source_port_);
        std::uint8_t* at = rte_pktmbuf_mtod(mbufs[i], std::uint8_t*) + frame.source_port;
        at[0] = static_cast<std::uint8_t>(from >> 8);
        at[1] = static_cast<std::uint8_t>(from);
        if (++next_frame_ == frames) {
            next_frame_ = 0;
            ++source_port_;
        }
        if (++next_flow_ >= flows) {
            next_flow_ = 0;
            next_frame_ = 0;
            source_port_ = 0;
        }
    }
    return shown;
}

}  // namespace tierwall::bench
