// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Presenter: shows a worker the packets of the Board, and notes what becomes of each.
///
/// It sits where the driver meets the worker: null devices give empty mbufs, a receive callback
/// writes frames into them, a transmit callback at the other end of the wire sees which were let
/// through. Each packet carries its number behind the IP packet. When the worker asks for the next
/// packets, it is done with the ones before: what has not left by then was denied.
///
/// Threads: attach() before the worker runs; everything else on the worker.
/// Memory:  the numbers of one burst.
/// Cost:    a copy of the frame a packet; a system call's worth of time a probe that changed.

#include "bench/update/board.hpp"
#include "dataplane/base/result.hpp"

#include <array>
#include <cstdint>
#include <string>

struct rte_mbuf;

namespace tierwall::bench {

class Presenter {
public:
    explicit Presenter(Board& board) : board_(board) {}
    Presenter(const Presenter&) = delete;
    Presenter& operator=(const Presenter&) = delete;

    /// Device names of the wire's two ends. Requires: both are open, with one queue.
    base::Status attach(const std::string& pods, const std::string& uplink);

private:
    static constexpr std::size_t kBurstMax = 64;
    /// One packet that the worker has.
    struct Shown {
        Probe* probe = nullptr;  ///< null: load
        std::uint8_t group = 0;
        bool left = false;
    };
    struct Port {
        Presenter* presenter = nullptr;
        std::uint8_t number = 0;
        std::array<Shown, kBurstMax> shown;
        std::uint32_t count = 0;
        std::uint32_t next_probe = 0;
        std::uint64_t round_at_ns = 0;
    };

    static std::uint16_t receive(std::uint16_t device, std::uint16_t queue, rte_mbuf** mbufs,
                                 std::uint16_t count, std::uint16_t room, void* port) noexcept;
    static std::uint16_t send(std::uint16_t device, std::uint16_t queue, rte_mbuf** mbufs,
                              std::uint16_t count, void* port) noexcept;

    void conclude(Port& port) noexcept;
    void conclude_load(const Shown& shown, Expectation expected, bool certain) noexcept;
    std::uint32_t show_probes(Port& port, rte_mbuf** mbufs, std::uint32_t count) noexcept;
    std::uint32_t show_load(Port& port, rte_mbuf** mbufs, std::uint32_t count) noexcept;
    std::uint32_t due(std::uint32_t most) noexcept;
    void write(Port& port, rte_mbuf* mbuf, const ShownFrame& frame, Probe* probe) noexcept;

    Board& board_;
    std::array<Port, 2> ports_;
    // Load.
    std::uint32_t next_flow_ = 0;
    std::uint32_t next_frame_ = 0;
    std::uint16_t source_port_ = 0;
    std::uint64_t rate_ = 0;  ///< of which the next two are
    std::uint64_t start_ns_ = 0;
    std::uint64_t offered_ = 0;
    std::uint64_t version_ = 0;  ///< of the expectation under which the burst was given
};

}  // namespace tierwall::bench
