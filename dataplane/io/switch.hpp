// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Switch: which port a MAC address is behind, learned from the source addresses of frames that
/// were allowed to pass.
///
/// One table is shared by all workers: buckets of eight 64-bit words, MAC and port in one, so that
/// every change is one compare-and-swap. A MAC lives in its bucket or the neighbouring one. The
/// pods side is not trusted: it cannot take over a MAC that is live elsewhere, and one port can
/// only have kMacsPerPodsPort of them, so it cannot fill the table.
///
/// Threads: learn(), find() and sweep() by any worker at any time.
/// Memory:  12 bytes a place, allocated by the constructor.
/// Cost:    one or two cache lines; a write only when something changes or a second has passed.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace tierwall::io {

using Mac = std::array<std::uint8_t, 6>;

inline constexpr std::uint16_t kFlood = 0xffff;
/// A MAC that was silent for this long is forgotten.
inline constexpr std::uint32_t kMacLifetime_s = 300;
inline constexpr std::uint32_t kMacsPerPodsPort = 256;

enum class Learned : std::uint8_t {
    Known,    ///< the MAC is behind this port
    Refused,  ///< live behind another port, or no address a sender can have
    NoRoom,   ///< not remembered: the table or the port's share is full
};

constexpr bool is_group(const Mac& mac) noexcept { return (mac[0] & 1) != 0; }

class Switch {
public:
    /// Who says a MAC is behind a port. On the trusted side a MAC may move.
    struct Claim {
        std::uint16_t port = 0;
        bool trusted = false;
    };

    /// Requires: macs_max is a power of two, at least 16; fewer than kFlood ports.
    explicit Switch(std::uint16_t ports, std::uint32_t macs_max = 1u << 14);

    Learned learn(const Mac& mac, const Claim& claim, std::uint32_t now_s) noexcept;
    /// The port, or kFlood when the MAC is unknown or a group address.
    std::uint16_t find(const Mac& mac, std::uint32_t now_s) const noexcept;
    /// Forgets silent MACs in a few buckets; calling it once a loop goes round all of them.
    void sweep(std::uint32_t now_s) noexcept;

    std::uint32_t macs_of(std::uint16_t port) const noexcept {
        return macs_[port].load(std::memory_order_relaxed);
    }

private:
    static constexpr std::uint32_t kBucket = 8;
    static constexpr std::uint32_t kNowhere = 0xffffffff;
    static constexpr std::uint32_t kSweepBuckets = 4;
    static constexpr std::uint32_t kWindow = 2 * kBucket;

    std::uint32_t place(std::uint64_t key, std::uint32_t step) const noexcept;
    std::uint32_t place_of(std::uint64_t key) const noexcept;
    bool is_live(std::uint32_t place, std::uint32_t now_s) const noexcept;
    Learned refresh(std::uint32_t place, std::uint64_t key, const Claim& claim,
                    std::uint32_t now_s) noexcept;
    Learned insert(std::uint64_t key, const Claim& claim, std::uint32_t now_s) noexcept;

    std::uint32_t buckets_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> words_;  ///< MAC << 16 | port + 1; 0: free
    std::unique_ptr<std::atomic<std::uint32_t>[]> seen_s_;
    std::unique_ptr<std::atomic<std::uint32_t>[]> macs_;  ///< of each port
    std::atomic<std::uint32_t> sweep_{0};
};

}  // namespace tierwall::io
