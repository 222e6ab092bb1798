// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// LinkLocals: where each IPv6 link-local address lives.
///
/// No snapshot knows these addresses, but neighbours speak in their names, and routers are known by
/// nothing else. The first pods port that uses one keeps it until it is silent; the uplink has it
/// whenever it uses it, and no pod gets it back until the uplink is silent for much longer. Pods
/// and uplink have a table each, so neither can push out the other's; a pods port has a share of
/// its table. At a full uplink the longest silent goes, but no router. An address is kept as a
/// keyed hash, so that nobody can choose addresses that push out another's.
///
/// Threads: any worker, at once.
/// Memory:  12 bytes a place, allocated by the constructor.
/// Cost:    up to six cache lines; only for neighbour discovery and what comes from a link-local
///          address.

#include "dataplane/base/address.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace tierwall::worker {

inline constexpr std::size_t kLinkLocalsMax = 8192;  ///< of all pods ports
inline constexpr std::uint32_t kLinkLocalsPerPort = 64;
inline constexpr std::size_t kUplinkLinkLocalsMax = 4096;
/// So many of the uplink's routers are never pushed out; the others are like any host.
inline constexpr std::uint32_t kUplinkRoutersMax = 64;
/// A pod's link-local address that was silent for this long may be another's.
inline constexpr std::uint32_t kLinkLocalLifetime_s = 3600;
/// The same of the uplink's: longer than any router advertisement holds (65535 s).
inline constexpr std::uint32_t kUplinkLinkLocalLifetime_s = 86400;

class LinkLocals {
public:
    enum class Answer : std::uint8_t {
        Yours,
        Anothers,
        NoRoom,  ///< nobody else's, and not remembered, or only in the place of another
    };

    LinkLocals();

    /// A pods port uses the address.
    Answer use(const base::Address& address, std::uint16_t port, std::uint32_t now_s) noexcept;
    /// The uplink uses it, and `routes`: it advertises itself as a router. Never Anothers.
    Answer use_at_uplink(const base::Address& address, bool routes, std::uint32_t now_s) noexcept;
    /// Was it seen at the uplink?
    bool is_uplinks(const base::Address& address, std::uint32_t now_s) const noexcept;

private:
    static constexpr std::size_t kWindow = 16;
    static constexpr std::size_t kSweep = 64;

    /// A hash table whose places are taken by compare and swap. A word is a hash and, in its lowest
    /// byte, something that is not 0; the word 0 is a free place.
    class Table {
    public:
        Table(std::size_t places, std::uint32_t lifetime_s);
        std::size_t place(std::uint64_t key, std::size_t step) const noexcept {
            return ((key >> 8) + step) % places_;
        }
        std::uint64_t word(std::size_t place) const noexcept {
            return words_[place].load(std::memory_order_acquire);
        }
        /// The place of the key in its window; nothing when it is not there.
        std::optional<std::size_t> find(std::uint64_t key) const noexcept;
        std::uint32_t silent_s(std::size_t place, std::uint32_t now_s) const noexcept;
        bool is_forgotten(std::size_t place, std::uint32_t now_s) const noexcept;
        void touch(std::size_t place, std::uint32_t now_s) noexcept;
        /// False when somebody else was faster.
        bool put(std::size_t place, std::uint64_t old, std::uint64_t word,
                 std::uint32_t now_s) noexcept;

    private:
        std::size_t places_;
        std::uint32_t lifetime_s_;
        std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
        std::unique_ptr<std::atomic<std::uint32_t>[]> seen_s_;
    };

    std::uint64_t key_of(const base::Address& address) const noexcept;
    bool uplink_has(std::uint64_t key, std::uint32_t now_s) const noexcept;
    Answer meet(std::uint64_t key, std::uint16_t port, std::uint32_t now_s) noexcept;
    Answer meet_at_uplink(std::uint64_t key, bool routes, std::uint32_t now_s) noexcept;
    bool put_pods(std::size_t place, std::uint64_t old, std::uint64_t word,
                  std::uint32_t now_s) noexcept;
    bool put_uplinks(std::size_t place, std::uint64_t old, std::uint64_t word,
                     std::uint32_t now_s) noexcept;
    void sweep(std::uint32_t now_s) noexcept;
    bool has_room_for_router(std::uint32_t now_s) noexcept;

    std::array<std::uint64_t, 2> secret_;
    Table pods_;                                            ///< low byte: port + 1
    Table uplinks_;                                         ///< low byte: kHost or kRouter
    std::array<std::atomic<std::uint32_t>, 256> counts_{};  ///< of each port
    std::atomic<std::uint32_t> routers_{0};
    std::atomic<std::uint32_t> sweep_{0};
    std::atomic<std::uint32_t> uplink_sweep_{0};
};

}  // namespace tierwall::worker
