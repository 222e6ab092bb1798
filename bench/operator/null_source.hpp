// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// NullSource: two null devices whose queues deliver a Load's frames, as a network card would.
///
/// The device gives empty mbufs from its pool; a receive callback of ethdev writes the next frames
/// into them. What is sent to the device is gone. Queue q belongs to worker q.
///
/// Threads: show() while nobody polls; the callback runs on the thread that polls.
/// Memory:  none of its own; loads outlive their use.
/// Cost:    one copy a packet.

#include "bench/operator/load.hpp"
#include "dataplane/base/result.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::tester {

class NullSource {
public:
    static std::array<std::string, kSides> devices() { return {"net_null0", "net_null1"}; }
    /// Requires: the devices are open with a queue for each worker, and outlive the object.
    static base::Result<std::unique_ptr<NullSource>> attach(std::uint16_t workers);

    /// Round and round.
    void show(Loads& loads) noexcept;
    /// Each frame once, then nothing more.
    void show_once(Loads& loads) noexcept;
    bool is_drained() const noexcept;
    void hide() noexcept;

private:
    struct alignas(64) Tap {
        Load* load = nullptr;
        std::atomic<std::uint64_t> left{0};
    };
    explicit NullSource(std::uint16_t workers) : workers_(workers), taps_(kSides * workers) {}
    static std::uint16_t fill(std::uint16_t port, std::uint16_t queue, rte_mbuf** mbufs,
                              std::uint16_t count, std::uint16_t room, void* tap) noexcept;

    std::uint16_t workers_;
    std::vector<Tap> taps_;
};

}  // namespace tierwall::tester
