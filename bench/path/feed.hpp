// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Feed: makes a queue of a null device a source of prebuilt frames.
///
/// The device gives empty mbufs from its pool; a receive callback of ethdev writes the next frames
/// into them, as a network card would. So whatever polls the queue gets real mbufs over the real
/// driver interface, and any number of flows costs no mbufs.
///
/// Threads: show() while nobody polls the queue; the callback runs on the thread that polls.
/// Memory:  none of its own; the frames outlive their use.
/// Cost:    one 64-byte copy a packet.

#include "bench/path/frames.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

struct rte_eth_rxtx_callback;
struct rte_mbuf;

namespace tierwall::bench {

class Feed {
public:
    /// Requires: the device is open and outlives this object; nobody polls it at its end.
    static base::Status attach(Feed& feed, const std::string& device, std::uint16_t queue);
    Feed() = default;
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    /// Round and round.
    void show(std::span<const FrameBytes> frames, std::uint16_t length) noexcept {
        stock_ = {frames.data(), frames.size(), 0, UINT64_MAX, length};
    }
    /// Each frame once, then nothing more.
    void show_once(std::span<const FrameBytes> frames, std::uint16_t length) noexcept {
        stock_ = {frames.data(), frames.size(), 0, frames.size(), length};
    }
    bool empty() const noexcept { return stock_.left == 0; }

    /// Nothing at all.
    void hide() noexcept { stock_ = {}; }

private:
    struct Stock {
        const FrameBytes* frames = nullptr;
        std::size_t count = 0;
        std::size_t next = 0;
        std::uint64_t left = 0;
        std::uint16_t length = 60;
    };
    static std::uint16_t fill(std::uint16_t port, std::uint16_t queue, rte_mbuf** mbufs,
                              std::uint16_t count, std::uint16_t room, void* feed) noexcept;

    alignas(64) Stock stock_;
    const rte_eth_rxtx_callback* callback_ = nullptr;
    std::uint16_t device_ = 0;
    std::uint16_t queue_ = 0;
};

}  // namespace tierwall::bench
