// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// LinkLocals: where each IPv6 link-local address lives.
///
/// No snapshot knows these addresses, but neighbours speak in their names, and routers are known by
/// nothing else. The first port that uses one keeps it; the uplink has it whenever it uses it, and
/// no pod gets it back. An address is kept as a keyed hash, so that nobody can choose addresses
/// that push out another's. A pods port may have kLinkLocalsPerPort of them.
///
/// Threads: any worker, at once.
/// Memory:  12 bytes a place, allocated by the constructor.
/// Cost:    one or two cache lines; only for neighbour discovery and what comes from a link-local
///          address.

#include "dataplane/base/address.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tierwall::worker {

inline constexpr std::size_t kLinkLocalsMax = 8192;
inline constexpr std::uint32_t kLinkLocalsPerPort = 64;
/// A pod's link-local address that was silent for this long may be another's.
inline constexpr std::uint32_t kLinkLocalLifetime_s = 3600;

class LinkLocals {
public:
    enum class Answer : std::uint8_t {
        Yours,
        Anothers,
        NoRoom,  ///< not remembered: the table, or the port's share, is full
    };

    LinkLocals();

    /// `origin` (a port, or kUplinkOrigin) uses the address.
    Answer use(const base::Address& address, std::uint16_t origin, std::uint32_t now_s) noexcept;
    /// Was it seen at the uplink?
    bool is_uplinks(const base::Address& address) const noexcept;

private:
    static constexpr std::size_t kWindow = 16;
    static constexpr std::size_t kSweep = 64;

    std::uint64_t key_of(const base::Address& address) const noexcept;
    std::size_t place(std::uint64_t key, std::size_t step) const noexcept {
        return ((key >> 8) + step) % kLinkLocalsMax;
    }
    bool is_forgotten(std::size_t place, std::uint64_t word, std::uint32_t now_s) const noexcept;
    Answer meet(std::uint64_t key, std::uint16_t origin, std::uint32_t now_s) noexcept;
    bool put(std::size_t place, std::uint64_t old, std::uint64_t word,
             std::uint32_t now_s) noexcept;
    void sweep(std::uint32_t now_s) noexcept;

    std::array<std::uint64_t, 2> secret_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> words_;  ///< hash, and origin + 1; 0: free
    std::unique_ptr<std::atomic<std::uint32_t>[]> seen_s_;
    std::array<std::atomic<std::uint32_t>, 256> counts_{};  ///< of each origin
    std::atomic<std::uint32_t> sweep_{0};
};

}  // namespace tierwall::worker
