// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Load: the frames of one stream, round and round, and new connections among them.
///
/// Frames lie one after the other in the order in which they are sent, so that they come from
/// memory as fast as it gives them. Only what is not zero is kept and copied. A share of the
/// packets may be first packets of connections that nobody has seen: one of the openings each,
/// from another source port whenever all had their turn.
///
/// Threads: filled by one, then used by the one that sends.
/// Memory:  76 bytes a small frame.
/// Cost:    one copy a packet; a new connection's source port some ns more.

#include "bench/operator/frame.hpp"

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tierwall::tester {

/// Ends of the wire that is tested.
enum Side : std::uint8_t { kPods = 0, kUplink = 1 };
inline constexpr std::size_t kSides = 2;

/// A frame on its way into a load.
struct Draft {
    std::span<const std::uint8_t> head;  ///< all behind it is zero
    std::uint16_t length = 0;            ///< without the frame's checksum
    Places places;
};

/// One frame and where it is to go in.
struct Shipment {
    std::uint8_t side = kPods;
    std::uint16_t worker = 0;
    Draft draft;
};

class Load {
public:
    void add(const Draft& draft);
    /// Requires: a source port that can be changed, that is, a transport header.
    void add_opening(const Draft& draft);
    /// 0 to 1. Requires: openings, unless 0.
    void set_new_share(double share) noexcept { new_share_ = openings_.empty() ? 0 : share; }

    bool empty() const noexcept { return pieces_.empty() && openings_.empty(); }
    std::size_t size() const noexcept { return pieces_.size(); }
    std::uint64_t given() const noexcept { return given_; }

    /// Writes the next frame; answers its places. Requires: not empty, a fresh mbuf with room.
    Places next(rte_mbuf& mbuf) noexcept;

private:
    struct alignas(64) Slot {
        std::array<std::uint8_t, 64> bytes;
    };
    struct Piece {
        std::uint32_t slot = 0;
        std::uint16_t copied = 0;
        std::uint16_t length = 0;
        Places places;
    };
    Piece store(const Draft& draft);
    const Piece& next_opening(rte_mbuf& mbuf) noexcept;
    std::uint8_t* copy(const Piece& piece, rte_mbuf& mbuf) const noexcept;

    std::vector<Slot> slots_;
    std::vector<Piece> pieces_;
    std::vector<Piece> openings_;
    std::size_t next_ = 0;
    std::size_t next_opening_ = 0;
    std::uint32_t round_ = 0;
    double new_share_ = 0;
    double new_due_ = 0;
    std::uint64_t given_ = 0;
};

/// The streams into a device under test: of each side one for each of its workers.
class Loads {
public:
    explicit Loads(std::uint16_t workers) : workers_(workers), loads_(kSides * workers) {}

    std::uint16_t workers() const noexcept { return workers_; }
    Load& of(std::uint8_t side, std::uint16_t worker) noexcept {
        return loads_[std::size_t{side} * workers_ + worker];
    }
    const Load& of(std::uint8_t side, std::uint16_t worker) const noexcept {
        return loads_[std::size_t{side} * workers_ + worker];
    }
    void set_new_share(double share) noexcept {
        for (Load& load : loads_) load.set_new_share(share);
    }
    bool empty() const noexcept;

private:
    std::uint16_t workers_;
    std::vector<Load> loads_;
};

}  // namespace tierwall::tester
