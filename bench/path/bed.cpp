// SPDX-License-Identifier: Apache-2.0
#include "bench/path/bed.hpp"

#include "dataplane/io/wire.hpp"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <array>
#include <atomic>
#include <cstring>

namespace tierwall::bench {
namespace {

constexpr std::uint16_t kBurst = 32;
/// The base loop looks at the clock once in so many rounds.
constexpr int kRounds = 64;

std::string device_name(unsigned number) { return "net_null" + std::to_string(number); }

worker::DataplaneConfig config_of(std::uint16_t workers) {
    static std::atomic<unsigned> devices{0};
    worker::DataplaneConfig config;
    config.workers = workers;
    const auto add = [&](const char* name, worker::Side side) {
        const std::string device = device_name(devices.fetch_add(1));
        config.ports.push_back({.name = name, .device = device, .side = side, .pod = {}});
    };
    add("uplink", worker::Side::Uplink);
    add("pods", worker::Side::Pods);
    return config;
}

/// What was read, kept where the compiler cannot know that nobody looks.
volatile std::uint64_t g_read;

}  // namespace

base::Result<std::unique_ptr<Bed>> Bed::create(std::uint16_t workers) {
    const worker::DataplaneConfig config = config_of(workers);
    TW_TRY(fabric, worker::Fabric::create(config));
    std::unique_ptr<Bed> bed(new Bed(workers, std::move(fabric)));
    for (std::uint16_t port = 0; port < kPorts; ++port) {
        for (std::uint16_t worker = 0; worker < workers; ++worker) {
            bed->feeds_.push_back(std::make_unique<Feed>());
            TW_TRY(attached, Feed::attach(*bed->feeds_.back(), config.ports[port].device, worker));
        }
    }
    return bed;
}

Slice Bed::run_base(std::uint16_t worker, double seconds) noexcept {
    std::array<rte_mbuf*, kBurst> mbufs;
    std::uint64_t packets = 0;
    std::uint64_t read = 0;
    const SliceClock clock;
    const std::uint64_t end_us =
        fabric_->clock().now_us() + static_cast<std::uint64_t>(seconds * 1e6);
    do {
        for (int round = 0; round < kRounds; ++round) {
            const auto port = static_cast<std::uint16_t>(round % kPorts);
            const std::uint16_t count = fabric_->port(port).receive(worker, mbufs);
            for (std::uint16_t i = 0; i < count; ++i) {
                rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const void*));
            }
            for (std::uint16_t i = 0; i < count; ++i) {
                std::uint64_t word;
                std::memcpy(&word, rte_pktmbuf_mtod_offset(mbufs[i], const void*, 26), 8);
                read += word;
            }
            const std::uint16_t sent =
                fabric_->port(io::other_end(port)).send(worker, {mbufs.data(), count});
            rte_pktmbuf_free_bulk(mbufs.data() + sent, count - unsigned{sent});
            packets += sent;
        }
    } while (fabric_->clock().now_us() < end_us);
    g_read = read;
    return clock.since(packets);
}

}  // namespace tierwall::bench
