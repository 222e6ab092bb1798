// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Generator: the tester: sends at a rate into both sides of a firewall, and counts and times what
/// comes out at the other sides.
///
/// Every packet carries the number of the burst that it was sent in, as a stamp; when each burst
/// went is kept here. What comes back without a stamp, or with that of an earlier trial, is
/// somebody else's and does not count.
///
/// It keeps to its schedule without catching up by storms. While somebody else has the tester's
/// core its clock stands still, and a trial says how long that was. What it or its port is too slow
/// for is not offered at all.
///
/// Threads: one, on a core of its own.
/// Memory:  the mempool for sending, 8 MB of times.
/// Cost:    20 to 40 ns a packet, so that one core offers tens of millions a second.

#include "bench/operator/core_wait.hpp"
#include "bench/operator/latency.hpp"
#include "bench/operator/load.hpp"
#include "bench/operator/search.hpp"
#include "dataplane/io/mempools.hpp"
#include "dataplane/io/port.hpp"

#include <rte_mempool.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::tester {

struct GeneratorOptions {
    std::array<std::string, kSides> devices;  ///< by the side of the firewall they are joined to
    std::uint16_t workers = 1;  ///< loads of each side; one queue each, or all in queue 0
    bool many_queues = false;   ///< each worker of the firewall has its queue, as Rings joins them
    std::uint32_t mbufs = 1u << 14;  ///< that may be on their way
    /// A full sending queue is the firewall's receiving queue: what it does not take is lost.
    bool full_is_loss = false;
    double settle_s = 0.1;  ///< how long the last packets may take
    /// How long the firewall's workers have been kept from their cores; empty: not known.
    std::function<double()> firewall_waited_s = {};
};

class Generator {
public:
    static base::Result<std::unique_ptr<Generator>> create(const GeneratorOptions& options);
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// Rate 0: as fast as possible. `latency` may be null.
    Trial run(Loads& loads, double rate_pps, double seconds, Latency* latency);

    /// Sends each of `count` frames once; which of them came out. A frame may be written into head.
    using Give = std::function<Shipment(std::size_t number, std::span<std::uint8_t> head)>;
    /// What did not come out is sent again, up to `rounds` times in all.
    std::vector<bool> deliver(std::size_t count, const Give& give, double rate_pps,
                              unsigned rounds);

private:
    explicit Generator(const GeneratorOptions& options);
    base::Status open();
    std::uint16_t queue_of(std::uint8_t side, std::uint16_t worker) const noexcept;
    struct Stream {
        Load* load = nullptr;
        std::uint8_t side = kPods;
        std::uint16_t worker = 0;
        std::uint64_t sent = 0;
    };
    Stream* least_advanced(std::vector<Stream>& streams) const noexcept;
    void send_burst(Stream& stream, std::uint16_t count, Trial& trial) noexcept;
    void transmit(std::uint8_t side, std::uint16_t worker, std::span<rte_mbuf*> mbufs,
                  Trial& trial) noexcept;
    std::uint64_t receive(Latency* latency) noexcept;
    void offer(std::vector<Stream>& streams, double seconds, Trial& trial, Latency* latency);
    void settle(Trial& trial, Latency* latency) noexcept;
    void deliver_round(const std::vector<std::uint32_t>& numbers, const Give& give, double rate_pps,
                       std::vector<bool>& arrived);

    const GeneratorOptions options_;
    const CoreWait core_;
    double hz_ = 1;
    rte_mempool* sending_ = nullptr;
    io::Mempools pools_;
    std::array<std::unique_ptr<io::Port>, kSides> ports_;
    std::vector<std::uint64_t> sent_at_;  ///< by the number of the burst, round and round
    std::uint32_t first_number_ = 0;      ///< of this trial
    std::uint32_t next_number_ = 0;
    std::vector<bool>* arrived_ = nullptr;  ///< while frames are delivered: numbers are theirs
};

}  // namespace tierwall::tester
