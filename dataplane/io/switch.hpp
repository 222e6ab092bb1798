// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Switch: which port a MAC address is behind, learned from the source addresses of frames that
/// were allowed to pass.
///
/// One table is shared by all workers: buckets of eight 64-bit words, MAC and port in one, so that
/// every change is one compare-and-swap. A MAC lives in its bucket or the neighbouring one.
///
/// Whose MAC it is when two ports use it is a matter of standing, from the strongest: the port that
/// configuration names; the uplink; a port's *own* MAC, which is the first one it was heard with
/// (more so where configuration says which pod lives there); any other. The stronger port has it,
/// takes it back with its first frame, and the weaker one's frames are refused. Between equals
/// nobody can tell who lies: both are heard, and the MAC leads to no port while that lasts. A
/// port's own MAC and those of the uplink are remembered while they are silent. One pods port can
/// only have kMacsPerPodsPort of them, so it cannot fill the table.
///
/// Threads: learn(), find(), disputes() and sweep() by any worker at any time.
/// Memory:  12 bytes a place, allocated by the constructor.
/// Cost:    one or two cache lines; a write only when something changes or a second has passed. A
///          MAC that is new costs a look at each port besides.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tierwall::io {

using Mac = std::array<std::uint8_t, 6>;

inline constexpr std::uint16_t kFlood = 0xffff;
/// A MAC that was silent for this long leads to no port any more.
inline constexpr std::uint32_t kMacLifetime_s = 300;
/// An uplink's MAC that was silent for this long may be a pod's.
inline constexpr std::uint32_t kUplinkMacLifetime_s = 3600;
inline constexpr std::uint32_t kMacsPerPodsPort = 256;
inline constexpr std::size_t kDisputesMax = 16;

enum class Learned : std::uint8_t {
    Known,    ///< the MAC is behind this port
    Shared,   ///< another port uses it with the same right
    Refused,  ///< another port has the better right, or it is no address a sender can have
    NoRoom,   ///< not remembered: the table or the port's share is full
};

constexpr bool is_group(const Mac& mac) noexcept { return (mac[0] & 1) != 0; }

class Switch {
public:
    /// What configuration says of a port.
    struct PortRule {
        bool uplink = false;
        bool tied = false;  ///< pods side: it is said who lives here
        Mac own{};          ///< pods side: the MAC that nobody else may have; zero: not said
    };
    /// Who says a MAC is behind a port.
    struct Claim {
        std::uint16_t port = 0;
        bool proven = true;  ///< the sender's address has been accepted at this port
    };
    /// Two ports that have used one MAC.
    struct Dispute {
        Mac mac{};
        std::uint16_t holder = 0;
        std::uint16_t claimant = 0;
    };

    /// Requires: macs_max is a power of two, at least 16; at most 254 ports.
    explicit Switch(const std::vector<PortRule>& ports, std::uint32_t macs_max = 1u << 14);

    Learned learn(const Mac& mac, const Claim& claim, std::uint32_t now_s) noexcept;
    /// The port, or kFlood when the MAC is unknown, shared or a group address.
    std::uint16_t find(const Mac& mac, std::uint32_t now_s) const noexcept;
    /// Forgets silent MACs in a few buckets; calling it once a loop goes round all of them.
    void sweep(std::uint32_t now_s) noexcept;

    std::uint32_t macs_of(std::uint16_t port) const noexcept {
        return ports_[port].macs.load(std::memory_order_relaxed);
    }
    /// The MACs that two ports have used since the start, the latest kDisputesMax at most.
    std::vector<Dispute> disputes() const;

private:
    static constexpr std::uint32_t kBucket = 8;
    static constexpr std::uint32_t kNowhere = 0xffffffff;
    static constexpr std::uint32_t kSweepBuckets = 4;
    static constexpr std::uint32_t kWindow = 2 * kBucket;

    /// The right to a MAC, the stronger the greater.
    enum class Standing : std::uint8_t { None, Unproven, Other, Own, OwnTied, Uplink, Configured };
    enum class Right : std::uint8_t { None, Share, Take };
    struct Port {
        bool uplink = false;
        bool tied = false;
        bool configured = false;
        std::atomic<std::uint64_t> own{0};  ///< key of its own MAC
        std::atomic<std::uint32_t> own_seen_s{0};
        std::atomic<std::uint32_t> macs{0};
    };

    std::uint32_t place(std::uint64_t key, std::uint32_t step) const noexcept;
    std::uint32_t place_of(std::uint64_t key) const noexcept;
    bool is_silent(std::uint32_t place, std::uint32_t now_s, std::uint32_t for_s) const noexcept;
    bool is_forgotten(std::uint32_t place, std::uint64_t word, std::uint32_t now_s) const noexcept;
    bool is_vacant(const Port& port, std::uint32_t now_s) const noexcept;
    Standing standing(std::uint64_t key, const Port& port) const noexcept;
    Standing standing_of(std::uint64_t key, const Claim& claim, std::uint32_t now_s) const noexcept;
    Standing standing_at(std::uint32_t place, std::uint64_t word,
                         std::uint32_t now_s) const noexcept;
    static Right right(Standing mine, Standing theirs) noexcept;
    Learned refresh(std::uint32_t place, const Claim& claim, std::uint32_t now_s) noexcept;
    Learned meet(std::uint64_t key, const Claim& claim, std::uint32_t now_s) noexcept;
    Learned insert(std::uint64_t word, std::uint32_t now_s) noexcept;
    bool is_full(std::uint16_t port) const noexcept;
    bool put(std::uint32_t place, std::uint64_t old, std::uint64_t word) noexcept;
    void lose_own(std::uint64_t key, std::uint16_t port) noexcept;
    void note(std::uint64_t key, std::uint16_t holder, std::uint16_t claimant) noexcept;

    std::uint32_t buckets_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> words_;  ///< MAC, shared, port + 1; 0: free
    std::unique_ptr<std::atomic<std::uint32_t>[]> seen_s_;
    std::vector<Port> ports_;
    std::array<std::atomic<std::uint64_t>, kDisputesMax> disputes_{};
    std::atomic<std::uint32_t> sweep_{0};
};

}  // namespace tierwall::io
